import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../lib/cli/config_error.ts";
import { load, startTestRun, type TestRun } from "../support/config.ts";
import { eventually } from "../support/dialogue.ts";
import { isRefused } from "../support/free_port.ts";
import { makeFolder } from "../support/programs.ts";
import { connectRequest, greet, readReply } from "../support/proxy.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

const PROXY = { kind: "proxy", listen: "127.0.0.1:0" };
const ECHO = { kind: "echo", listen: "127.0.0.1:0" };

async function apply(run: TestRun, ...listeners: unknown[]) {
  return await run.running.apply(await load({ listeners }));
}

function connect(port: number, hostname = "127.0.0.1"): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname, port });
}

/** Asks a proxy for a target; gives the connection and the answer. */
async function ask(port: number, target: Deno.NetAddr) {
  const conn = await connect(port);
  await greet(conn);
  await writeAll(conn, connectRequest(target.hostname, target.port));
  return { conn, reply: (await within(10_000, readReply(conn))).reply };
}

/** Asserts that a listener is gone, once the system has closed it. */
async function assertGone(port: number): Promise<void> {
  const address = { hostname: "127.0.0.1", port };
  assert(await eventually(() => isRefused(address)), "still accepting");
}

async function isAlive(conn: Deno.TcpConn): Promise<boolean> {
  await writeAll(conn, "x");
  return (await within(10_000, readExactly(conn, 1)))[0] === 120;
}

Deno.test("RunningConfig runs listeners of several kinds", async () => {
  await using run = startTestRun();
  const change = await apply(run, PROXY, ECHO, { kind: "hub", listen: 0 });
  assertEquals(change, { added: 3, changed: 0, removed: 0, unchanged: 0 });
  const [proxy, echo, hub] = run.ports();
  const target = { transport: "tcp", hostname: "127.0.0.1" } as const;
  const { conn, reply } = await ask(proxy!, { ...target, port: echo! });
  assertEquals(reply, 0);
  assert(await isAlive(conn));
  assertEquals(run.running.connections, 2);
  conn.close();
  (await connect(hub!)).close();
});

Deno.test("RunningConfig keeps connections and ports of what has changed and what has not", async () => {
  await using run = startTestRun();
  await using echo = startEcho();
  await apply(run, PROXY, ECHO);
  const ports = run.ports();
  const before = await ask(ports[0]!, echo.addr);
  const other = await connect(ports[1]!);
  const rule = "deny to loopback";
  const stricter = { ...PROXY, rule, "on-change": "keep" };
  const change = await apply(run, stricter, ECHO);
  assertEquals(change, { added: 0, changed: 1, removed: 0, unchanged: 1 });
  assertEquals(run.ports().toSorted(), ports.toSorted());
  assert(await isAlive(before.conn));
  assert(await isAlive(other));
  const after = await ask(ports[0]!, echo.addr);
  assertEquals(after.reply, 2);
  for (const { conn } of [before, after]) conn.close();
  other.close();
});

Deno.test("RunningConfig lets go of settings with the last connection that has them", async () => {
  await using run = startTestRun();
  await using echo = startEcho();
  await apply(run, PROXY);
  const [port] = run.ports();
  const { conn } = await ask(port!, echo.addr);
  await apply(run, { ...PROXY, "idle-timeout": "1m" });
  await run.running.poll();
  assertEquals(run.running.connections, 1);
  assert(await isAlive(conn));
  conn.close();
  await within(10_000, run.ended);
  const change = await apply(run, { ...PROXY, "idle-timeout": "1m" });
  assertEquals(change, { added: 0, changed: 0, removed: 0, unchanged: 1 });
  await run.running.poll();
  assertEquals(run.running.connections, 0);
});

Deno.test("RunningConfig lets the connections of the oldest settings go where there are too many", async () => {
  await using run = startTestRun(1);
  await using echo = startEcho();
  const tunnels: Deno.TcpConn[] = [];
  for (const idle of ["1m", "2m", "3m"]) {
    const proxy = { ...PROXY, "idle-timeout": idle };
    const config = { "drain-timeout": 0, listeners: [proxy] };
    await run.running.apply(await load(config));
    const { conn } = await ask(run.ports()[0]!, echo.addr);
    tunnels.push(conn);
  }
  assertEquals((await within(10_000, readToEnd(tunnels[0]!))).length, 0);
  for (const conn of tunnels.slice(1)) assert(await isAlive(conn));
  for (const conn of tunnels) conn.close();
});

Deno.test("RunningConfig drains what is removed, and opens what is added", async () => {
  await using run = startTestRun();
  await using echo = startEcho();
  await apply(run, PROXY);
  const [port] = run.ports();
  const { conn } = await ask(port!, echo.addr);
  const change = await run.running.apply(
    await load({
      ...{ "drain-timeout": "100ms" },
      listeners: [{ kind: "echo", listen: "127.0.0.2:0" }],
    }),
  );
  assertEquals(change, { added: 1, changed: 0, removed: 1, unchanged: 0 });
  await assertGone(port!);
  assertEquals((await within(10_000, readToEnd(conn))).length, 0);
  conn.close();
  const added = await connect(run.ports()[0]!, "127.0.0.2");
  assert(await isAlive(added));
  added.close();
});

