import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ConnectionEvent } from "../../../lib/observe/log_event.ts";
import { formatJson } from "../../../lib/observe/log_json.ts";
import { parseRules, ruleFile } from "../../../lib/policy/rules/parse_rules.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import { makeFolder } from "../../support/programs.ts";
import { sharedCommands, sluice } from "../../support/sluice_commands.ts";

const commands = sharedCommands();

const START = Date.parse("2026-11-20T08:00:00Z");

/** A line of the log. */
function line(changes: Partial<ConnectionEvent>): string {
  return formatJson({
    event: "connection",
    code: "client-closed",
    startedAt: START,
    duration: 12,
    listener: "127.0.0.1:1080",
    client: "10.0.0.1:50000",
    protocol: "socks5",
    sent: 1,
    received: 2,
    result: "ok",
    reason: "client closed first",
    ...changes,
  }, START + 12);
}

/** What clients of a proxy for anybody did in a day. */
function day(): string[] {
  let seed = 11;
  const random = (most: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % most;
  };
  const lines = Array.from({ length: 3_000 }, (_, n) => {
    const port = [80, 443, 8443][random(3)]!;
    const host = random(6) === 0
      ? `93.184.${random(5)}.${random(5)}`
      : `h${random(40)}.site${random(9)}.example`;
    const isFailed = random(20) === 0;
    const guarded = random(30) === 0 ? `10.0.0.${random(4)}` : "93.184.215.14";
    const address = host.startsWith("93") ? host : guarded;
    return line({
      client: `10.0.${random(3)}.${random(250)}:${1024 + n}`,
      listener: random(2) === 0 ? "127.0.0.1:1080" : "192.0.2.1:1080",
      protocol: ["socks5", "socks4a", "http", "http-connect"][random(4)]!,
      target: `${host}:${port}`,
      ...random(4) === 0 ? {} : { user: ["ann", "bob", "ö y"][random(3)]! },
      ...isFailed
        ? { result: "failed", reason: "timeout" }
        : { address: `${address}:${port}` },
    });
  });
  return [
    ...lines,
    line({ target: "denied.example:443", result: "refused", rule: "default" }),
    line({ target: "full.example:443", result: "refused", reason: "limit" }),
    line({ result: "dropped", reason: "handshake" }),
    line({
      command: "udp",
      target: "udp 0.0.0.0:0",
      targets: ["dns.example:53"],
    }),
    line({ command: "bind", target: "0.0.0.0:0", address: "93.184.216.1:20" }),
    line({ protocol: "tcp", target: "upstream.example:5432" }),
    "sluice: some other program's line",
  ];
}

Deno.test("sluice rules learn writes rules that deny nothing of their own log, and drop any of 100 foreign targets", async () => {
  await using folder = await makeFolder();
  const log = `${folder.path}/proxy.log`;
  await Deno.writeTextFile(log, day().join("\n") + "\n");
  const learnt = await commands.run(["rules", "learn", log]);
  assertEquals(learnt.code, 0);
  assertStringIncludes(learnt.stderr, "1 line of the log is not JSON");
  assertStringIncludes(learnt.text, "# Learnt from 3002 connections");
  for (const word of ["denied", "full", "upstream", "*"]) {
    assert(!learnt.text.includes(word), word);
  }
  const file = `${folder.path}/learnt.txt`;
  await Deno.writeTextFile(file, learnt.text);

  const args = ["--rules", file, "--fail-on", "newly-denied"];
  const replayed = await commands.run(["rules", "replay", log, ...args]);
  assertStringIncludes(replayed.text, "\n  0 newly denied\n");
  assertStringIncludes(replayed.text, "\n  0 newly allowed\n");
  assertEquals(replayed.code, 0, replayed.text);

  const explained = await commands.run(["rules", "explain", file]);
  assertStringIncludes(explained.text, "\n0 mistakes, ");

  const rules = parseRules([ruleFile(learnt.text, file)]);
  for (let n = 0; n < 100; n++) {
    const isAddress = n % 4 === 0;
    const name = isAddress ? undefined : `h${n}.foreign${n % 7}.example`;
    const { isAllowed } = rules.decideAddress({
      client: undefined,
      user: ["ann", "bob", undefined, "eve"][n % 4],
      listener: { path: "/x" },
      command: (["connect", "http", "udp", "bind"] as const)[n % 4]!,
      target: { name, port: [80, 443, 53, 8443][n % 4]! },
      isGuarded: false,
    }, parseIpAddress(isAddress ? `93.185.${n}.1` : "93.184.215.14")!);
    assert(!isAllowed, `${name} ${n}`);
  }
});

