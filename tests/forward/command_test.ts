import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { ListenerTls } from "../../lib/serve/tls/over_tls.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import {
  ask,
  type SomeForwardConfig,
  startForward,
  upstreamAt,
} from "../support/forward.ts";
import { Sluice } from "../support/sluice.ts";
import { makeFolder } from "../support/programs.ts";
import { readToEnd, startEcho, within } from "../support/sockets.ts";
import { sharedCommands } from "../support/sluice_commands.ts";

const commands = sharedCommands();

Deno.test("forward says in one line what is wrong with its words", async () => {
  const cases: [args: string[], why: RegExp][] = [
    [[], /LISTEN and UPSTREAM are missing/],
    [["1"], /the upstream is missing; give one/],
    [["1=2", "3"], /'3' is not LISTEN=UPSTREAM/],
    [["1", "2,weight=0"], /'weight=0' is neither backup nor weight=1/],
    [
      ["1", "2", "--pool", "some"],
      /Option --pool: 'some' is not one of off, ahead, reuse/,
    ],
    [
      ["1", "2", "--balance", "best"],
      /'best' is not one of [a-z, -]*round-robin/,
    ],
    [["1", "2", "--send-proxy", "v3"], /'v3' is neither v1 nor v2/],
    [["1", "2", "--rise", "0"], /Option --rise: '0' is not a whole number/],
    [["1", "2", "--pool-size", "x"], /Option --pool-size: 'x' is not a whole/],
    [
      ["1", "2", "--pool", "ahead"],
      /--pool: ahead needs --pool-size N of at least 1/,
    ],
    [["0", "unix:"], /'unix:' has no path/],
  ];
  const answers = await commands.runAll(
    cases.map(([args]) => ["forward", ...args]),
  );
  for (const [at, [, why]] of cases.entries()) {
    const { code, stderr, text } = answers[at]!;
    assertEquals([code, text], [2, ""], stderr);
    assertMatch(stderr, /^sluice: [^\n]+\n$/);
    assertMatch(stderr, why);
  }
});

Deno.test("forward does not replace a file that is no socket, and says so", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/precious`;
  await Deno.writeTextFile(path, "data");
  const { code, stderr, text } = await commands.run(
    ["forward", `unix:${path}`, "1"],
  );
  assertEquals([code, text], [1, ""]);
  assertMatch(stderr, /^sluice: Cannot listen on unix:[^\n]+ not a socket\n$/);
  assertEquals(await Deno.readTextFile(path), "data");
});

Deno.test("startForward() refuses what does not go together", async () => {
  const upstream = upstreamAt({ host: "127.0.0.1", port: 1 });
  const NO_TLS: ListenerTls = {
    clients: "anyone",
    accept: () => Promise.reject(new Error("Not spoken here")),
  };
  const cases: [config: SomeForwardConfig, why: string][] = [
    [{ pool: { size: 1 } }, "--pool-size: needs --pool ahead or reuse"],
    [
      { pool: { serverSpeaksFirst: true } },
      "--server-speaks-first: needs --pool ahead or reuse",
    ],
    [{ pool: { mode: "ahead" } }, "--pool: ahead needs --pool-size"],
    [{ pool: { mode: "reuse", size: 0 } }, "--pool: reuse needs --pool-size"],
    [
      { pool: { mode: "reuse", size: 1, serverSpeaksFirst: true } },
      "--server-speaks-first: cannot be combined with --pool reuse",
    ],
    [
      { pool: { mode: "reuse", size: 1 }, sendProxy: "v1" },
      "--send-proxy: cannot be combined with --pool reuse",
    ],
    [{ protocols: ["h2"] }, "Option --tls-alpn: needs --tls-cert"],
    [
      { protocols: "upstream", tls: NO_TLS },
      "--tls-alpn: 'upstream' needs TLS upstreams: write tls://127.0.0.1:1, or",
    ],
    [
      {
        pool: { mode: "reuse", size: 1 },
        protocols: ["h2"],
        tls: NO_TLS,
        serverNames: new Map([["a.test", [{ ...upstream, isTls: true }]]]),
      },
      "--tls-alpn: cannot be combined with --pool reuse",
    ],
    [
      { pool: { mode: "ahead", size: 999_999_999 } },
      "--pool-size: 999999999 is more than the limit of file descriptors",
    ],
  ];
  const routes = [{
    listen: { host: "127.0.0.1", port: 0 },
    upstreams: [upstream],
  }];
  for (const [config, why] of cases) {
    await assertRejects(
      () => startForward({ routes, ...config }),
      UsageError,
      why,
    );
  }
});

Deno.test("forward says what it relays where, and in the end what its pools did", async () => {
  await using echo = startEcho();
  await using sluice = new Sluice(
    "forward",
    "--pool=ahead",
    "--pool-size=2",
    "--log=json",
    "127.0.0.1:0",
    `${echo.addr.port}`,
  );
  const port = await sluice.port();
  assertMatch(
    sluice.lines[0]!,
    new RegExp(
      `Listening on 127.0.0.1:${port}, relaying to 127.0.0.1:${echo.addr.port}`,
    ),
  );
  using conn = await Deno.connect({ port });
  assertEquals(await ask(conn, "hello", 5), "hello");
  conn.close();
  const line = JSON.parse(await sluice.line(/"connection"/));
  assertEquals(line.protocol, "tcp");
  assertEquals([line.bytes_sent, line.bytes_received], [5, 5]);
  sluice.kill("SIGTERM");
  assertEquals(await sluice.code(), 0);
  assertMatch(
    await sluice.line(/Pool of/),
    /Pool of 127\.0\.0\.1:\d+: \d ready, \d not, \d opened, \d closed/,
  );
});

Deno.test(
  "forward connects to a Unix socket after it has given permissions up",
  {
    ignore: Deno.build.os === "windows",
  },
  async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/upstream`;
    using listener = Deno.listen({ transport: "unix", path });
    await using sluice = new Sluice("forward", "0", `unix:${path}`);
    using conn = await Deno.connect({ port: await sluice.port() });
    using served = await within(10_000, listener.accept());
    await served.write(new TextEncoder().encode("here"));
    served.close();
    assertEquals(new TextDecoder().decode(await readToEnd(conn)), "here");
    conn.close();
    sluice.kill("SIGTERM");
    assertEquals(await sluice.code(), 0);
    // It says nothing of pools that are off.
    assert(!sluice.lines.some((line) => line.includes("Pool")));
  },
);
