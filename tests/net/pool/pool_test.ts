import { assert, assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../lib/net/dial_error.ts";
import { ByteReader } from "../../../lib/net/byte_reader.ts";
import { dial } from "../../../lib/net/dial.ts";
import {
  type Borrowed,
  Pool,
  type PoolOptions,
} from "../../../lib/net/pool/pool.ts";
import { Context } from "../../../lib/sync/context.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import { assertBytes, eventually } from "../../support/dialogue.ts";
import { listenAgain } from "../../support/free_port.ts";
import { connectResettable } from "../../support/reset.ts";
import { closedPort, within, writeAll } from "../../support/sockets.ts";

/** An upstream whose connections are in the test's hand. */
interface Upstream extends Disposable {
  readonly port: number;
  /** The connections that it has accepted, in order. */
  readonly conns: Deno.TcpConn[];
  /** Waits until so many were accepted. */
  accepted(count: number): Promise<void>;
}

function startUpstream(): Upstream {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns: Deno.TcpConn[] = [];
  (async () => {
    for await (const conn of listener) conns.push(conn);
  })();
  return {
    port: listener.addr.port,
    conns,
    async accepted(count) {
      assert(await eventually(() => conns.length >= count));
    },
    [Symbol.dispose]() {
      listener.close();
      for (const conn of conns) conn[Symbol.dispose]();
    },
  };
}

function startPool(port: number, options: PoolOptions): Pool {
  const loopback = [parseIpAddress("127.0.0.1")!];
  return new Pool((context) => dial(loopback, port, context), options);
}

const context = new Context();

function close(...borrowed: Borrowed[]): void {
  for (const { connection } of borrowed) connection[Symbol.dispose]();
}

Deno.test("Pool.borrow() dials each time when the pool is off", async () => {
  using upstream = startUpstream();
  using pool = startPool(upstream.port, { size: 5 });
  const first = await pool.borrow(context);
  const second = await pool.borrow(context);
  assertEquals([first.wasParked, second.wasParked], [false, false]);
  const { hits, misses, opened, idle } = pool.figures;
  assertEquals({ hits, misses, opened, idle }, {
    hits: 0,
    misses: 2,
    opened: 2,
    idle: 0,
  });
  pool.give(first);
  close(second);
  assertEquals(pool.figures.idle, 0);
});

Deno.test("Pool.borrow() hands out each connection dialled ahead once, and refills", async () => {
  using upstream = startUpstream();
  using pool = startPool(upstream.port, { mode: "ahead", size: 3 });
  assert(await eventually(() => pool.figures.idle === 3));
  const ports = new Set<number>();
  for (let n = 0; n < 6; n++) {
    assert(await eventually(() => pool.figures.idle === 3));
    const borrowed = await pool.borrow(context);
    assertEquals(borrowed.wasParked, true);
    ports.add((borrowed.connection.localAddr as Deno.NetAddr).port);
    pool.give(borrowed); // A used one is for nobody else.
  }
  assertEquals(ports.size, 6);
  assertEquals(pool.figures.hits, 6);
  assert(await eventually(() => pool.figures.idle === 3));
  assertEquals(pool.figures.opened, 9);
});

Deno.test("Pool.borrow() hands out returned connections, the last first", async () => {
  using upstream = startUpstream();
  using pool = startPool(upstream.port, { mode: "reuse", size: 2 });
  const borrowed = [];
  for (let n = 0; n < 3; n++) borrowed.push(await pool.borrow(context));
  for (const one of borrowed) pool.give(one);
  assertEquals(pool.figures.idle, 2);
  assertEquals(pool.figures.evicted.full, 1);
  const again = await pool.borrow(context);
  assertEquals(again.duplex === borrowed[2]!.duplex, true);
  assertEquals(again.wasParked, true);
  assertEquals(again.openedAt, borrowed[2]!.openedAt);
  close(again);
});

Deno.test("Pool gives up a parked connection that ends", async () => {
  using upstream = startUpstream();
  using pool = startPool(upstream.port, { mode: "reuse", size: 2 });
  pool.give(await pool.borrow(context));
  await upstream.accepted(1);
  upstream.conns[0]!.close();
  assert(await eventually(() => pool.figures.evicted.ended === 1));
  assertEquals(pool.figures.idle, 0);
  const next = await pool.borrow(context);
  assertEquals(next.wasParked, false);
  close(next);
});

Deno.test("Pool gives up a parked connection that half-closes", async () => {
  using upstream = startUpstream();
  using pool = startPool(upstream.port, { mode: "reuse", size: 2 });
  pool.give(await pool.borrow(context));
  await upstream.accepted(1);
  await upstream.conns[0]!.closeWrite();
  assert(await eventually(() => pool.figures.evicted.ended === 1));
});

Deno.test("Pool gives up a parked connection that is reset", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const socket = await connectResettable(listener.addr);
  using connection = await listener.accept();
  const address = parseIpAddress("127.0.0.1")!;
  using pool = new Pool(() => Promise.resolve({ connection, address }), {
    mode: "ahead",
    size: 1,
  });
  assert(await eventually(() => pool.figures.idle === 1));
  socket.resetAndDestroy();
  assert(await eventually(() => pool.figures.evicted.ended > 0));
});

