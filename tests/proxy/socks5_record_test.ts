import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
} from "@std/assert";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import {
  credentials,
  dialogue,
  exchange,
  join,
  nameRequest,
  readToEof,
} from "../support/dialogue.ts";
import { GREETING, openTunnel, startTestProxy } from "../support/proxy.ts";
import { connectResettable } from "../support/reset.ts";
import {
  closedPort,
  readExactly,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";

type Logged = Partial<ConnectionEvent>;

/** When this module began, by both clocks: no connection is older. */
const [BEGAN, STARTED] = [Date.now(), performance.now()];

/** Takes what is compared out of a record; the rest differs each time. */
function facts(record: ConnectionEvent): Logged {
  const { startedAt, duration, client, listener, ...rest } = record;
  assert(duration >= 0, `${duration}`);
  assert(startedAt >= BEGAN, `${startedAt} is before ${BEGAN}`);
  assert(startedAt <= Date.now(), `${startedAt} is to come`);
  assertLess(duration, performance.now() - STARTED);
  assert(client.startsWith("127.0.0.1:"));
  assert(listener.startsWith("127.0.0.1:"));
  return rest;
}

/** Milliseconds that two clocks may differ. */
const SLACK = 5;

const NO_TUNNEL = { event: "connection", sent: 0, received: 0 } as const;

Deno.test("socks5() logs a tunnel that the client has ended", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  using conn = await openTunnel(proxy, echo.addr);
  await writeAll(conn, new Uint8Array(12_345));
  await readExactly(conn, 12_345);
  await conn.closeWrite();
  await within(5_000, readToEof(conn));
  const [record] = await proxy.whenEnded(1);
  const target = `127.0.0.1:${echo.addr.port}`;
  assertEquals(facts(record!), {
    event: "connection",
    protocol: "socks5",
    target,
    address: target,
    sent: 12_345,
    received: 12_345,
    endedFirst: "client",
    result: "ok",
    code: "client-closed",
    reason: "client closed first",
  });
  const local = conn.localAddr as Deno.NetAddr;
  assertEquals(record!.client, `127.0.0.1:${local.port}`);
  assertEquals(record!.listener, `127.0.0.1:${proxy.addr.port}`);
});

Deno.test("socks5() logs a tunnel by name and user that the target has ended", async () => {
  await using target = startServer(async (conn) => {
    await writeAll(conn, new Uint8Array(777));
    await conn.closeWrite();
    await readToEof(conn);
  });
  await using proxy = await startTestProxy({
    users: [{ name: "alice", password: "secret" }],
  });
  const { port } = target.addr;
  using conn = await proxy.connect();
  const early = "with the request";
  await writeAll(
    conn,
    join(
      [5, 1, 2],
      credentials("alice", "secret"),
      nameRequest("localhost", port),
      new TextEncoder().encode(early),
    ),
  );
  await within(5_000, readToEof(conn));
  await conn.closeWrite();
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals(facts(record!), {
    event: "connection",
    protocol: "socks5",
    user: "alice",
    target: `localhost:${port}`,
    address: `127.0.0.1:${port}`,
    sent: early.length,
    received: 777,
    endedFirst: "target",
    result: "ok",
    code: "target-closed",
    reason: "target closed first",
  });
});

Deno.test("socks5() logs how long a connection was open", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  const begun = performance.now();
  using conn = await openTunnel(proxy, echo.addr);
  const opened = performance.now();
  await delay(50); // Time is what is tested.
  const held = performance.now() - opened;
  conn.close();
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertGreaterOrEqual(record!.duration, held - SLACK);
  assertLess(record!.duration, performance.now() - begun + SLACK);
});

Deno.test("socks5() logs a tunnel without a byte", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  (await openTunnel(proxy, echo.addr)).close();
  const [record] = await within(5_000, proxy.whenEnded(1));
  const { result, sent, received, endedFirst } = record!;
  assertEquals({ result, sent, received, endedFirst }, {
    result: "ok",
    sent: 0,
    received: 0,
    endedFirst: "client",
  });
});

const REFUSED = closedPort();

