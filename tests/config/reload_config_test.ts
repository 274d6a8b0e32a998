import { assert, assertEquals } from "@std/assert";
import { replaceFile } from "../support/config.ts";
import { makeFolder } from "../support/programs.ts";
import { PATIENCE } from "../support/running_program.ts";
import { Sluice } from "../support/sluice.ts";
import { connectRequest, greet, readReply } from "../support/proxy.ts";
import {
  closedPort,
  readExactly,
  startEcho,
  type TestServer,
  within,
  writeAll,
} from "../support/sockets.ts";
import { pass } from "../support/time.ts";

const TUNNELS = 80;
const RELOADS = 20;

/** Every fourth tunnel talks at a reload, each in its turn, and all at the end. */
const TURNS = 4;
const ASKING_AT_ONCE = 4;

/** Milliseconds between two questions: more of them would only cost CPU. */
const RHYTHM = 15;

async function ask(port: number, echo: TestServer) {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    await greet(conn);
    await writeAll(conn, connectRequest("127.0.0.1", echo.addr.port));
    const { reply } = await within(PATIENCE, readReply(conn));
    return { conn, reply };
  } catch (error) {
    conn.close();
    throw error;
  }
}

async function hear(conn: Deno.TcpConn, byte: number): Promise<void> {
  await writeAll(conn, [byte]);
  assertEquals([...await within(PATIENCE, readExactly(conn, 1))], [byte]);
}

/** The first proxy changes each time, the second never, a third comes and goes. */
function configOf(n: number, ports: readonly number[]): string {
  const [changing, same, passing] = ports;
  return JSON.stringify({
    "drain-timeout": "10s",
    listeners: [
      { kind: "proxy", listen: changing, "idle-timeout": `${100 + n}s` },
      { kind: "proxy", listen: same },
      ...n % 2 ? [{ kind: "echo", listen: passing }] : [],
    ],
  });
}

