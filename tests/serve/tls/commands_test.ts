import { assert, assertEquals } from "@std/assert";
import type { CertificateUser } from "../../../lib/serve/tls/certificate/usage.ts";
import { openTls } from "../../../lib/serve/tls/open.ts";
import { ECHO_OPTIONS } from "../../../lib/echo/options.ts";
import { startEcho } from "../../../lib/echo/start.ts";
import { startHub } from "../../../lib/hub/start.ts";
import { HUB_OPTIONS } from "../../../lib/hub/options.ts";
import { defaultSettings } from "../../../lib/cli/settings.ts";
import { startTls } from "../../../lib/net/tls/start.ts";
import type { Connection } from "../../../lib/net/connection.ts";
import {
  makeTestAuthority,
  type TestAuthority,
} from "../../support/certificates.ts";
import { eventually } from "../../support/dialogue.ts";
import { sharedCommands } from "../../support/sluice_commands.ts";
import { readExactly, within, writeAll } from "../../support/sockets.ts";
import { mutualTls, serverTls } from "../../support/tls_proxy.ts";

const commands = sharedCommands();

const ANYWHERE = { host: "127.0.0.1", port: 0 };

async function connectTo(
  { alice, authority }: TestAuthority,
  port: number,
): Promise<Connection> {
  return await startTls(await Deno.connect({ port }), {
    host: "localhost",
    verify: () => Promise.resolve(),
    authorities: authority.certificate,
    ...alice,
  });
}

Deno.test("connect speaks TLS, verifies the target, and shows a certificate", async () => {
  await using authority = await makeTestAuthority();
  const { tls } = await openTls(mutualTls(authority), { log: () => {} });
  const echo = await startEcho({
    ...defaultSettings(ECHO_OPTIONS),
    ...{ mode: "echo", listen: ANYWHERE, tls },
  });
  const { port } = echo.listeners[0]!.addr;
  const verified = `--upstream-ca=${authority.path("ca.crt")}`;
  const shown = [
    `--upstream-cert=${authority.path("alice.crt")}`,
    `--upstream-key=${authority.path("alice.key")}`,
  ];
  const cases: [string[], number, string][] = [
    [["--tls", verified, ...shown, `localhost:${port}`], 0, ""],
    [
      ["--tls", "--insecure", ...shown, `localhost:${port}`],
      0,
      "does not verify",
    ],
    [["--tls", ...shown, `localhost:${port}`], 1, ""],
    [["--tls", verified, ...shown, `127.0.0.2:${port}`], 1, ""],
    [[verified, `localhost:${port}`], 2, "no upstream or parent uses TLS"],
    [["--tls", "--udp", `localhost:${port}`], 2, "TLS wants a stream"],
  ];
  const answers = await commands.runAll(
    cases.map(([args]) => ({ args: ["connect", ...args], stdin: "hello" })),
  );
  for (const [at, [, code, why]] of cases.entries()) {
    const result = answers[at]!;
    assertEquals(result.code, code, result.stderr);
    assertEquals(result.text, code === 0 ? "hello" : "");
    assert(result.stderr.includes(why), result.stderr);
  }
  await echo.shutdown(0);
});

Deno.test("startHub() carries messages between clients that speak TLS, and shows its page", async () => {
  await using authority = await makeTestAuthority();
  const { tls } = await openTls(serverTls(authority), { log: () => {} });
  const hub = await startHub({
    ...defaultSettings(HUB_OPTIONS),
    ...{ listen: [ANYWHERE], web: [ANYWHERE], tls },
  });
  const [tcp, web] = hub.listeners.map(({ addr }) => addr.port);
  using one = await connectTo(authority, tcp!);
  using two = await connectTo(authority, tcp!);
  assert(await eventually(() => hub.clients() === 2));
  await writeAll(one, "hello\n");
  const heard = await within(5_000, readExactly(two, 6));
  assertEquals(new TextDecoder().decode(heard), "hello\n");
  using page = await connectTo(authority, web!);
  await writeAll(page, `GET / HTTP/1.1\r\nHost: localhost:${web}\r\n\r\n`);
  const head = await within(5_000, readExactly(page, 15));
  assertEquals(new TextDecoder().decode(head), "HTTP/1.1 200 OK");
  await hub.shutdown(0);
});

/** Commands that show a certificate, with what they need besides. */
const COMMANDS: readonly (readonly [CertificateUser, readonly string[]])[] = [
  ["server", ["proxy", "--listen=127.0.0.1:0"]],
  ["server", ["forward", "0", "9"]],
  ["server", ["echo", "0"]],
  ["server", ["hub", "0"]],
  ["client", ["proxy", "--listen=127.0.0.1:0", "--via=https://127.0.0.1:9"]],
  ["client", ["forward", "0", "tls://127.0.0.1:9"]],
  ["client", ["connect", "--tls", "127.0.0.1:9"]],
];

Deno.test("no command starts with a certificate that is not for its use", async () => {
  await using authority = await makeTestAuthority();
  const cases = COMMANDS.map(([user, args]) => {
    const wrong = user === "server" ? "alice" : "server";
    const prefix = user === "server" ? "tls" : "upstream";
    const line = [
      ...args,
      `--${prefix}-cert=${authority.path(`${wrong}.crt`)}`,
      `--${prefix}-key=${authority.path(`${wrong}.key`)}`,
    ];
    return { line, user, wrong };
  });
  const answers = await commands.runAll(cases.map(({ line }) => line));
  for (const [at, { line, user, wrong }] of cases.entries()) {
    const { code, stderr } = answers[at]!;
    assert(code !== 0, line.join(" "));
    assert(stderr.includes(`lacks ${user}Auth`), stderr);
    assert(stderr.includes(`${wrong}.crt: the certificate is not for`), stderr);
  }
});

Deno.test("sluice check and doctor find the certificate of no server", async () => {
  await using authority = await makeTestAuthority();
  const file = (name: string) => authority.path(name);
  await authority.write(
    "sluice.json",
    JSON.stringify({
      listeners: [{
        ...{ kind: "proxy", listen: "127.0.0.1:0" },
        "tls-cert": file("ca.crt"),
        "tls-key": file("ca.key"),
      }, {
        ...{
          kind: "forward",
          listen: "127.0.0.1:0",
          upstreams: ["tls://[::1]:9"],
        },
        "upstream-cert": file("server.crt"),
        "upstream-key": file("server.key"),
      }],
    }),
  );
  const missing = ["keyCertSign, cRLSign and lacks digitalSignature"];
  const all = [...missing, "serverAuth and lacks clientAuth"];
  const cases: [string[], number, string[]][] = [
    [["check", "-c", file("sluice.json")], 2, all],
    [["doctor", "-c", file("sluice.json")], 1, all],
    [
      [
        ...["doctor", "--listen=127.0.0.1:0"],
        ...["--tls-cert", file("ca.crt"), "--tls-key", file("ca.key")],
      ],
      1,
      missing,
    ],
  ];
  const answers = await commands.runAll(cases.map(([args]) => args));
  for (const [at, [, expected, words]] of cases.entries()) {
    const { code, stderr, text } = answers[at]!;
    const said = text + stderr;
    assertEquals(code, expected, said);
    for (const word of words) assert(said.includes(word), said);
  }
});
