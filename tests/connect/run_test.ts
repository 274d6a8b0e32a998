import { assert, assertEquals, assertMatch } from "@std/assert";
import { listenResettable } from "../../lib/net/resettable_listener.ts";
import { makeFolder } from "../support/programs.ts";
import { spawnSluice } from "../support/sluice.ts";
import { sharedCommands, sluice } from "../support/sluice_commands.ts";
import { startTestProxy } from "../support/proxy.ts";
import {
  closedPort,
  readToEnd,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";
import { startUdp } from "../support/udp.ts";
import { MODULES } from "../../lib/cli/own_modules.ts";
import { untilStill } from "../support/time.ts";

const commands = sharedCommands();

/** Starts `connect` with pipes to the test. */
function startConnect(args: string[]) {
  return spawnSluice(["connect", ...args], { stdin: "piped" });
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

Deno.test("sluice connect carries a binary file through pipes byte for byte", async () => {
  await using echo = startEcho();
  const block = crypto.getRandomValues(new Uint8Array(60_000));
  const data = new Uint8Array(3_000_000);
  for (let at = 0; at < data.length; at += block.length) data.set(block, at);
  const { code, stdout, stderr } = await sluice(
    ["connect", `127.0.0.1:${echo.addr.port}`],
    { stdin: data },
  );
  assertEquals(code, 0, stderr);
  assertEquals(await sha256(stdout), await sha256(data));
  assertMatch(
    stderr,
    /^Sent 3000000 bytes \(3\.0 MB\), received 3000000 bytes \(3\.0 MB\) in [^:]+: input ended first\n$/,
  );
});

Deno.test("sluice connect stops reading its input when the target does not read", async () => {
  const release = Promise.withResolvers<void>();
  let isReleased = false;
  await using server = startServer(async (conn) => {
    await release.promise;
    await readToEnd(conn);
  });
  const child = startConnect([`${server.addr.port}`]);
  const writer = child.stdin.getWriter();
  const chunk = new Uint8Array(1_000_000);
  let written = 0;
  const writing = (async () => {
    for (; written < 40 && !isReleased; written++) await writer.write(chunk);
    await writer.close();
  })();
  await untilStill(() => written);
  assert(written < 40, `${written} MB were taken`);
  isReleased = true;
  release.resolve();
  await writing;
  const { code, stderr } = await within(20_000, child.output());
  assertEquals(code, 0);
  const said = new TextDecoder().decode(stderr);
  assertMatch(said, new RegExp(`^Sent ${written}000000 bytes`));
});

Deno.test("sluice connect prints the target's first bytes immediately", async () => {
  await using server = startServer(async (conn) => {
    await writeAll(conn, "welcome\n");
    await writeAll(conn, await readToEnd(conn));
  });
  const child = startConnect(["--quiet", `localhost:${server.addr.port}`]);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await within(10_000, reader.read())).value, "welcome\n");
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("bye"));
  await writer.close();
  assertEquals((await within(10_000, reader.read())).value, "bye");
  assertEquals((await within(10_000, reader.read())).done, true);
  assertEquals((await child.status).code, 0);
  assertEquals(await new Response(child.stderr).text(), "");
});

Deno.test("sluice connect ends soon after the target when its input stays open", async () => {
  await using server = startServer((conn) => writeAll(conn, "bye\n"));
  const time = ["--half-close-timeout", "200ms"];
  const child = startConnect([...time, `${server.addr.port}`]);
  // Its output ends with the target's, before the program does.
  const text = await within(10_000, new Response(child.stdout).text());
  assertEquals(text, "bye\n");
  const { code } = await within(10_000, child.status);
  assertEquals(code, 0);
  assertMatch(
    await new Response(child.stderr).text(),
    /^Sent 0 bytes, received 4 bytes in [^:]+: target closed first\n$/,
  );
  await child.stdin.close().catch(() => {});
});

Deno.test("sluice connect sends all of its input to a target that has half-closed", async () => {
  const received = Promise.withResolvers<number>();
  await using server = startServer(async (conn) => {
    await writeAll(conn, "begin\n");
    await conn.closeWrite();
    received.resolve((await readToEnd(conn)).length);
  });
  const { code, text } = await commands.run({
    args: ["connect", "--quiet", `${server.addr.port}`],
    stdin: "x".repeat(5_000_000),
  });
  assertEquals([code, text], [0, "begin\n"]);
  assertEquals(await received.promise, 5_000_000);
});