Deno.test("sluice rules learn reads standard input, and generalises only if it is told to", async () => {
  const log = ["a", "b", "c"].map((label) =>
    line({ target: `${label}.cdn.example:443`, user: "ann" })
  ).join("\n");
  const args = ["rules", "learn", "-"];
  // That of a process, which the other tests pretend.
  const { text } = await sluice(args, { stdin: log });
  assertEquals(text.split("\n").slice(1), [
    "deny command bind,udp",
    "allow user ann name a.cdn.example,b.cdn.example,c.cdn.example port 443",
    "default deny",
    "",
  ]);
  const general = await commands.run({
    args: [...args, "--generalise", "3"],
    stdin: log,
  });
  assertStringIncludes(general.text, "name *.cdn.example port 443");
});

Deno.test("sluice rules learn allows any protocol where --check-names report saw no name", async () => {
  const wouldDeny = { rule: "name-mismatch", reason: "x" };
  const log = [
    line({ target: "git.example:22", wouldDeny }),
    line({ target: "a.example:443", wouldDeny, name: "b.example" }),
  ].join("\n");
  await using folder = await makeFolder();
  const path = `${folder.path}/proxy.log`;
  await Deno.writeTextFile(path, log);
  const { text } = await commands.run(["rules", "learn", path]);
  assertEquals(text.split("\n").slice(2, -2), [
    "allow name a.example port 443",
    "allow name git.example port 22 any-protocol",
  ]);
});

