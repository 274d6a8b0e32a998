import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { LIMIT_OPTIONS } from "../../lib/serve/options/limits.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import {
  parseUsers,
  PROXY_OPTIONS,
  type ProxyOptions,
} from "../../lib/proxy/options.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { parseIpAddress } from "../../lib/wire/ip_address.ts";

const SECRET = "hunter2-hunter2";

Deno.test("PROXY_OPTIONS have their defaults when nothing is given", async () => {
  assertEquals(await parseOptions([], PROXY_OPTIONS), {
    "upstream-ca": undefined,
    "upstream-cert": undefined,
    "upstream-key": undefined,
    "insecure": false,
    "via": [],
    "via-balance": "first",
    "parent": [],
    "send-proxy": undefined,
    "accept-proxy": undefined,
    "accept-proxy-from": [],
    "tls-cert": [],
    "tls-key": [],
    "tls-client-ca": undefined,
    "tls-client-auth": undefined,
    "tls-crl": undefined,
    "listen": [{ host: "127.0.0.1", port: 1080 }],
    "user": [],
    "users": undefined,
    "auth-cache": 300_000,
    "ban-after": 10,
    "check-names": "off",
    "rules-mode": "enforce",
    "on-change": "cut",
    "ban-window": 120_000,
    "ban-time": 60_000,
    "ban-time-max": 900_000,
    "open": false,
    "allow-private": false,
    rules: undefined,
    rule: [],
    "protocols": ["socks5", "socks4", "http"],
    "handshake-timeout": 10_000,
    "connect-timeout": 10_000,
    "idle-timeout": 600_000,
    "half-close-timeout": 30_000,
    "shutdown-grace": 1_000,
    "reset-relay": "on",
    "drain-delay": 0,
    "drain-timeout": 30_000,
    "max-connections": undefined,
    "backlog": 4096,
    "max-connections-per-client": undefined,
    "admin": undefined,
    "admin-token-file": undefined,
    "workers": 1,
    "fleet": undefined,
    "fleet-name": "sluice",
    "fleet-node": undefined,
    "fleet-on-loss": "keep",
    "fleet-timeout": 2_000,
    "fleet-ca": undefined,
    "fleet-cert": undefined,
    "fleet-key": undefined,
    "dns": [],
    "dns-cache": 4_096,
    "prefer": "system",
    "bind": {},
    "bind-timeout": 60_000,
    "udp-advertise": undefined,
    "udp-ports": undefined,
    "udp-idle-timeout": 120_000,
    "max-udp-associations": 1_000,
    "max-udp-associations-per-client": 64,
    "forwarded-for": false,
    ...await parseOptions([], LIMIT_OPTIONS),
    "log": "text",
    "log-time": undefined,
    "quiet": false,
    "help": false,
    "version": false,
  });
});

