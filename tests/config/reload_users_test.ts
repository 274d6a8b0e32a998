import { assert, assertEquals, assertMatch } from "@std/assert";
import { makeFolder } from "../support/programs.ts";
import { PATIENCE } from "../support/running_program.ts";
import { Sluice } from "../support/sluice.ts";
import {
  readExactly,
  startEcho,
  type TestServer,
  within,
  writeAll,
} from "../support/sockets.ts";
import {
  askTunnel,
  hashedUser,
  lineOf,
  tryPassword,
} from "../support/users.ts";

const ALICE = await hashedUser("alice", "secret");
const BOB = await hashedUser("bob", "b");

const TUNNELS = 80;
const RELOADS = 20;

/** Every fourth tunnel talks at a reload, each in its turn, and all at the end. */
const TURNS = 4;

/** Windows can't send SIGHUP. */
const ignore = Deno.build.os === "windows";

async function connect(sluice: Sluice): Promise<Deno.TcpConn> {
  const port = await sluice.port();
  return await Deno.connect({ hostname: "127.0.0.1", port });
}

async function login(sluice: Sluice, name: string, password: string) {
  using conn = await connect(sluice);
  return await tryPassword(conn, name, password);
}

async function openTunnel(sluice: Sluice, echo: TestServer) {
  const conn = await connect(sluice);
  assertEquals(await tryPassword(conn, "alice", "secret"), 0);
  assertEquals(await askTunnel(conn, echo.addr), 0);
  return conn;
}

/** A whole file takes the place of the one before. */
async function replace(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text, { mode: 0o600 });
  await Deno.rename(`${path}.new`, path);
}

async function echoes(conn: Deno.TcpConn, text: string): Promise<void> {
  await writeAll(conn, text);
  const back = await within(PATIENCE, readExactly(conn, text.length));
  assertEquals(new TextDecoder().decode(back), text);
}

Deno.test({
  name:
    "the program with --on-change keep drops none of 80 tunnels when its users change 20 times",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/users.txt`;
    await replace(path, lineOf(ALICE));
    await using echo = startEcho();
    await using sluice = new Sluice(
      ...["--users", path, "--ban-after=0", "--on-change", "keep"],
    );
    const tunnels = await Promise.all(
      Array.from({ length: TUNNELS }, () => openTunnel(sluice, echo)),
    );
    for (let n = 1; n <= RELOADS; n++) {
      const others = n % 2 ? [BOB] : [ALICE, BOB];
      await replace(path, `# ${n}\n${others.map(lineOf).join("")}`);
      const talking = tunnels.filter((_, index) => index % TURNS === n % TURNS)
        .map((conn) => echoes(conn, `${n}`));
      sluice.kill("SIGHUP");
      await Promise.all(talking);
      await sluice.line(/Reloaded .*: [12] users?$/, n);
      assertEquals(await login(sluice, "bob", "b"), 0);
      assertEquals(await login(sluice, "alice", "secret"), n % 2);
    }
    await Promise.all(tunnels.map((conn) => echoes(conn, "still here")));
    for (const conn of tunnels) conn.close();
  },
});

Deno.test("the program takes a changed users file without a signal", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/users.txt`;
  await replace(path, lineOf(ALICE));
  await using sluice = new Sluice("--users", path);
  await sluice.line(/Open to 1 user on this machine/);
  await replace(path, lineOf(BOB));
  await sluice.line(/Reloaded .*users\.txt: 1 user$/);
  assertEquals(await login(sluice, "alice", "secret"), 1);
  assertEquals(await login(sluice, "bob", "b"), 0);
});

Deno.test({
  name: "the program takes no broken users file, and an empty one for nobody",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/users.txt`;
    await replace(path, lineOf(ALICE));
    await using sluice = new Sluice("--users", path);
    await sluice.line(/Open to 1 user on this machine/);
    await replace(path, `${lineOf(BOB)}alice:hunter2\n`);
    sluice.kill("SIGHUP");
    const line = await sluice.line(/Cannot reload/);
    assertMatch(
      line,
      /error {3}Cannot reload users file .*users\.txt: line 2, column 7: expected a hash .*; Sluice keeps the old one$/,
    );
    assert(!sluice.lines.some((line) => line.includes("hunter2")));
    assertEquals(await login(sluice, "alice", "secret"), 0);
    assertEquals(await login(sluice, "bob", "b"), 1);
    await replace(path, "# nobody\n");
    sluice.kill("SIGHUP");
    await sluice.line(/Nobody may use the proxy: .*users\.txt has no users$/);
    assertEquals(await login(sluice, "alice", "secret"), 1);
  },
});

Deno.test({
  name: "the program goes on after SIGHUP when it has no file to reload",
  ignore,
  async fn() {
    await using echo = startEcho();
    await using sluice = new Sluice();
    using conn = await sluice.openTunnel(echo.addr);
    sluice.kill("SIGHUP");
    await sluice.line(/SIGHUP: no file to reload$/);
    await echoes(conn, "still here");
    sluice.kill("SIGTERM");
    conn.close();
    assertEquals(await sluice.code(), 0);
  },
});
