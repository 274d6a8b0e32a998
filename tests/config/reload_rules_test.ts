import { assertEquals } from "@std/assert";
import { connectRequest, greet, readReply } from "../support/proxy.ts";
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

const TUNNELS = 80;
const RELOADS = 20;

/** Every fourth tunnel talks at a reload, each in its turn, and all at the end. */
const TURNS = 4;

async function hear(conn: Deno.TcpConn, byte: number): Promise<void> {
  await writeAll(conn, [byte]);
  assertEquals([...await within(PATIENCE, readExactly(conn, 1))], [byte]);
}

async function ask(sluice: Sluice, echo: TestServer) {
  const port = await sluice.port();
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await greet(conn);
  await writeAll(conn, connectRequest("127.0.0.1", echo.addr.port));
  const { reply } = await within(PATIENCE, readReply(conn));
  return { conn, reply };
}

/** What the program tells a new client. */
async function replyTo(sluice: Sluice, echo: TestServer): Promise<number> {
  const { conn, reply } = await ask(sluice, echo);
  conn.close();
  return reply;
}

/** A whole file takes the place of the one before. */
async function replace(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text);
  await Deno.rename(`${path}.new`, path);
}

Deno.test({
  name:
    "the program with --on-change keep drops none of 80 tunnels when its rules change 20 times",
  ignore: Deno.build.os === "windows", // It can't send SIGHUP.
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/rules.txt`;
    await replace(path, "allow\n");
    await using echo = startEcho();
    await using sluice = new Sluice("--rules", path, "--on-change", "keep");
    const tunnels = await Promise.all(
      Array.from({ length: TUNNELS }, async () => {
        const { conn, reply } = await ask(sluice, echo);
        assertEquals(reply, 0);
        return conn;
      }),
    );
    for (let n = 1; n <= RELOADS; n++) {
      await replace(path, n % 2 ? "deny to loopback\n" : "allow\n");
      const talking = tunnels.filter((_, index) => index % TURNS === n % TURNS)
        .map((conn) => hear(conn, n));
      sluice.kill("SIGHUP");
      await Promise.all(talking);
      await sluice.line(/Reloaded .*: 1 rule$/, n);
      assertEquals(await replyTo(sluice, echo), n % 2 ? 2 : 0);
    }
    await Promise.all(tunnels.map((conn) => hear(conn, 0)));
    for (const conn of tunnels) conn.close();
  },
});

Deno.test("the program takes a changed rules file without a signal", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/rules.txt`;
  await replace(path, "default deny\n");
  await using echo = startEcho();
  await using sluice = new Sluice("--rules", path, "--rule", "deny port 1");
  assertEquals(await replyTo(sluice, echo), 2);
  await replace(path, "allow to loopback\ndefault deny\n");
  await sluice.line(/Reloaded .*: 2 rules$/);
  assertEquals(await replyTo(sluice, echo), 0);
});

Deno.test({
  name: "the program takes no broken rules file",
  ignore: Deno.build.os === "windows", // It can't send SIGHUP.
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/rules.txt`;
    await replace(path, "allow to loopback\ndefault deny\n");
    await using echo = startEcho();
    await using sluice = new Sluice("--rules", path);
    await sluice.port();
    await replace(path, "default deny\nalow\n");
    sluice.kill("SIGHUP");
    await sluice.line(
      /Cannot reload rules .*rules\.txt:2:1: expected allow or deny, not 'alow'; Sluice keeps the old one$/,
    );
    assertEquals(await replyTo(sluice, echo), 0);
  },
});
