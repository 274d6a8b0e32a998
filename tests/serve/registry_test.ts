import { assert, assertEquals, assertThrows } from "@std/assert";
import { Registry } from "../../lib/serve/registry.ts";
import { Refusal } from "../../lib/policy/limits/refusal.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import { Context } from "../../lib/sync/context.ts";
import { watched } from "../support/admin.ts";
import { eventually } from "../support/dialogue.ts";
import { startHttp } from "../support/programs.ts";
import { openTunnel, startTestProxy } from "../support/proxy.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";

function record(given: Partial<ConnectionEvent> = {}): ConnectionEvent {
  return {
    event: "connection",
    code: "client-closed",
    startedAt: 0,
    duration: 0,
    listener: "127.0.0.1:1",
    client: "127.0.0.1:2",
    sent: 0,
    received: 0,
    result: "ok",
    reason: "",
    ...given,
  };
}

function listen(registry: Registry) {
  return registry.listen({ name: "a", kind: "proxy", isPublic: false });
}

Deno.test("Registry.totals counts what has ended, and forgets the connection", () => {
  const registry = new Registry();
  const watch = listen(registry);
  for (let n = 0; n < 7; n++) {
    const context = new Context();
    watch.enter({ record: record(), context }).leave(false);
  }
  assertEquals([registry.size, watch.open, watch.total], [0, 0, 7]);
});

Deno.test("Registry.ban() refuses a client on all listeners until it is lifted", () => {
  const registry = new Registry();
  const watch = listen(registry);
  watch.requireUnbanned("192.0.2.1");
  registry.ban("192.0.2.1", 60_000);
  registry.ban("2001:db8::1", 30_000);
  for (const client of ["192.0.2.1", "2001:db8::2"]) {
    const error = assertThrows(() => watch.requireUnbanned(client), Refusal);
    assertEquals((error as Refusal).kind, "banned");
  }
  watch.requireUnbanned("192.0.2.2");
  const [banned] = registry.bans;
  assertEquals(banned!.list().map(({ failed, key }) => [key, failed]), [
    ["192.0.2.1", 0],
    ["2001:db8::/64", 0],
  ]);
  assertEquals(banned!.lift("192.0.2.1"), true);
  watch.requireUnbanned("192.0.2.1");
});

Deno.test("Registry.listen() goes on counting for a listener that was there before", () => {
  const registry = new Registry();
  const context = new Context();
  listen(registry).enter({ record: record({ sent: 5 }), context }).leave(false);
  assertEquals(listen(registry).total, 1);
  assertEquals(registry.totals, { open: 0, total: 1, sent: 5, received: 0 });
});

Deno.test("Registry knows a tunnel while it is open, and what it has carried", async () => {
  await using echo = startEcho();
  const registry = new Registry();
  const timed: [string, number][] = [];
  registry.onTime((name, time) => timed.push([name, time]));
  await using test = await startTestProxy({ host: watched(registry) });
  const conn = await openTunnel(test, echo.addr);
  await writeAll(conn, "hello");
  await readExactly(conn, 5);
  const [[watch, live]] = [...registry.open] as [[
    ReturnType<typeof listen>,
    NonNullable<ReturnType<Registry["get"]>>,
  ]];
  assertEquals(watch.name, test.proxy.listeners[0]!.name);
  assertEquals(live.state, "open");
  assertEquals(live.session.record.target, `127.0.0.1:${echo.addr.port}`);
  assertEquals(live.carried, { sent: 5, received: 5 });
  assertEquals(registry.totals, { open: 1, total: 1, sent: 5, received: 5 });
  assertEquals(live.phases.map(({ name }) => name), [
    "rule",
    "resolve",
    "rule",
    "dial",
    "tunnel",
  ]);
  // The way to the request is timed from the accept, and is no phase.
  assertEquals(timed.shift()![0], "handshake");
  assertEquals(
    timed,
    live.phases.slice(0, -1).map((
      { name, start, end },
    ) => [name, end! - start]),
  );
  for (const [name, time] of timed) assert(time >= 0, name);
  assertEquals(live.phases.at(-1)!.end, undefined);
  conn.close();
  await within(5_000, test.whenEnded(1));
  assertEquals(registry.totals, { open: 0, total: 1, sent: 5, received: 5 });
  assertEquals(watch.connections.get("socks5 ok")?.count, 1);
  assertEquals(registry.get(live.id), undefined);
});

Deno.test("Registry counts without times if nobody asks for them", async () => {
  await using echo = startEcho();
  const registry = new Registry({ isTimed: false });
  const timed: unknown[] = [];
  registry.onTime((name) => timed.push(name));
  await using test = await startTestProxy({ host: watched(registry) });
  const conn = await openTunnel(test, echo.addr);
  await writeAll(conn, "hello");
  await readExactly(conn, 5);
  const [[watch, live]] = [...registry.open] as [
    typeof registry.open[number],
  ];
  assertEquals([live.state, live.phases], ["open", []]);
  assertEquals(registry.totals, { open: 1, total: 1, sent: 5, received: 5 });
  conn.close();
  await within(5_000, test.whenEnded(1));
  assertEquals(registry.totals, { open: 0, total: 1, sent: 5, received: 5 });
  assertEquals(watch.connections.get("socks5 ok")?.count, 1);
  const target = { hostname: "127.0.0.1", port: closedPort() };
  await openTunnel(test, target).catch(() => {});
  await within(5_000, test.whenEnded(2));
  assertEquals([...watch.refusals], [["dial-refused", 1]]);
  assertEquals(timed, []);
});