Deno.test("PROXY_OPTIONS take every value", async () => {
  const cases: { args: string[]; want: Partial<ProxyOptions> }[] = [
    {
      args: ["--listen", "9050"],
      want: { listen: [{ host: "127.0.0.1", port: 9050 }] },
    },
    {
      args: ["--listen", ":1080", "--listen", "[::1]:0"],
      want: {
        listen: [{ host: "", port: 1080 }, { host: "::1", port: 0 }],
      },
    },
    {
      args: ["--listen=0.0.0.0:1"],
      want: { listen: [{ host: "0.0.0.0", port: 1 }] },
    },
    {
      args: ["--user", "alice:a:b", "--user=bob:=x"],
      want: {
        user: [
          { name: "alice", password: "a:b" },
          { name: "bob", password: "=x" },
        ],
      },
    },
    { args: ["--users", "a b.txt"], want: { users: "a b.txt" } },
    { args: ["--auth-cache=0"], want: { "auth-cache": 0 } },
    { args: ["--ban-after=0"], want: { "ban-after": 0 } },
    { args: ["--ban-after=100"], want: { "ban-after": 100 } },
    { args: ["--ban-window=1s"], want: { "ban-window": 1_000 } },
    { args: ["--ban-time=90s"], want: { "ban-time": 90_000 } },
    { args: ["--ban-time-max=1d"], want: { "ban-time-max": 86_400_000 } },
    { args: ["--open"], want: { open: true } },
    { args: ["--allow-private"], want: { "allow-private": true } },
    { args: ["--handshake-timeout=0"], want: { "handshake-timeout": 0 } },
    { args: ["--connect-timeout=5s"], want: { "connect-timeout": 5_000 } },
    { args: ["--idle-timeout=1h"], want: { "idle-timeout": 3_600_000 } },
    {
      args: ["--half-close-timeout=250ms"],
      want: { "half-close-timeout": 250 },
    },
    { args: ["--reset-relay=all"], want: { "reset-relay": "all" } },
    { args: ["--reset-relay=off"], want: { "reset-relay": "off" } },
    { args: ["--drain-timeout=1.5m"], want: { "drain-timeout": 90_000 } },
    { args: ["--max-connections=1"], want: { "max-connections": 1 } },
    { args: ["--backlog=1"], want: { "backlog": 1 } },
    {
      args: ["--max-connections-per-client=0"],
      want: { "max-connections-per-client": 0 },
    },
    { args: ["--protocols=http"], want: { protocols: ["http"] } },
    {
      args: ["--protocols", "socks4,socks5"],
      want: { protocols: ["socks4", "socks5"] },
    },
    { args: ["--bind-timeout=0"], want: { "bind-timeout": 0 } },
    {
      args: ["--udp-advertise=::1"],
      want: { "udp-advertise": parseIpAddress("::1") },
    },
    { args: ["--udp-ports=1-65535"], want: { "udp-ports": [1, 65_535] } },
    { args: ["--udp-ports=4000-4000"], want: { "udp-ports": [4_000, 4_000] } },
    { args: ["--udp-idle-timeout=1s"], want: { "udp-idle-timeout": 1_000 } },
    {
      args: ["--max-udp-associations=5"],
      want: { "max-udp-associations": 5 },
    },
    {
      args: ["--max-udp-associations-per-client=0"],
      want: { "max-udp-associations-per-client": 0 },
    },
    { args: ["--forwarded-for"], want: { "forwarded-for": true } },
    { args: ["--log=json"], want: { log: "json" } },
    { args: ["--quiet"], want: { quiet: true } },
    { args: ["-h"], want: { help: true } },
    { args: ["-V"], want: { version: true } },
  ];
  const defaults = await parseOptions([], PROXY_OPTIONS);
  for (const { args, want } of cases) {
    const got = await parseOptions(args, PROXY_OPTIONS);
    assertEquals(got, { ...defaults, ...want });
  }
});

Deno.test("PROXY_OPTIONS say which value is wrong, and why", async () => {
  const noCount = (text: string, least: number) =>
    `'${text}' is not a whole number from ${least} to 999999999`;
  const noDuration = (text: string) =>
    `'${text}' is not a duration such as 250ms, 10s, 5m, 1h or 0`;
  const cases = [
    {
      args: ["--listen", "localhost"],
      message: "--listen: 'localhost' has no port; write localhost:PORT",
    },
    {
      args: ["--listen", "1", "--listen", "::1"],
      message: "--listen: '::1' needs brackets and a port: [::1]:1080",
    },
    {
      args: ["--log", "xml"],
      message: "--log: 'xml' is neither text nor json",
    },
    {
      args: ["--log", "JSON"],
      message: "--log: 'JSON' is neither text nor json",
    },
    ...[",", "socks", "SOCKS5", "socks5,", "socks5 http"].map((text) => ({
      args: [`--protocols=${text}`],
      message: `--protocols: '${
        text.split(",").find((name) => name !== "socks5")
      }' is not one of socks5, socks4, http`,
    })),
    {
      args: ["--reset-relay=yes"],
      message: "--reset-relay: 'yes' is not one of on, all, off",
    },
    ...["localhost", "127.1", "[::1]", "1.2.3.4:5"].map((text) => ({
      args: [`--udp-advertise=${text}`],
      message: `--udp-advertise: '${text}' is not an IP address`,
    })),
    ...["1", "0-5", "5-4", "1-65536", "a-b", "1-2-3", "1 - 2"].map((text) => ({
      args: [`--udp-ports=${text}`],
      message: `--udp-ports: '${text}' is not two ports such as 40000-40099`,
    })),
    ...[
      "bind-timeout",
      "udp-idle-timeout",
      "handshake-timeout",
      "connect-timeout",
      "idle-timeout",
      "half-close-timeout",
      "drain-timeout",
    ].map((name) => ({
      args: [`--${name}`, "10"],
      message: `--${name}: ${noDuration("10")}`,
    })),
    ...["0", "-1", "1.5", "1e3", "0x10", "1000000000", " 1", "many"].map((
      text,
    ) => ({
      args: [`--max-connections=${text}`],
      message: `--max-connections: ${noCount(text, 1)}`,
    })),
    {
      args: ["--users=a", "--users=b"],
      message: "--users: given more than once: 'a', 'b'; give it once",
    },
    {
      args: ["--ban-after=101"],
      message: "--ban-after: '101' is not a whole number from 0 to 100",
    },
    {
      args: ["--ban-after=-1"],
      message: "--ban-after: '-1' is not a whole number from 0 to 100",
    },
    ...["ban-window", "ban-time", "ban-time-max"].flatMap((name) => [
      { args: [`--${name}=10`], message: `--${name}: ${noDuration("10")}` },
      {
        args: [`--${name}=0`],
        message:
          `--${name}: '0' is less than 1ms; to turn bans off, give --ban-after 0`,
      },
    ]),
    {
      args: ["--max-connections-per-client=-1"],
      message: `--max-connections-per-client: ${noCount("-1", 0)}`,
    },
    {
      args: [
        "--max-connections-per-client=1",
        "--max-connections-per-client=2",
      ],
      message:
        "--max-connections-per-client: given more than once: '1', '2'; give it once",
    },
  ];
  for (const { args, message } of cases) {
    const error = await assertRejects(
      () => parseOptions(args, PROXY_OPTIONS),
      UsageError,
    );
    assertEquals(error.message, `Option ${message}`);
  }
});