for (const mode of ["ahead", "reuse"] as const) {
  Deno.test(`Pool gives up with ${mode} a parked connection that speaks`, async () => {
    using upstream = startUpstream();
    using pool = startPool(upstream.port, { mode, size: 1 });
    if (mode === "reuse") pool.give(await pool.borrow(context));
    await upstream.accepted(1);
    await writeAll(upstream.conns[0]!, "hello");
    assert(await eventually(() => pool.figures.evicted.spoke === 1));
    const next = await pool.borrow(context);
    assertEquals(next.duplex.received, 0);
    close(next);
  });
}

Deno.test("Pool keeps a server's first bytes for the client", async () => {
  using upstream = startUpstream();
  using pool = startPool(upstream.port, {
    mode: "ahead",
    size: 1,
    serverSpeaksFirst: true,
  });
  await upstream.accepted(1);
  await writeAll(upstream.conns[0]!, "220 ready\r\n");
  assert(await eventually(() => pool.figures.idle === 1));
  const borrowed = await pool.borrow(context);
  const greeting = new TextEncoder().encode("220 ready\r\n");
  const reader = new ByteReader(borrowed.duplex);
  assertBytes(await reader.readExact(greeting.length), greeting);
  await upstream.accepted(2);
  close(borrowed);
});

Deno.test("Pool evicts connections that are parked too long or too old", async () => {
  using upstream = startUpstream();
  const cases: [PoolOptions, "idle" | "aged"][] = [
    [{ idleTimeout: 1, maxAge: 0 }, "idle"],
    [{ idleTimeout: 0, maxAge: 1 }, "aged"],
  ];
  for (const [options, why] of cases) {
    using pool = startPool(upstream.port, {
      mode: "ahead",
      size: 1,
      ...options,
    });
    assert(await eventually(() => pool.figures.evicted[why] > 0));
  }
});

Deno.test("Pool.give() closes a connection whose end was read before", async () => {
  using upstream = startUpstream();
  using pool = startPool(upstream.port, { size: 5, mode: "reuse" });
  const borrowed = await pool.borrow(context);
  await upstream.accepted(1);
  upstream.conns[0]!.close();
  assertEquals(await borrowed.duplex.inbox.peek(), undefined);
  pool.give(borrowed);
  const { idle, evicted } = pool.figures;
  assertEquals([idle, evicted.ended], [0, 1]);
  const next = await pool.borrow(context);
  assertEquals(next.wasParked, false);
  close(next);
});

Deno.test("Pool.give() closes a connection that is too old", async () => {
  using upstream = startUpstream();
  using pool = startPool(upstream.port, {
    mode: "reuse",
    size: 1,
    maxAge: 1,
  });
  const borrowed = await pool.borrow(context);
  assert(await eventually(() => performance.now() > borrowed.openedAt + 1));
  pool.give(borrowed);
  assertEquals(pool.figures.idle, 0);
});