Deno.test("LiveConnection.state tells a tunnel of which one direction has ended", async () => {
  const end = Promise.withResolvers<void>();
  await using target = startServer(async (conn) => {
    await readToEnd(conn);
    await writeAll(conn, "x");
    await end.promise;
  });
  const registry = new Registry();
  await using test = await startTestProxy({ host: watched(registry) });
  using conn = await openTunnel(test, target.addr);
  await conn.closeWrite();
  await readExactly(conn, 1);
  const live = registry.get(1)!;
  assertEquals(live.state, "half-closed");
  end.resolve();
  await within(5_000, test.whenEnded(1));
});

Deno.test("LiveConnection.kill() ends a tunnel, and the log says who it was", async () => {
  await using echo = startEcho();
  const registry = new Registry();
  await using test = await startTestProxy({ host: watched(registry) });
  using conn = await openTunnel(test, echo.addr);
  registry.get(1)!.kill(new Error("Ended by the operator"));
  assertEquals((await within(5_000, readToEnd(conn))).length, 0);
  const [event] = await within(5_000, test.whenEnded(1));
  assertEquals([event!.result, event!.reason], [
    "cut",
    "Ended by the operator",
  ]);
});

Deno.test("LiveConnection.kill() ends a connection that has said nothing", async () => {
  const registry = new Registry();
  await using test = await startTestProxy({ host: watched(registry) });
  using conn = await test.connect();
  assert(await eventually(() => registry.size === 1));
  assertEquals(registry.get(1)!.state, "handshake");
  registry.get(1)!.kill(new Error("Ended by the operator"));
  assertEquals((await within(5_000, readToEnd(conn))).length, 0);
  const [event] = await within(5_000, test.whenEnded(1));
  assertEquals(event!.result, "dropped");
  assert(event!.reason.startsWith("Ended by the operator"));
});

Deno.test("ListenerWatch counts refusals by reason, and connections by result", async () => {
  const registry = new Registry();
  await using test = await startTestProxy({ host: watched(registry) });
  const target = { hostname: "127.0.0.1", port: closedPort() };
  for (let n = 1; n <= 2; n++) {
    await openTunnel(test, target).catch(() => {});
    await within(5_000, test.whenEnded(n));
  }
  const conn = await test.connect();
  await writeAll(conn, [0x80]);
  await readToEnd(conn);
  conn.close();
  await within(5_000, test.whenEnded(3));
  const [watch] = registry.listeners;
  assertEquals([...watch!.refusals], [["dial-refused", 2], ["protocol", 1]]);
  assertEquals(
    [...watch!.connections.values()].map(({ count, protocol, result }) =>
      `${protocol} ${result} ${count}`
    ),
    ["socks5 failed 2", "unknown refused 1"],
  );
});

Deno.test("ListenerWatch counts HTTP requests one by one, and their connection once", async () => {
  await using server = startHttp(() => new Response("12345"));
  const registry = new Registry();
  const told: number[] = [];
  registry.onEnd(({ id }) => told.push(id));
  await using test = await startTestProxy({ host: watched(registry) });
  const conn = await test.connect();
  const at = `127.0.0.1:${server.addr.port}`;
  const request = `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`;
  for (let n = 1; n <= 3; n++) {
    await writeAll(conn, request);
    await within(5_000, test.whenEnded(n));
  }
  const sums = () => {
    const { sent, received } = registry.totals;
    return { sent, received };
  };
  const logged = { sent: 0, received: 0 };
  for (const { received, sent } of test.ended) {
    logged.sent += sent;
    logged.received += received;
  }
  // Open, between two requests, and closed: the same bytes, each once.
  assertEquals(sums(), logged);
  assertEquals([...registry.listeners[0]!.requests], [["ok", 3]]);
  assertEquals(registry.totals.total, 1);
  conn.close();
  assert(await eventually(() => registry.size === 0));
  assertEquals(sums(), logged);
  const { connections, requests } = registry.listeners[0]!;
  assertEquals([...requests], [["ok", 3]]);
  assertEquals([...connections.keys()], ["http ok"]);
  assertEquals(told, [1, 1, 1]);
});

Deno.test("Registry.totals counts each byte of a CONNECT after requests once", async () => {
  await using server = startHttp(() => new Response("12345"));
  await using echo = startEcho();
  const registry = new Registry();
  await using test = await startTestProxy({ host: watched(registry) });
  const conn = await test.connect();
  const at = `127.0.0.1:${server.addr.port}`;
  await writeAll(conn, `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`);
  await within(5_000, test.whenEnded(1));
  const to = `127.0.0.1:${echo.addr.port}`;
  await writeAll(conn, `CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n\r\nhello`);
  let text = "";
  const buffer = new Uint8Array(4096);
  while (!text.endsWith("hello")) {
    const count = await within(5_000, conn.read(buffer));
    text += new TextDecoder().decode(buffer.subarray(0, count!));
  }
  const open = registry.totals;
  conn.close();
  await within(5_000, test.whenEnded(2));
  const sum = (key: "sent" | "received") =>
    test.ended.reduce((total, event) => total + event[key], 0);
  assertEquals([open.sent, open.received], [sum("sent"), sum("received")]);
  const { received, sent } = registry.totals;
  assertEquals([sent, received], [open.sent, open.received]);
});