Deno.test("PROXY_OPTIONS never repeat a password in an error", async () => {
  const commandLines = [
    ["--user", SECRET],
    [`--user=${SECRET}`],
    ["--user", `:${SECRET}`],
    ["--user", `${"n".repeat(256)}:${SECRET}`],
    ["--user", `alice:${SECRET.repeat(20)}`],
    ["--user", `alice:${SECRET}`, "--user", "alice:x"],
    ["--user", `alice:${SECRET}`, `--user=alice:${SECRET}`],
    ["--user", `alice:${SECRET}`, "--user", "alice:"],
    ["--user", `alice:${SECRET}`, "--log", "xml"],
    ["--user", `alice:${SECRET}`, "--bogus"],
    ["--usr", `alice:${SECRET}`],
    [`--usr=alice:${SECRET}`],
    ["-u", `alice:${SECRET}`],
    [`-u=alice:${SECRET}`],
  ];
  for (const args of commandLines) {
    const error = await assertRejects(
      () => parseOptions(args, PROXY_OPTIONS),
      UsageError,
    );
    assert(!error.message.includes("hunter2"), error.message);
  }
});

Deno.test("PROXY_OPTIONS never repeat a password that follows a letter, as for curl", async () => {
  const error = await assertRejects(
    () => parseOptions([`-ualice:${SECRET}`], PROXY_OPTIONS),
    UsageError,
  );
  assert(!error.message.includes("hunter2"), error.message);
});

Deno.test("parseUsers() takes the password from the first colon on", () => {
  const cases = [
    { text: "alice:secret", name: "alice", password: "secret" },
    { text: "alice:a:b:", name: "alice", password: "a:b:" },
    { text: "alice::", name: "alice", password: ":" },
    { text: "ä b@c: d ", name: "ä b@c", password: " d " },
    {
      text: `${"n".repeat(255)}:${"p".repeat(255)}`,
      name: "n".repeat(255),
      password: "p".repeat(255),
    },
  ];
  for (const { text, name, password } of cases) {
    assertEquals(parseUsers([text]), [{ name, password }]);
  }
  assertEquals(parseUsers([]), []);
});

Deno.test("parseUsers() keeps the order of the users", () => {
  const names = parseUsers(["c:1", "a:2", "b:3"]).map(({ name }) => name);
  assertEquals(names, ["c", "a", "b"]);
});

Deno.test("parseUsers() says what is wrong", () => {
  const cases = [
    { texts: [""], message: "a user is not NAME:PASSWORD" },
    { texts: ["alice"], message: "a user is not NAME:PASSWORD" },
    { texts: [":x"], message: "a user's name has 0 bytes, not 1 to 255" },
    {
      texts: ["alice:"],
      message: "a user's password has 0 bytes, not 1 to 255",
    },
    {
      texts: [`${"é".repeat(128)}:x`],
      message: "a user's name has 256 bytes, not 1 to 255",
    },
    {
      texts: [`alice:${"🦀".repeat(64)}`],
      message: "a user's password has 256 bytes, not 1 to 255",
    },
    { texts: ["alice:x", "alice:y"], message: "user 'alice' is given twice" },
    { texts: ["alice:x", "alice:x"], message: "user 'alice' is given twice" },
  ];
  for (const { texts, message } of cases) {
    const error = assertThrows(() => parseUsers(texts), SyntaxError);
    assertEquals(error.message, message);
  }
});