Deno.test("sluice connect exits with 1 and a reason when it can't connect", async () => {
  const port = closedPort();
  await using folder = await makeFolder();
  const file = `${folder.path}/file`;
  await Deno.writeTextFile(file, "");
  const cases: [args: string[], message: string][] = [
    [[`${port}`], `Cannot reach 127.0.0.1:${port}: connection refused`],
    [
      ["nosuch.invalid:1"],
      "Cannot resolve nosuch.invalid: name does not exist",
    ],
    [["-4", "[::1]:1"], "Cannot reach ::1: IPv6 is not used"],
    [["-6", "127.0.0.1:1"], "Cannot reach 127.0.0.1: IPv4 is not used"],
    [
      [`unix:${folder.path}/none`],
      `Cannot reach unix:${folder.path}/none: no such socket`,
    ],
    [[`unix:${file}`], `Cannot reach unix:${file}: connection refused`],
  ];
  const answers = await commands.runAll(
    cases.map(([args]) => ["connect", ...args]),
  );
  for (const [at, [, message]] of cases.entries()) {
    const { code, stderr, text } = answers[at]!;
    assertEquals(stderr, `sluice: ${message}\n`);
    assertEquals([code, text], [1, ""]);
  }
});

Deno.test("sluice connect exits with 2 when options contradict each other", async () => {
  const cases: [args: string[], message: string][] = [
    [
      ["-4", "-6", "1"],
      "Option --ipv4: cannot be combined with --ipv6: each means only that one",
    ],
    [
      ["--udp", "unix:x"],
      "Option --udp: cannot be combined with unix:PATH: a Unix socket takes no datagrams here",
    ],
    [
      ["-6", "unix:x"],
      "Option --ipv6: cannot be combined with unix:PATH: a Unix socket has no IP address",
    ],
    [[], "Argument TARGET: it is missing; give HOST:PORT or unix:PATH"],
  ];
  const answers = await commands.runAll(
    cases.map(([args]) => ["connect", ...args]),
  );
  for (const [at, [, message]] of cases.entries()) {
    const { code, stderr } = answers[at]!;
    assertEquals([code, stderr], [2, `sluice: ${message}\n`]);
  }
});

Deno.test("sluice connect exits with 1 when the target resets the connection", async () => {
  using listener = await listenResettable("127.0.0.1", closedPort());
  const child = startConnect([`${listener.addr.port}`]);
  const conn = await within(10_000, listener.accept());
  const writer = child.stdin.getWriter();
  await writer.write(new Uint8Array(100));
  await within(10_000, conn.read(new Uint8Array(100)));
  conn.reset();
  const { code } = await within(10_000, child.status);
  assertEquals(code, 1);
  assertMatch(
    await new Response(child.stderr).text(),
    /^sluice: Connection to 127\.0\.0\.1:\d+ was cut: connection reset\nSent 100 bytes, received 0 bytes in [^:]+: connection reset\n$/,
  );
  await child.stdout.cancel();
  await writer.close().catch(() => {});
});

Deno.test("sluice connect ends quietly when its output is closed", async () => {
  await using server = startServer(async (conn) => {
    const block = new Uint8Array(100_000);
    while (true) await writeAll(conn, block);
  });
  const child = startConnect([`${server.addr.port}`]);
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const { code } = await within(10_000, child.status);
  assertEquals(code, 0);
  assertMatch(
    await new Response(child.stderr).text(),
    /^Sent 0 bytes, received [^:]+: standard output was closed\n$/,
  );
  await child.stdin.close().catch(() => {});
});

Deno.test("sluice connect ends after its idle timeout", async () => {
  const finish = Promise.withResolvers<void>();
  await using server = startServer(() => finish.promise);
  const { code, stderr } = await commands.run(
    ["connect", "--idle-timeout", "100ms", `${server.addr.port}`],
  );
  finish.resolve();
  assertEquals(code, 1);
  assertMatch(stderr, /was cut: Idle time of 0\.1 s has passed\n/);
});

Deno.test("sluice connect exits with 130 on Ctrl-C", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const finish = Promise.withResolvers<void>();
  await using server = startServer(async (conn) => {
    await writeAll(conn, "x");
    await finish.promise;
  });
  const child = startConnect([`${server.addr.port}`]);
  const reader = child.stdout.getReader();
  await within(10_000, reader.read());
  child.kill("SIGINT");
  const { code } = await within(10_000, child.status);
  finish.resolve();
  assertEquals(code, 130);
  assertMatch(
    await new Response(child.stderr).text(),
    /^Sent 0 bytes, received 1 byte in .*: ended by SIGINT\n$/,
  );
  await reader.cancel();
  await child.stdin.close().catch(() => {});
});