Deno.test("RunningConfig changes nothing where one listener can't be started", async () => {
  await using run = startTestRun();
  await using echo = startEcho();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await apply(run, PROXY, ECHO);
  const ports = run.ports();
  const error = await assertRejects(
    () =>
      apply(
        run,
        { ...PROXY, rule: "default deny" },
        { kind: "hub", listen: 0 },
        { kind: "echo", listen: taken.addr.port },
      ),
    ConfigError,
  );
  assertEquals(error.problems.map(({ path, message }) => ({ path, message })), [
    {
      path: ["listeners", 2, "listen"],
      message:
        `Cannot listen on 127.0.0.1:${taken.addr.port}: the port is in use; stop what uses it, or choose another`,
    },
  ]);
  assertEquals(run.ports(), ports);
  const { conn, reply } = await ask(ports[0]!, echo.addr);
  assertEquals(reply, 0);
  conn.close();
  (await connect(ports[1]!)).close();
});

Deno.test("RunningConfig changes nothing where there are problems, and tells all", async () => {
  await using run = startTestRun();
  await apply(run, ECHO);
  const { printable } = run.running;
  const error = await assertRejects(
    () => apply(run, { ...PROXY, users: "nosuch" }, { kind: "hub", open: 1 }),
    ConfigError,
  );
  assertEquals(error.problems.length, 2);
  assertEquals(run.running.printable, printable);
  const conn = await connect(run.ports()[0]!);
  assert(await isAlive(conn));
  conn.close();
});

Deno.test("RunningConfig hands a port from one kind to another", async () => {
  await using run = startTestRun();
  await using target = startEcho();
  await apply(run, ECHO);
  const [port] = run.ports();
  const before = await connect(port!);
  assert(await isAlive(before));
  const change = await apply(run, PROXY);
  assertEquals(change, { added: 1, changed: 0, removed: 0, unchanged: 0 });
  assertEquals(run.ports(), [port]);
  assert(await isAlive(before));
  const { conn, reply } = await ask(port!, target.addr);
  assertEquals(reply, 0);
  for (const one of [before, conn]) one.close();
});

Deno.test("RunningConfig counts on where the settings of a count are the same", async () => {
  await using run = startTestRun();
  await using echo = startEcho();
  const limited = { ...PROXY, "max-connections": 2, "connection-rate": "3/h" };
  await apply(run, limited);
  const [port] = run.ports();
  const first = await ask(port!, echo.addr);
  await apply(run, { ...limited, "idle-timeout": "1m" });
  const second = await ask(port!, echo.addr);
  const third = await ask(port!, echo.addr); // One too many at once.
  second.conn.close();
  await apply(run, { ...limited, "idle-timeout": "2m" });
  const fourth = await ask(port!, echo.addr); // One too many an hour.
  const replies = [first, second, third, fourth].map(({ reply }) => reply);
  assertEquals(replies, [0, 0, 1, 1]);
  await apply(run, { ...limited, "connection-rate": "9/h" });
  const fifth = await ask(port!, echo.addr);
  assertEquals(fifth.reply, 0);
  for (const { conn } of [first, third, fourth, fifth]) conn.close();
});

Deno.test("RunningConfig keeps one count of a quota in one file", async () => {
  await using folder = await makeFolder();
  await using run = startTestRun();
  await using echo = startEcho();
  const path = `${folder.path}/quota.json`;
  const limited = {
    ...PROXY,
    ...{ "quota-per-user": "1KB", "quota-file": path },
  };
  await apply(run, { ...limited, user: "alice:secret" });
  await apply(run, { ...limited, user: ["alice:secret", "bob:secret"] });
  await apply(run, ECHO);
  const { bytes } = JSON.parse(await Deno.readTextFile(path));
  assertEquals(bytes, {});
  assertEquals(echo.accepted, 0);
});

Deno.test("RunningConfig has the clients of a hub come again, so that all hear each other", async () => {
  await using run = startTestRun();
  const hub = { kind: "hub", listen: 0 };
  await apply(run, hub);
  const [port] = run.ports();
  const conn = await connect(port!);
  await writeAll(conn, "/ping\n");
  assertEquals((await readExactly(conn, 7)).length, 7);
  await apply(run, { ...hub, names: true });
  const said = new TextDecoder().decode(await within(10_000, readToEnd(conn)));
  assertEquals(said, "* The hub is shutting down\n");
  conn.close();
  assertEquals(run.ports(), [port]);
  (await connect(port!)).close();
});

Deno.test("RunningConfig says what only a restart can change", async () => {
  await using run = startTestRun();
  await apply(run, ECHO);
  await run.running.apply(await load({ listeners: [ECHO], log: "json" }));
  assert(run.messages.includes("Restart Sluice to apply log"));
});

Deno.test("RunningConfig applies one configuration after the other, and none at the end", async () => {
  const run = startTestRun();
  await Promise.all([1, 2, 3, 4].map((n) => apply(run, { ...ECHO, chunk: n })));
  const [port] = run.ports();
  (await connect(port!)).close();
  assertEquals(await run.running.shutdown(1_000), 0);
  await assertRejects(() => apply(run, ECHO), SyntaxError);
  await assertGone(port!);
});
