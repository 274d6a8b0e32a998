import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { Workers } from "../../lib/workers/workers.ts";
import type { LogEvent } from "../../lib/observe/log_event.ts";
import { makeFolder } from "../support/programs.ts";
import { startMortal } from "../support/mortal_sluice.ts";
import { Sluice } from "../support/sluice.ts";
import { readExactly, within, writeAll } from "../support/sockets.ts";
import { hashedUser, lineOf, tryPassword } from "../support/users.ts";

const LISTEN = "127.0.0.1:0";

/** Windows can't send these. */
const ignore = Deno.build.os === "windows";

async function connect(sluice: Sluice): Promise<Deno.TcpConn> {
  const port = await sluice.port();
  return await Deno.connect({ hostname: "127.0.0.1", port });
}

/** Opens connections to an echo server, and sees that they are served. */
async function openEchoes(
  sluice: Sluice,
  count: number,
): Promise<Deno.TcpConn[]> {
  return await Promise.all(Array.from({ length: count }, async () => {
    const conn = await connect(sluice);
    assert(await isEchoed(conn));
    return conn;
  }));
}

async function isEchoed(conn: Deno.TcpConn): Promise<boolean> {
  try {
    await writeAll(conn, [1]);
    return (await within(10_000, readExactly(conn, 1)))[0] === 1;
  } catch {
    return false;
  }
}

Deno.test({
  name: `sluice --workers replaces a worker that dies, and says its loss`,
  ignore,
  async fn() {
    await using sluice = startMortal(
      ...["echo", LISTEN, "--workers", "2", "--max-connections", "30"],
    );
    const before = await openEchoes(sluice, 30);
    sluice.kill("SIGUSR2");
    const said = await sluice.line(/has ended/);
    assertMatch(said, /: as the test wants it;/);
    const lost = Number(/; (\d+) connections? lost/.exec(said)![1]);
    const alive = await Promise.all(before.map(isEchoed));
    assertEquals(alive.filter((one) => !one).length, lost);
    assertGreater(lost, 0);
    assertGreater(30, lost);
    await sluice.line(/Worker 1 serves again/);
    // As many as were lost have their places back.
    const after = await openEchoes(sluice, lost);
    sluice.kill("SIGTERM");
    for (const conn of [...before, ...after]) conn.close();
    assertEquals(await sluice.code(), 0);
  },
});

Deno.test({
  name: "sluice --workers tells cut connections from those that a worker lost",
  ignore,
  async fn() {
    await using sluice = startMortal(
      ...["echo", LISTEN, "--workers", "2", "--drain-timeout", "1s"],
    );
    const conns = await openEchoes(sluice, 24);
    sluice.kill("SIGTERM");
    await sluice.line(/accepting no more; 24 connections may finish/);
    sluice.kill("SIGUSR2");
    const said = await sluice.line(/has ended/);
    const lost = Number(/; (\d+) connections? lost/.exec(said)![1]);
    assertEquals(await sluice.code(), 1);
    const [, cut, gone] =
      /Stopped; (\d+) connections? cut after 1\.0 s, (\d+) connections? lost with/
        .exec(sluice.lines.at(-1)!)!;
    assertEquals([Number(cut), Number(gone)], [24 - lost, lost]);
    for (const conn of conns) conn.close();
  },
});

Deno.test({
  name: "sluice --workers notices a worker that ends without a word",
  ignore,
  async fn() {
    await using sluice = startMortal("echo", LISTEN, "--workers", "2");
    await sluice.port();
    sluice.kill("SIGWINCH");
    await sluice.line(/Worker 1 has ended: it has not answered/);
    await sluice.line(/Worker 1 serves again/);
    const conns = await openEchoes(sluice, 10);
    for (const conn of conns) conn.close();
  },
});

Deno.test({
  name: "sluice --workers ends when workers die again and again",
  ignore,
  async fn() {
    await using sluice = startMortal("echo", LISTEN, "--workers", "2");
    await sluice.port();
    for (let count = 1; count < 5; count++) {
      sluice.kill("SIGUSR2");
      await sluice.line(/serves again/, count);
    }
    sluice.kill("SIGUSR2");
    assertEquals(await sluice.code(), 1);
    assertMatch(sluice.lines.at(-1)!, /5 workers ended within a minute/);
  },
});

Deno.test({
  name:
    "sluice --workers goes on where one can't start again for a broken file",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const users = `${folder.path}/users.txt`;
    const line = lineOf(await hashedUser("alice", "a"));
    await Deno.writeTextFile(users, line, { mode: 0o600 });
    await using sluice = startMortal(
      ...["proxy", "--listen", LISTEN, "--workers", "2", "--users", users],
    );
    await sluice.port();
    await Deno.writeTextFile(users, "broken");
    sluice.kill("SIGUSR2");
    await sluice.line(/Worker 1 has ended: Cannot read users file/);
    // The other one has looked at the file, which takes it a second or two.
    await sluice.line(/Cannot reload users file/);
    await Deno.writeTextFile(users, line);
    await sluice.line(/Worker 1 serves again/);
    sluice.kill("SIGTERM");
    assertEquals(await sluice.code(), 0);
  },
});