Deno.test("Pool.borrow() hands out no connection that ended just before", async () => {
  using upstream = startUpstream();
  using pool = startPool(upstream.port, { mode: "reuse", size: 20 });
  const borrowed = [];
  for (let n = 0; n < 20; n++) borrowed.push(await pool.borrow(context));
  for (const one of borrowed) pool.give(one);
  await upstream.accepted(20);
  for (const conn of upstream.conns.splice(0)) conn.close();
  // An event of a socket, as the arrival of a client is.
  await Deno.connect({ port: upstream.port }).then((conn) => conn.close());
  const next = await pool.borrow(context);
  assertEquals(next.wasParked, false);
  close(next);
});

Deno.test("Pool backs off while the upstream refuses, and fills when it is back", async () => {
  const port = closedPort();
  let dials = 0;
  const loopback = [parseIpAddress("127.0.0.1")!];
  using pool = new Pool((context) => {
    dials++;
    return dial(loopback, port, context);
  }, { mode: "ahead", size: 20 });
  await assertRejects(
    () => pool.borrow(context),
    DialError,
    "connection refused",
  );
  assert(dials <= 20, `${dials} dials`);
  using listener = listenAgain({ hostname: "127.0.0.1", port });
  const conns: Deno.TcpConn[] = [];
  const accepting = (async () => {
    for await (const conn of listener) conns.push(conn);
  })();
  assert(await eventually(() => pool.figures.idle === 20));
  pool.close();
  listener.close();
  await accepting;
  for (const conn of conns) conn.close();
});

Deno.test("Pool does not redial in a loop when connections end immediately", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let accepted = 0;
  const accepting = (async () => {
    for await (const conn of listener) {
      accepted++;
      conn.close();
    }
  })();
  const pool = startPool(listener.addr.port, { mode: "ahead", size: 4 });
  // Two trials, the second after a longer pause.
  assert(await eventually(() => accepted >= 6));
  assert(accepted <= 10, `${accepted} dials`);
  pool.close();
  listener.close();
  await accepting;
});

Deno.test("Pool.close() closes parked and pending connections", async () => {
  using upstream = startUpstream();
  const pool = startPool(upstream.port, { mode: "ahead", size: 4 });
  const borrowed = await pool.borrow(context);
  pool.close();
  pool.close();
  pool.give(borrowed);
  assertEquals(pool.figures.idle, 0);
  await upstream.accepted(1);
  for (const conn of upstream.conns) {
    assertEquals(await within(5_000, conn.read(new Uint8Array(1))), null);
  }
});

Deno.test("Pool refills soon when a client's dial shows that the upstream is back", async () => {
  let isDown = true;
  using upstream = startUpstream();
  const loopback = [parseIpAddress("127.0.0.1")!];
  let failures = 0;
  using pool = new Pool((context) => {
    if (!isDown) return dial(loopback, upstream.port, context);
    failures++;
    return Promise.reject(new Error("down"));
  }, { mode: "ahead", size: 2 });
  // By now the next attempt is far away.
  assert(await eventually(() => failures >= 8, 10_000));
  isDown = false;
  const begin = performance.now();
  close(await pool.borrow(context));
  assert(await eventually(() => pool.figures.idle === 2));
  // One that is tried has to stay for a second; the next pause was far longer.
  assert(performance.now() - begin < 1_800);
});

Deno.test("Pool.borrow() evicts a connection that became too old since the last sweep", async () => {
  using upstream = startUpstream();
  using pool = startPool(upstream.port, {
    mode: "reuse",
    size: 1,
    idleTimeout: 30,
  });
  pool.give(await pool.borrow(context));
  const parkedAt = performance.now();
  while (performance.now() - parkedAt < 35); // Nothing is looked at meanwhile.
  const next = await pool.borrow(context);
  assertEquals([next.wasParked, pool.figures.evicted.idle], [false, 1]);
  close(next);
});
