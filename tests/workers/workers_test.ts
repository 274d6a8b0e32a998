import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { Workers } from "../../lib/workers/workers.ts";
import type { LogEvent } from "../../lib/observe/log_event.ts";
import { readToEof } from "../support/dialogue.ts";
import { makeFolder } from "../support/programs.ts";
import { startMortal } from "../support/mortal_sluice.ts";
import { Sluice } from "../support/sluice.ts";
import { sluiceAll } from "../support/sluice_commands.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import {
  askTunnel,
  hashedUser,
  lineOf,
  tryPassword,
} from "../support/users.ts";

const LISTEN = "127.0.0.1:0";
const ALICE = ["alice", "a"] as const;
const BOB = ["bob", "b"] as const;

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

/** Opens a tunnel as a user. */
async function openTunnel(
  sluice: Sluice,
  [name, password]: readonly [string, string],
  target: Deno.NetAddr,
): Promise<Deno.TcpConn> {
  const conn = await connect(sluice);
  assertEquals(await tryPassword(conn, name, password), 0);
  assertEquals(await askTunnel(conn, target), 0);
  return conn;
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
  name: "sluice --workers replaces a worker that dies, until many have died",
  ignore,
  async fn(t) {
    await using sluice = startMortal(
      ...["echo", LISTEN, "--workers", "2", "--max-connections", "30"],
    );
    const conns = await openEchoes(sluice, 30);
    await t.step("with an error, and says its loss", async () => {
      sluice.kill("SIGUSR2");
      const said = await sluice.line(/has ended/);
      assertMatch(said, /: as the test wants it;/);
      const lost = Number(/; (\d+) connections? lost/.exec(said)![1]);
      const alive = await Promise.all(conns.map(isEchoed));
      assertEquals(alive.filter((one) => !one).length, lost);
      assertGreater(lost, 0);
      assertGreater(30, lost);
      await sluice.line(/Worker 1 serves again/);
      // As many as were lost have their places back.
      conns.push(...await openEchoes(sluice, lost));
    });
    for (const conn of conns) conn.close();
    await t.step("without a word", async () => {
      sluice.kill("SIGWINCH");
      await sluice.line(/Worker 1 has ended: it has not answered/);
      await sluice.line(/Worker 1 serves again/, 2);
      for (const conn of await openEchoes(sluice, 10)) conn.close();
    });
    await t.step("and ends at the fifth within a minute", async () => {
      for (let count = 3; count < 5; count++) {
        sluice.kill("SIGUSR2");
        await sluice.line(/serves again/, count);
      }
      sluice.kill("SIGUSR2");
      assertEquals(await sluice.code(), 1);
      assertMatch(sluice.lines.at(-1)!, /5 workers ended within a minute/);
    });
  },
});

Deno.test({
  name:
    "sluice --workers lets connections finish in a drain, cuts the rest, and tells both from those that a worker lost",
  ignore,
  async fn() {
    await using sluice = startMortal(
      ...["echo", LISTEN, "--workers", "2", "--drain-timeout", "2s"],
    );
    const conns = await openEchoes(sluice, 36);
    sluice.kill("SIGTERM");
    await sluice.line(/accepting no more; 36 connections may finish/);
    const finishing = conns.splice(0, 12);
    assert((await Promise.all(finishing.map(isEchoed))).every((one) => one));
    await Promise.all(finishing.map(async (conn) => {
      await conn.closeWrite();
      // What ends at the client has ended at the program.
      await readToEof(conn);
      conn.close();
    }));
    sluice.kill("SIGUSR2");
    const said = await sluice.line(/has ended/);
    const lost = Number(/; (\d+) connections? lost/.exec(said)![1]);
    assertEquals(await sluice.code(), 1);
    const [, cut, gone] =
      /Stopped; (\d+) connections? cut after 2\.0 s, (\d+) connections? lost with/
        .exec(sluice.lines.at(-1)!)!;
    assertEquals([Number(cut), Number(gone)], [24 - lost, lost]);
    for (const conn of conns) conn.close();
  },
});

Deno.test({
  name:
    "sluice --workers goes on where one can't start again for a broken file",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const users = `${folder.path}/users.txt`;
    const line = lineOf(await hashedUser(...ALICE));
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
    // Both of them take part in a drain that cuts nothing.
    await using echo = startEcho();
    const conns = await Promise.all(
      Array.from({ length: 12 }, () => openTunnel(sluice, ALICE, echo.addr)),
    );
    sluice.kill("SIGTERM");
    await sluice.line(/12 connections may finish/);
    for (const conn of conns) {
      assert(await isEchoed(conn));
      conn.close();
    }
    assertEquals(await sluice.code(), 0);
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
  name:
    "sluice run applies a change in all workers, or in none, and ends all of them at a second signal",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const users = `${folder.path}/users.txt`;
    const file = `${folder.path}/sluice.json`;
    const [alice, bob] = await Promise.all([
      hashedUser(...ALICE),
      hashedUser(...BOB),
    ]);
    const write = (path: string, text: string) =>
      Deno.writeTextFile(path, text, { mode: 0o600 });
    const config = (more: object) =>
      JSON.stringify({
        workers: 2,
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
    assertEquals(new Set(await logins(...ALICE)), new Set([true]));
    const port = await sluice.port();
    await write(users, lineOf(bob));
    sluice.kill("SIGHUP");
    await sluice.line(/Reloaded .*users\.txt/);
    assertEquals(new Set(await logins(...ALICE)), new Set([false]));
    assertEquals(new Set(await logins(...BOB)), new Set([true]));
    await write(file, config({ "ban-after": 0, "idle-timeout": "nonsense" }));
    sluice.kill("SIGHUP");
    await sluice.line(/idle-timeout/);
    assertEquals(new Set(await logins(...BOB)), new Set([true]));
    await write(file, config({ "ban-after": 0, "idle-timeout": "5m" }));
    sluice.kill("SIGHUP");
    await sluice.line(/\bchanged 1/);
    assertEquals(await sluice.port(), port);
    assertEquals(new Set(await logins(...BOB)), new Set([true]));
    await using echo = startEcho();
    const conns = await Promise.all(
      Array.from({ length: 6 }, () => openTunnel(sluice, BOB, echo.addr)),
    );
    sluice.kill("SIGTERM");
    await sluice.line(/6 connections may finish/);
    // A second signal waits for nobody.
    sluice.kill("SIGINT");
    assertEquals(await sluice.code(), 1);
    // A reload that was under way may be logged after it.
    assertMatch(sluice.lines.join("\n"), /6 connections cut by SIGINT/);
    for (const conn of conns) conn.close();
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
  const answers = await sluiceAll(cases.map(([args]) => args));
  for (const [index, { code, stderr }] of answers.entries()) {
    const [, expected, message] = cases[index]!;
    assertEquals(code, expected);
    assertMatch(stderr, message);
  }
});