Deno.test({
  name:
    "sluice --workers lets connections finish in a drain, and cuts the rest",
  ignore,
  async fn() {
    for (
      const [timeout, code, closes] of [["30s", 0, true], [
        "100ms",
        1,
        false,
      ]] as const
    ) {
      await using sluice = startMortal(
        ...["echo", LISTEN, "--workers", "2", "--drain-timeout", timeout],
      );
      const conns = await openEchoes(sluice, 12);
      sluice.kill("SIGTERM");
      await sluice.line(/12 connections may finish/);
      if (closes) {
        for (const conn of conns) {
          assert(await isEchoed(conn));
          conn.close();
        }
      }
      assertEquals(await sluice.code(), code);
      if (closes) continue;
      assertMatch(sluice.lines.at(-1)!, /12 connections cut/);
      for (const conn of conns) conn.close();
    }
  },
});

Deno.test({
  name: "sluice --workers ends at once at the second signal",
  ignore,
  async fn() {
    await using sluice = startMortal("echo", LISTEN, "--workers", "2");
    const conns = await openEchoes(sluice, 6);
    sluice.kill("SIGTERM");
    await sluice.line(/may finish/);
    sluice.kill("SIGINT");
    assertEquals(await sluice.code(), 1);
    assertMatch(sluice.lines.at(-1)!, /6 connections cut by SIGINT/);
    for (const conn of conns) conn.close();
  },
});

Deno.test("Workers goes on and says what was said where a file is never read to its end", async () => {
  const said = Promise.withResolvers<LogEvent>();
  const workers = new Workers({
    count: 2,
    plan: { program: {}, listeners: [], isReplaceable: false },
    logging: { format: "text", quiet: true },
    log: said.resolve,
    entry: import.meta.resolve("../support/stubborn_worker.ts"),
    times: { look: 1_000, patience: 10_000, turn: 100 },
  });
  await workers.start();
  const polled = workers.poll(0);
  assertEquals(await within(10_000, said.promise), {
    ...{ event: "message", level: "info", code: "banner", message: "asked" },
  });
  assertEquals(await within(10_000, workers.reload(0)), undefined);
  workers.end();
  await polled;
});

Deno.test({
  name: "sluice run applies a change in all workers, or in none",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const users = `${folder.path}/users.txt`;
    const file = `${folder.path}/sluice.json`;
    const [alice, bob] = await Promise.all([
      hashedUser("alice", "a"),
      hashedUser("bob", "b"),
    ]);
    const write = (path: string, text: string) =>
      Deno.writeTextFile(path, text, { mode: 0o600 });
    const config = (more: object) =>
      JSON.stringify({
        workers: 3,
        listeners: [{ kind: "proxy", listen: LISTEN, users, ...more }],
      });
    await write(users, lineOf(alice));
    await write(file, config({ "ban-after": 0 }));
    await using sluice = new Sluice("run", "-c", file);
    const logins = (name: string, password: string) =>
      Promise.all(Array.from({ length: 9 }, async () => {
        using conn = await connect(sluice);
        return await tryPassword(conn, name, password) === 0;
      }));
    assertEquals(new Set(await logins("alice", "a")), new Set([true]));
    const port = await sluice.port();
    await write(users, lineOf(bob));
    sluice.kill("SIGHUP");
    await sluice.line(/Reloaded .*users\.txt/);
    assertEquals(new Set(await logins("alice", "a")), new Set([false]));
    assertEquals(new Set(await logins("bob", "b")), new Set([true]));
    await write(file, config({ "ban-after": 0, "idle-timeout": "nonsense" }));
    sluice.kill("SIGHUP");
    await sluice.line(/idle-timeout/);
    assertEquals(new Set(await logins("bob", "b")), new Set([true]));
    await write(file, config({ "ban-after": 0, "idle-timeout": "5m" }));
    sluice.kill("SIGHUP");
    await sluice.line(/changed 1/);
    assertEquals(await sluice.port(), port);
    assertEquals(new Set(await logins("bob", "b")), new Set([true]));
    sluice.kill("SIGTERM");
    assertEquals(await sluice.code(), 0);
  },
});

Deno.test("sluice --workers refuses what threads can't share", async () => {
  using taken = Deno.listen({
    hostname: "127.0.0.1",
    port: 0,
    reusePort: true,
  });
  const workers = ["--workers", "2"] as const;
  const cases = [
    [["hub", ...workers], 2, /in one thread/],
    [
      ["forward", ...workers, "unix:/nowhere/s", "127.0.0.1:1"],
      2,
      /Unix socket/,
    ],
    [["echo", `127.0.0.1:${taken.addr.port}`, ...workers], 1, /in use/],
    [
      [
        "forward",
        ...workers,
        "--pool",
        "ahead",
        "--pool-size",
        "1",
        "0",
        "127.0.0.1:1",
      ],
      2,
      /--pool-size: 1 is less/,
    ],
  ] as const;
  for (const [args, code, message] of cases) {
    await using sluice = new Sluice(...args);
    assertEquals(await sluice.code(), code);
    assertMatch(sluice.lines.join(), message);
  }
});
