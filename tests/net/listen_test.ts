import { assert, assertEquals, assertLess } from "@std/assert";
import type { Connection } from "../../lib/net/connection.ts";
import { type Handler, serve } from "../../lib/net/listen.ts";
import { Semaphore } from "../../lib/sync/semaphore.ts";
import { eventually } from "../support/dialogue.ts";
import { assertFree, isRefused } from "../support/free_port.ts";
import { connectResettable } from "../support/reset.ts";
import {
  readExactly,
  readToEnd,
  within,
  writeAll,
} from "../support/sockets.ts";

function listen(): Deno.TcpListener {
  return Deno.listen({ hostname: "127.0.0.1", port: 0 });
}

function connectTo({ hostname, port }: Deno.NetAddr): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname, port });
}

async function echo(conn: Connection): Promise<void> {
  const buffer = new Uint8Array(1024);
  try {
    while (true) {
      const count = await conn.read(buffer);
      if (count === null) break;
      await writeAll(conn, buffer.subarray(0, count));
    }
  } finally {
    conn[Symbol.dispose]();
  }
}

async function roundTrip(addr: Deno.NetAddr): Promise<Deno.TcpConn> {
  const conn = await connectTo(addr);
  await writeAll(conn, [7]);
  assertEquals(await readExactly(conn, 1), new Uint8Array([7]));
  return conn;
}

Deno.test("serve() accepts until it is shut down", async () => {
  const server = serve(listen(), echo);
  const conns = [await roundTrip(server.addr), await roundTrip(server.addr)];
  assertEquals(server.connections, 2);
  for (const conn of conns) conn.close();
  assertEquals(await server.shutdown(5_000), 0);
  assertEquals(server.connections, 0);
});

Deno.test("serve().shutdown() lets connections finish and takes no new one", async () => {
  const server = serve(listen(), echo);
  const conn = await roundTrip(server.addr);
  const stopped = server.shutdown(60_000);
  // The listener closes once its pending accept has ended.
  assert(await eventually(() => isRefused(server.addr)), "still accepting");
  await writeAll(conn, [8]);
  assertEquals(await readExactly(conn, 1), new Uint8Array([8]));
  conn.close();
  assertEquals(await within(5_000, stopped), 0);
});

/** A handler that greets its client and serves until it is cancelled. */
function holding(reasons: unknown[] = []): Handler {
  return async (conn, context) => {
    const cancelled = Promise.withResolvers<void>();
    context.onCancel((reason) => {
      reasons.push(reason);
      cancelled.resolve();
    });
    await writeAll(conn, [1]);
    await cancelled.promise;
    conn[Symbol.dispose]();
  };
}

async function connectToHolding(addr: Deno.NetAddr): Promise<Deno.TcpConn> {
  const conn = await connectTo(addr);
  await readExactly(conn, 1);
  return conn;
}

Deno.test("serve().shutdown() cancels the remaining connections at the deadline", async () => {
  const reasons: unknown[] = [];
  const server = serve(listen(), holding(reasons));
  const conns = [
    await connectToHolding(server.addr),
    await connectToHolding(server.addr),
  ];
  assertEquals(await within(5_000, server.shutdown(50)), 2);
  assertEquals(
    (reasons[0] as Error).message,
    "Drain time of 0.05 s has passed",
  );
  for (const conn of conns) {
    assertEquals(await readToEnd(conn), new Uint8Array());
    conn.close();
  }
});

Deno.test("serve().shutdown() can be cut short by a second call", async () => {
  const server = serve(listen(), holding());
  const conn = await connectToHolding(server.addr);
  const patient = server.shutdown(60_000);
  assertEquals(await within(5_000, server.shutdown(0)), 1);
  assertEquals(await within(5_000, patient), 1);
  conn.close();
});

Deno.test("serve() tells handlers when the drain begins", async () => {
  const told = Promise.withResolvers<unknown>();
  const begun = Promise.withResolvers<void>();
  const server = serve(listen(), (conn, _context, draining) => {
    draining.onCancel(told.resolve);
    begun.resolve();
    return echo(conn);
  });
  const conn = await connectTo(server.addr);
  await begun.promise;
  const stopped = server.shutdown(60_000);
  assertEquals(
    ((await within(5_000, told.promise)) as Error).message,
    "Server is shutting down",
  );
  conn.close();
  await stopped;
});

Deno.test("serve() holds no more connections than it has slots", async () => {
  const slots = new Semaphore(1);
  const server = serve(listen(), echo, { slots });
  const first = await roundTrip(server.addr);
  const second = await connectTo(server.addr);
  await writeAll(second, [9]);
  assertEquals(server.connections, 1);
  first.close();
  assertEquals(await readExactly(second, 1), new Uint8Array([9]));
  second.close();
  await server.shutdown(5_000);
  assertEquals(slots.free, 1);
});