Deno.test({
  name:
    "run drops and refuses nothing when its file changes 20 times under 80 tunnels and new connections",
  ignore: Deno.build.os === "windows", // It can't send SIGHUP.
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/sluice.jsonc`;
    const ports = [closedPort(), closedPort(), closedPort()];
    await replaceFile(path, configOf(0, ports));
    await using echo = startEcho();
    await using sluice = new Sluice("run", "-c", path);
    await sluice.line(/Open to/, 2);
    const tunnels = await Promise.all(
      Array.from({ length: TUNNELS }, async (_, index) => {
        const { conn, reply } = await ask(ports[index % 2]!, echo);
        assertEquals(reply, 0);
        return conn;
      }),
    );
    let isOver = false;
    let asked = 0;
    const asking = Array.from({ length: ASKING_AT_ONCE }, async (_, index) => {
      while (!isOver) {
        const { conn, reply } = await ask(ports[index % 2]!, echo);
        assertEquals(reply, 0);
        await hear(conn, index);
        conn.close();
        asked++;
        await pass(RHYTHM);
      }
    });
    for (let n = 1; n <= RELOADS; n++) {
      await replaceFile(path, configOf(n, ports));
      sluice.kill("SIGHUP");
      const talking = tunnels.filter((_, index) =>
        (index >> 1) % TURNS === n % TURNS
      );
      await Promise.all(talking.map((conn) => hear(conn, n)));
      const line = await sluice.line(/(Reloaded|Cannot reload) /, n);
      const [added, removed] = n % 2 ? [1, 0] : [0, 1];
      const change =
        `added ${added}, changed 1, removed ${removed}, unchanged 1`;
      assert(line.includes(change), line);
    }
    isOver = true;
    await Promise.all(asking);
    assert(asked > RELOADS, `${asked}`);
    await Promise.all(tunnels.map((conn) => hear(conn, 0)));
    for (const conn of tunnels) conn.close();
    sluice.kill("SIGTERM");
    assertEquals(await sluice.code(), 0);
    const bad = sluice.lines.filter((line) =>
      /warning|error|refused|cut|failed|dropped/i.test(line) &&
      !line.includes("no connection was cut")
    );
    assertEquals(bad, []);
  },
});

Deno.test("run --watch takes a changed file and changed secrets, and no broken file", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.jsonc`;
  const port = closedPort();
  const config = (more: object) =>
    JSON.stringify({
      listeners: [
        { kind: "proxy", listen: port, user: "alice:file:alice.txt", ...more },
      ],
    });
  await replaceFile(`${folder.path}/alice.txt`, "swordfish");
  await replaceFile(path, config({}));
  await using sluice = new Sluice("run", "-c", path, "--watch");
  await sluice.line(/Open to 1 user/);
  await replaceFile(path, config({ "idle-timout": "1m", prefer: "ipv5" }));
  await sluice.line(
    /sluice\.jsonc:1:\d+: listeners\[0\]\.idle-timout: .*did you mean idle-timeout\?$/,
  );
  await sluice.line(
    /sluice\.jsonc:1:\d+: listeners\[0\]\.prefer: expected one of/,
  );
  await sluice.line(
    /Cannot reload config .*: it has 2 problems; Sluice keeps the old one$/,
  );
  assertEquals(await login(port, "swordfish"), 0);
  await replaceFile(path, config({ "idle-timeout": "1m" }));
  await sluice.line(
    /Reloaded .*: listeners added 0, changed 1, removed 0, unchanged 0$/,
  );
  await replaceFile(`${folder.path}/alice.txt`, "marlin");
  await sluice.line(
    /Reloaded .*: listeners added 0, changed 1, removed 0, unchanged 0$/,
    2,
  );
  assertEquals(await login(port, "swordfish"), 1);
  assertEquals(await login(port, "marlin"), 0);
  sluice.kill("SIGTERM");
  assertEquals(await sluice.code(), 0);
  const said = sluice.lines.join("\n");
  assertEquals(/swordfish|marlin/.test(said), false, said);
});

/** Logs in as Alice; gives the status of RFC 1929. */
async function login(port: number, password: string): Promise<number> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await writeAll(conn, [5, 1, 2]);
  assertEquals([...await readExactly(conn, 2)], [5, 2]);
  const bytes = new TextEncoder().encode(password);
  await writeAll(conn, [
    ...[1, 5, ...new TextEncoder().encode("alice")],
    ...[bytes.length, ...bytes],
  ]);
  return (await within(PATIENCE, readExactly(conn, 2)))[1] === 0 ? 0 : 1;
}

Deno.test("run tells all that is wrong, and exits with 2", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.jsonc`;
  await replaceFile(
    path,
    `{ "listeners": [
  { "kind": "proxy", "listen": "0.0.0.0:1" },
  { "kind": "echo", "listen": "nowhere" } ] }`,
  );
  await using sluice = new Sluice("run", "-c", path);
  assertEquals(await sluice.code(), 2);
  assertEquals(sluice.lines.map((line) => line.split(": ", 2).join(": ")), [
    `${path}:2:22: listeners[0].listen`,
    `${path}:3:21: listeners[1].listen`,
  ]);
});

Deno.test("run warns where others can read secrets in its file, and shows none", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.jsonc`;
  const listener = { kind: "proxy", listen: 0, user: "alice:swordfish" };
  await Deno.writeTextFile(path, JSON.stringify({ listeners: [listener] }), {
    mode: 0o644,
  });
  await using sluice = new Sluice("run", "-c", path);
  await sluice.line(
    /Other users can read .*sluice\.jsonc, which holds secrets/,
  );
  await sluice.line(/Open to 1 user/);
  sluice.kill("SIGTERM");
  assertEquals(await sluice.code(), 0);
  assertEquals(sluice.lines.join("\n").includes("swordfish"), false);
});