const WITHOUT_TUNNEL: { name: string; said: Uint8Array; logged: Logged }[] = [
  {
    name: "a target that refuses",
    said: dialogue("127.0.0.1", REFUSED),
    logged: {
      target: `127.0.0.1:${REFUSED}`,
      result: "failed",
      code: "dial-refused",
      reason: `Cannot reach 127.0.0.1:${REFUSED}: connection refused`,
    },
  },
  {
    name: "an unknown host",
    said: dialogue("x.invalid", 443),
    logged: {
      target: "x.invalid:443",
      result: "failed",
      code: "dial-name-not-found",
      reason: "Cannot resolve x.invalid: name does not exist",
    },
  },
  {
    name: "another command",
    said: join(GREETING, [5, 9, 0, 1, 127, 0, 0, 1, 0, 80]),
    logged: {
      result: "refused",
      code: "protocol",
      reason: "Cannot serve request: CMD is 9",
    },
  },
  {
    name: "another address type",
    said: join(GREETING, [5, 1, 0, 2, 127, 0, 0, 1, 0, 80]),
    logged: {
      result: "refused",
      code: "protocol",
      reason: "Cannot parse request: ATYP is 2",
    },
  },
  {
    name: "another version",
    said: join(GREETING, [4, 1, 0, 1, 127, 0, 0, 1, 0, 80]),
    logged: {
      result: "refused",
      code: "protocol",
      reason: "Cannot parse request: VER is 4",
    },
  },
  {
    name: "no method that fits",
    said: Uint8Array.of(5, 2, 1, 2),
    logged: {
      result: "refused",
      code: "protocol",
      reason: "Client must offer no authentication (method 0); it offers 1, 2",
    },
  },
];

for (const { name, said, logged } of WITHOUT_TUNNEL) {
  Deno.test(`socks5() logs ${name}`, async () => {
    await using proxy = await startTestProxy();
    await exchange(proxy, said);
    const [record] = await within(5_000, proxy.whenEnded(1));
    assertEquals<Logged>(facts(record!), {
      ...NO_TUNNEL,
      protocol: "socks5",
      ...logged,
    });
  });
}

const LEFT: { said: number[]; count: number }[] = [
  { said: [], count: 0 },
  { said: [5], count: 1 },
  { said: [5, 1], count: 2 },
  { said: [5, 1, 0], count: 3 },
  { said: [5, 1, 0, 5, 1, 0], count: 6 },
  { said: [5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, 0], count: 12 },
];

for (const { said, count } of LEFT) {
  Deno.test(`socks5() logs a client that leaves after ${count} bytes`, async () => {
    await using proxy = await startTestProxy();
    using conn = await proxy.connect();
    await writeAll(conn, said);
    await conn.closeWrite();
    await within(5_000, readToEof(conn));
    const [record] = await within(5_000, proxy.whenEnded(1));
    assertEquals<Logged>(facts(record!), {
      ...NO_TUNNEL,
      ...(count > 0 ? { protocol: "socks5" } : {}),
      result: "dropped",
      code: "client-left",
      reason: `client closed, after ${count} bytes of the handshake`,
    });
  });
}

Deno.test("socks5() logs a client that resets in the middle of its handshake", async () => {
  await using proxy = await startTestProxy();
  const socket = await connectResettable(proxy.addr);
  const answered = once(socket, "data");
  socket.write(Uint8Array.from(GREETING));
  await answered;
  socket.resetAndDestroy();
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals<Logged>(facts(record!), {
    ...NO_TUNNEL,
    protocol: "socks5",
    result: "dropped",
    code: "client-reset",
    reason: "connection reset, after 3 bytes of the handshake",
  });
});

Deno.test("socks5() logs each connection once", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  for (let n = 1; n <= 20; n++) {
    (await openTunnel(proxy, echo.addr)).close();
    await exchange(proxy, [1, 1]);
    await within(5_000, proxy.whenEnded(2 * n));
  }
  await proxy.proxy.shutdown(0);
  assertEquals(proxy.ended.length, 40);
  assertEquals(new Set(proxy.ended.map(({ client }) => client)).size, 40);
});
