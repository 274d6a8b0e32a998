import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { loadConfig } from "../../lib/config/load.ts";
import { tryConfig } from "../../lib/config/try.ts";
import { readToEof } from "../support/dialogue.ts";
import { makeFolder } from "../support/programs.ts";
import { Sluice } from "../support/sluice.ts";
import { sharedCommands } from "../support/sluice_commands.ts";
import { closedPort, within } from "../support/sockets.ts";

const commands = sharedCommands();

/** Connections at once, enough for each thread to get some. */
const CLIENTS = 60;

const [A, B, C] = ["127.0.0.1:18848", "127.0.0.1:18849", "127.0.0.1:18850"];

/** The relay or proxy of a configuration. */
type Listener = Record<string, unknown>;

const forward = (listen: string, ...upstreams: string[]): Listener => ({
  ...{ kind: "forward", listen, upstreams },
});

const proxy = (listen: string, more: Listener = {}): Listener => ({
  ...{ kind: "proxy", listen, ...more },
});

async function loopsOf(...listeners: Listener[]): Promise<string[]> {
  const config = await loadConfig(JSON.stringify({ listeners }), "f.json");
  const { loops, problems } = await tryConfig(config);
  assertEquals(problems, []);
  return loops.map(({ problem: { message, path } }) => {
    const [, way] = /loop \((.*)\) and Sluice would refuse it/.exec(message)!;
    return `${path[1]}: ${way!.replaceAll("127.0.0.1:1", "")}`;
  });
}

const socks5 = (at: string) => [`socks5://${at}`];

for (
  const [what, listeners, loops] of [
    ["two relays", [forward(A!, B!), forward(B!, A!)], [
      "0: 8848 > 8849 > 8848",
      "1: 8849 > 8848 > 8849",
    ]],
    ["one that leads into a ring", [
      forward(C!, A!),
      forward(A!, B!),
      forward(B!, A!),
    ], [
      "0: 8850 > 8848 > 8849 > 8848",
      "1: 8848 > 8849 > 8848",
      "2: 8849 > 8848 > 8849",
    ]],
    ["names and unspecified addresses", [
      forward(":18848", "localhost:18849"),
      forward("127.0.0.1:18849", "0.0.0.0:18848"),
    ], ["0: [::]:18848 > 8849 > [::]:18848", "1: 8849 > [::]:18848 > 8849"]],
    ["a way out", [forward(A!, B!, "192.0.2.1:80"), forward(B!, A!)], []],
    ["a proxy in between", [forward(A!, B!), proxy(B!)], []],
    ["a name that may be anyone's", [
      forward(A!, "b.example:18849"),
      forward(B!, A!),
    ], []],
    ["a proxy that is its own parent", [proxy(A!, { via: socks5(A!) })], [
      "0: 8848 > 8848",
    ]],
    ["rules that lead around it", [
      proxy(A!, { via: socks5(A!), rule: ["allow via direct"] }),
    ], []],
    ["a proxy without parents on the way", [
      { ...forward(A!, C!), via: socks5(B!) },
      proxy(B!),
      forward(C!, A!),
    ], ["0: 8848 > 8850 > 8848", "2: 8850 > 8848 > 8850"]],
    ["parents outside", [
      { ...forward(A!, B!), via: socks5("192.0.2.1:1080") },
      forward(B!, A!),
    ], []],
  ] as [string, Listener[], string[]][]
) {
  Deno.test(`tryConfig() knows what is certain to loop: ${what}`, async () => {
    assertEquals(await loopsOf(...listeners), loops);
  });
}

Deno.test("a relay to itself does not start, whatever it is called", async () => {
  const port = `${closedPort()}`;
  const own = `${Deno.networkInterfaces()[0]!.address}:${port}`;
  for (
    const args of [
      [port, port],
      [port, `localhost:${port}`],
      [`:${port}`, own],
      [port, "192.0.2.1:80", `127.0.0.1:${port}`],
      [port, "--sni", `a.example=127.0.0.1:${port}`],
    ]
  ) {
    const { code, stderr } = await commands.run(["forward", ...args]);
    assertEquals(code, 2, stderr);
    assertMatch(
      stderr,
      /^sluice: Cannot relay to \S+: the relay itself listens there \(\S+\); name another upstream\n$/,
    );
  }
});

Deno.test("check and doctor report what is certain to loop", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/loop.json`;
  const [one, two] = [closedPort(), closedPort()];
  const at = (port: number) => `127.0.0.1:${port}`;
  const listeners = [
    forward(at(one), at(two)),
    forward(at(two), at(one)),
  ];
  await Deno.writeTextFile(path, JSON.stringify({ listeners }));
  const words = `every connection would loop (${at(one)} > ${at(two)} > `;
  const checked = await commands.run(["check", "-c", path]);
  assertEquals(checked.code, 2);
  assertStringIncludes(checked.stderr + checked.text, words);
  const seen = await commands.run(["doctor", "-c", path]);
  assertEquals(seen.code, 1);
  assertStringIncludes(seen.text, words);
  const self = `socks5://${at(one)}`;
  const args = ["--listen", at(one), "--via", self];
  const proxied = await commands.run(["doctor", ...args]);
  assertEquals(proxied.code, 1);
  assertMatch(proxied.text, /\nproblem +loop +.*every connection would loop/);
});

for (const workers of [1, 2]) {
  Deno.test(`run -c turns no connection around twice with ${workers} workers`, async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/loop.json`;
    const ports = [closedPort(), closedPort()];
    const [one, two] = ports.map((port) => `127.0.0.1:${port}`);
    const listeners = [forward(one!, two!), forward(two!, one!)];
    const config = { workers, log: "json", listeners };
    await Deno.writeTextFile(path, JSON.stringify(config));
    await using program = new Sluice("run", "-c", path);
    await program.line(/every connection would loop/, 2);
    await program.line(/Listening on/, 2);
    const clients = Array.from({ length: CLIENTS }, async () => {
      using conn = await Deno.connect({
        hostname: "127.0.0.1",
        port: ports[0]!,
      });
      await within(20_000, readToEof(conn).catch(() => {}));
    });
    await Promise.all(clients);
    await program.line(/"result":"ok"/, CLIENTS);
    await program.line(/"result":"refused"/, CLIENTS);
    program.kill("SIGTERM");
    assertEquals(await program.code(), 0);
    const events = program.lines.map((line) => JSON.parse(line))
      .filter(({ event }) => event === "connection");
    assertEquals(events.length, 2 * CLIENTS);
    for (const { listener, reason, result } of events) {
      const isFirst = listener === one;
      assertEquals([result, reason.startsWith("loop: ")], [
        isFirst ? "ok" : "refused",
        !isFirst,
      ]);
    }
  });
}

Deno.test("a proxy whose parent is itself says so at its start, with workers too", async () => {
  const port = closedPort();
  const at = `127.0.0.1:${port}`;
  for (const workers of ["1", "2"]) {
    const args = ["--listen", at, "--via", `socks5://${at}`];
    await using program = new Sluice(...args, "--workers", workers);
    await program.line(/warning.*every connection would loop/);
    await program.line(/Listening on/);
  }
});