Deno.test("serve() asks for room when all slots are taken, and when accepting fails", async () => {
  const open: Connection[] = [];
  let asked = 0;
  const errors: Error[] = [];
  const listener = failing(errors);
  const server = serve(listener, async (conn) => {
    open.push(conn);
    await echo(conn).catch(() => {}); // Closed to make room.
  }, {
    slots: new Semaphore(1),
    makeRoom() {
      asked++;
      open.shift()?.close();
    },
  });
  const first = await connectTo(server.addr);
  await readToEnd(first); // The only slot is kept free for the next one.
  errors.push(outOfDescriptors());
  const second = await connectTo(server.addr);
  await readToEnd(second);
  const third = await connectTo(server.addr);
  await readToEnd(third);
  for (const conn of [first, second, third]) conn.close();
  await server.shutdown(5_000);
  assertEquals([asked >= 4, errors.length], [true, 0]);
});

/** A listener whose accept fails so many times, and then works. */
function failing(errors: Error[]): Deno.TcpListener {
  const listener = listen();
  const accept = listener.accept.bind(listener);
  listener.accept = () => {
    const error = errors.shift();
    return error === undefined ? accept() : Promise.reject(error);
  };
  return listener;
}

function outOfDescriptors(): Error {
  return Object.assign(new Error("Too many open files (os error 24)"), {
    code: "EMFILE",
  });
}

Deno.test("serve() outlives EMFILE and says so once", async () => {
  const told: unknown[] = [];
  const errors = Array.from({ length: 5 }, outOfDescriptors);
  const server = serve(failing(errors), echo, {
    onAcceptError: (error) => told.push(error),
  });
  const conn = await within(5_000, roundTrip(server.addr));
  assertEquals(errors.length, 0);
  assertEquals(told.length, 1);
  conn.close();
  await server.shutdown(5_000);
});

Deno.test("serve() says it again only when it has not for a time", async (t) => {
  for (
    const { tellEvery, times } of [
      { tellEvery: 60_000, times: 1 },
      { tellEvery: 0, times: 2 },
    ]
  ) {
    await t.step(`every ${tellEvery} ms`, async () => {
      const told: unknown[] = [];
      const errors = [outOfDescriptors()];
      const server = serve(failing(errors), echo, {
        onAcceptError: (error) => told.push(error),
        tellEvery,
      });
      (await roundTrip(server.addr)).close();
      errors.push(outOfDescriptors());
      (await roundTrip(server.addr)).close();
      (await roundTrip(server.addr)).close();
      assertEquals(told.length, times);
      await server.shutdown(5_000);
    });
  }
});

Deno.test("serve() continues silently when clients reset before they are accepted", async () => {
  const told: unknown[] = [];
  const server = serve(listen(), echo, {
    onAcceptError: (error) => told.push(error),
  });
  const started = performance.now();
  for (let count = 0; count < 50; count++) {
    (await connectResettable(server.addr)).resetAndDestroy();
  }
  (await roundTrip(server.addr)).close();
  // With a pause for each, doubled up to a second, it would be half a minute.
  assertLess(performance.now() - started, 5_000);
  assertEquals(told, []);
  await server.shutdown(5_000);
});

Deno.test("serve() says nothing of a client that was gone before it was accepted", async () => {
  const told: unknown[] = [];
  const errors = [
    new Deno.errors.ConnectionAborted("gone"),
    new Deno.errors.NotConnected("gone"),
    Object.assign(new Error("gone"), { code: "EPROTO" }),
  ];
  const server = serve(failing(errors), echo, {
    onAcceptError: (error) => told.push(error),
  });
  (await roundTrip(server.addr)).close();
  assertEquals(told, []);
  await server.shutdown(5_000);
});

Deno.test("serve() goes on when a handler throws", async () => {
  const thrown = Promise.withResolvers<unknown>();
  const slots = new Semaphore(1);
  let first = true;
  const server = serve(listen(), async (conn) => {
    if (!first) return await echo(conn);
    first = false;
    conn.close();
    throw new Error("mistake");
  }, { slots, onHandlerError: thrown.resolve });
  const broken = await connectTo(server.addr);
  assertEquals(((await thrown.promise) as Error).message, "mistake");
  broken.close();
  (await roundTrip(server.addr)).close();
  await server.shutdown(5_000);
  assertEquals(slots.free, 1);
});

Deno.test("serve() shuts down while it waits for descriptors", async () => {
  const errors = Array.from({ length: 1_000 }, outOfDescriptors);
  const slots = new Semaphore(1);
  const failed = Promise.withResolvers<unknown>();
  const server = serve(failing(errors), echo, {
    slots,
    onAcceptError: failed.resolve,
  });
  await within(5_000, failed.promise);
  assertEquals(await within(5_000, server.shutdown(60_000)), 0);
  assertEquals(slots.free, 1);
  assertFree(server.addr);
});