Deno.test("sluice rules learn warns of a log without an allowed connection", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/proxy.log`;
  const log = "12:00:01 ok  127.0.0.1:50000 > a.example:443\n";
  await Deno.writeTextFile(path, log);
  const { code, stderr, text } = await commands.run(["rules", "learn", path]);
  assertEquals(code, 0);
  assertStringIncludes(text, "\ndefault deny\n");
  assertStringIncludes(stderr, "1 line of the log is not JSON");
  assertStringIncludes(stderr, "these rules deny everything");
});

const OLD = [
  line({ target: "a.example:443", address: "192.0.2.1:443", user: "ann" }),
  line({ target: "a.example:443", address: "192.0.2.1:443", user: "ann" }),
  line({ target: "b.example:443", address: "10.0.0.7:443" }),
  line({ target: "c.example:443", result: "refused", rule: "default" }),
  line({ target: "d.example:443", result: "refused", reason: "limit reached" }),
  line({ target: "e.example:80", result: "failed", user: "ann" }),
];

const NEW = `web: allow name a.example,c.example port 443
net: deny to 10.0.0.0/8
never: allow name z.example
cloud: allow to 203.0.113.0/24
default deny
`;

Deno.test("sluice rules replay tells what rules would change, and which are never used", async () => {
  await using folder = await makeFolder();
  const [log, path] = [`${folder.path}/proxy.log`, `${folder.path}/new.txt`];
  await Deno.writeTextFile(log, OLD.join("\n"));
  await Deno.writeTextFile(path, NEW);
  const replay = (...args: string[]) =>
    commands.run(["rules", "replay", log, "--rules", path, ...args]);
  const { code, stderr, text } = await replay();
  assertEquals(stderr, "");
  assertEquals(
    text,
    `6 connections
  2 allowed as before, 0 denied as before
  1 newly denied
    1  b.example:443, by net
  1 newly allowed
    1  c.example:443, by web
  1 undecided: that depends on an address the log does not have
  1 without a question to the rules
2 rules never used
  never  allow name z.example
  cloud  allow to 203.0.113.0/24
`,
  );
  assertEquals(code, 0);
  for (
    const [fault, expected] of [
      ["newly-denied", 1],
      ["newly-allowed", 1],
      ["unused", 1],
    ] as const
  ) {
    assertEquals((await replay("--fail-on", fault)).code, expected, fault);
    const lax = ["--rule", "all: allow", "--fail-on", fault];
    const isFault = fault !== "newly-denied";
    assertEquals((await replay(...lax)).code, isFault ? 1 : 0, fault);
  }
});

Deno.test("sluice rules replay judges by the time of each connection, and by the guard of its listener", async () => {
  const at = (time: string, changes: Partial<ConnectionEvent> = {}) =>
    line({
      target: "127.0.0.1:80",
      startedAt: Date.parse(time),
      ...changes,
    });
  const log = [
    at("2026-11-20T09:00:00Z"),
    at("2026-11-20T19:00:00Z"),
    at("2026-11-20T09:00:00Z", { listener: "192.0.2.1:1080" }),
  ].join("\n");
  const ask = async (...args: string[]) => {
    const rule = ["--rule", "r: allow time 08:00-18:00 zone UTC"];
    const all = [...rule, "--rule", "default deny", "--examples", "0", ...args];
    // The other tests replay a file.
    const given = { args: ["rules", "replay", "-", ...all], stdin: log };
    const { text } = await commands.run(given);
    return /(\d+) newly denied/.exec(text)?.[1];
  };
  assertEquals(await ask(), "2");
  assertEquals(await ask("--allow-private"), "1");
});

Deno.test("sluice rules test --cases asks all questions of a table", async () => {
  await using folder = await makeFolder();
  const [rules, cases] = [`${folder.path}/r.txt`, `${folder.path}/c.txt`];
  await Deno.writeTextFile(
    rules,
    `ads: deny name .ads.example
work: allow user ann day mon-fri time 08:00-18:00 zone UTC
lan: allow client 10.0.0.0/8 to private port 22,443 command connect
corp: allow user bob via corp
default deny
`,
  );
  const table = `# who may go where
expect  user     client    target           port    command      time               listener   address
deny    -        -         x.ads.example    80,443  -
allow   ann      -         www.example.com  443     connect,udp  2026-11-20T08:00Z
deny    ann      -         www.example.com  443     -            2026-11-21T08:00Z
allow   -        10.1.2.3  db.example       22      -            -                  :1080      10.0.0.7
deny    -        10.1.2.3  db.example       22      udp          -                  :1080      10.0.0.7
deny    -        10.1.2.3  [::1]            22      -            -                  :1080
allow   bob,"b"  -         192.0.2.1        80
`;
  await Deno.writeTextFile(cases, table);
  const test = (...args: string[]) =>
    commands.run([
      "rules",
      "test",
      "--rules",
      rules,
      "--cases",
      cases,
      ...args,
    ]);
  const { code, text } = await test();
  assertEquals(
    text,
    `${cases}:9: b > 192.0.2.1:80: expected allow: Denied by default: no rule allows it
10 questions, 1 not as expected
`,
  );
  assertEquals(code, 1);
  await Deno.writeTextFile(cases, table.replace(',"b"', ""));
  const good = await test();
  assertEquals(good.text, "9 questions, all as expected\n");
  assertEquals(good.code, 0);
  const nowhere = "expect target\nallow x.invalid:22\n";
  await Deno.writeTextFile(cases, nowhere);
  const { text: unknown } = await test("--client", "10.0.0.1");
  assertStringIncludes(
    unknown,
    "expected allow, but it depends on the address: Cannot resolve x.invalid: name does not exist; a column 'address' can tell it",
  );
});

Deno.test("sluice rules explain says what rules mean and what never matches", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/rules.txt`;
  await Deno.writeTextFile(
    path,
    "ads: deny name .ads.example\nallow name x.ads.example via corp\n",
  );
  const { code, text } = await commands.run(["rules", "explain", path]);
  assertEquals(
    text,
    `ads: Keeps everyone from reaching ads.example and names below it.
rules.txt:2: Lets everyone reach x.ads.example by parent corp.
  mistake: never decides: rule ads before it matches everything it could match, and does the opposite
default: Everything else is allowed.
1 mistake, 0 hints
`,
  );
  assertEquals(code, 1);
  await Deno.writeTextFile(path, "ads: deny name .ads.example\n");
  assertEquals((await commands.run(["rules", "explain", path])).code, 0);
});