Deno.test(
  "sluice connect exits with 143 on SIGTERM when nobody reads its output",
  {
    ignore: Deno.build.os === "windows",
  },
  async () => {
    let sent = 0;
    await using server = startServer(async (conn) => {
      const block = new Uint8Array(100_000);
      while (true) sent += await conn.write(block);
    });
    const child = startConnect([`${server.addr.port}`]);
    await untilStill(() => sent); // All pipes are full.
    child.kill("SIGTERM");
    const { code } = await within(10_000, child.status);
    assertEquals(code, 143);
    assertMatch(
      await new Response(child.stderr).text(),
      /^Sent 0 bytes, received [^:]+: ended by SIGTERM\n$/,
    );
    await child.stdout.cancel();
    await child.stdin.close().catch(() => {});
  },
);

Deno.test("sluice connect --json sends and prints values, and refuses other lines with their number", async () => {
  await using server = startServer(async (conn) => {
    await writeAll(conn, await readToEnd(conn));
    await writeAll(conn, 'oops\n{"b": [1, 2]}\n');
  });
  const { code, text, stderr } = await commands.run({
    args: ["connect", "--json", "--quiet", `${server.addr.port}`],
    stdin: '{"a": 1}\nnope\n"x"',
  });
  assertEquals(text, '{"a": 1}\n"x"\n{"b": [1, 2]}\n');
  const lines = stderr.trimEnd().split("\n");
  assertEquals(lines.length, 2);
  assertMatch(lines[0]!, /^sluice: Line 2 is not sent: it is not JSON: /);
  assertMatch(lines[1]!, /^sluice: Line 3 of the target is not printed: /);
  assertEquals(code, 1);
});

Deno.test("sluice connect --udp sends the bytes of one read in one datagram, and prints the answer", async () => {
  await using server = startUdp();
  const time = ["--half-close-timeout", "300ms"];
  const line = "x".repeat(1_400);
  const { code, text, stderr } = await sluice(
    ["connect", "--udp", ...time, `127.0.0.1:${server.addr.port}`],
    { stdin: line },
  );
  assertEquals([code, text], [0, line]);
  assertEquals(server.heard.length, 1);
  assertMatch(stderr, /^Sent 1400 bytes .*, received 1400 bytes /);
});

Deno.test("sluice connect talks over a Unix socket", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/socket`;
  using listener = Deno.listen({ transport: "unix", path });
  const serving = (async () => {
    using conn = await listener.accept();
    await writeAll(conn, await readToEnd(conn));
    await conn.closeWrite();
  })();
  const { code, text } = await commands.run({
    args: ["connect", `unix:${path}`],
    stdin: "hello\n",
  });
  await serving;
  assertEquals([code, text], [0, "hello\n"]);
});

Deno.test("sluice connect names the permissions that it lacks", async () => {
  const { code, stderr } = await sluice(["connect", "127.0.0.1:1"], {
    permissions: ["--no-prompt", `--allow-read=${MODULES}`],
  });
  assertEquals(code, 1);
  assertMatch(stderr, /^sluice: Cannot reach 127\.0\.0\.1:1: [^\n]+\n$/);
});

Deno.test("sluice connect goes through parents, and counts only the target's bytes", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  await using next = await startTestProxy(); // The same parent twice would be a loop.
  for (const scheme of ["socks5", "socks5h", "socks4a", "http"]) {
    const url = `${scheme}://127.0.0.1:${proxy.addr.port}`;
    const other = `${scheme}://127.0.0.1:${next.addr.port}`;
    const target = `127.0.0.1:${echo.addr.port}`;
    const { code, stderr, text } = await commands.run({
      args: ["connect", "--via", `${url},${other}`, target],
      stdin: "hello",
    });
    assertEquals([code, text], [0, "hello"]);
    assertMatch(stderr, /^Sent 5 bytes, received 5 bytes in /);
  }
});

Deno.test("sluice connect reports a parent's answer", async () => {
  await using proxy = await startTestProxy();
  const via = `--via=socks5h://127.0.0.1:${proxy.addr.port}`;
  const port = closedPort();
  const cases: [string[], string][] = [
    [[via, `127.0.0.1:${port}`], "connection refused (REP is 5)"],
    [[via, "nowhere.invalid:80"], "host unreachable, or no such name"],
    [
      [`--via=http://127.0.0.1:${port}`, "127.0.0.1:9"],
      "Cannot connect through",
    ],
  ];
  const answers = await commands.runAll(
    cases.map(([args]) => ["connect", ...args]),
  );
  for (const [at, [, why]] of cases.entries()) {
    const { code, stderr } = answers[at]!;
    assertEquals(code, 1);
    assert(stderr.includes(why), stderr);
  }
});
