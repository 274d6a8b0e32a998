import { assert, assertEquals, assertLess } from "@std/assert";
import { Duplex } from "../../lib/net/duplex.ts";
import {
  tunnel,
  type TunnelOptions,
  type TunnelResult,
} from "../../lib/net/tunnel.ts";
import { Context } from "../../lib/sync/context.ts";
import { eventually } from "../support/dialogue.ts";
import { connectResettable, resettable } from "../support/reset.ts";
import {
  readExactly,
  readToEnd,
  socketPair,
  within,
  writeAll,
} from "../support/sockets.ts";
import { pass } from "../support/time.ts";

interface Fixture extends Disposable {
  client: Deno.TcpConn;
  target: Deno.TcpConn;
  context: Context;
  done: Promise<TunnelResult>;
}

/** A tunnel between two connections, with the far end of each in hand. */
async function openTunnel(options: TunnelOptions = {}): Promise<Fixture> {
  const [client, a] = await socketPair();
  const [target, b] = await socketPair();
  const context = new Context();
  return {
    client,
    target,
    context,
    done: tunnel(new Duplex(a), new Duplex(b), context, options),
    [Symbol.dispose]() {
      for (const conn of [client, a, b, target]) conn[Symbol.dispose]();
    },
  };
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("tunnel() delivers the answer of a half-closed client", async () => {
  using it = await openTunnel();
  await writeAll(it.client, "question");
  await it.client.closeWrite();
  assertEquals(text(await readToEnd(it.target)), "question");
  await writeAll(it.target, "answer");
  await it.target.closeWrite();
  assertEquals(text(await readToEnd(it.client)), "answer");
  assertEquals(await it.done, {
    sent: 8,
    received: 6,
    endedFirst: "client",
    error: undefined,
  });
});

Deno.test("tunnel() delivers a client's bytes after the target has ended", async () => {
  using it = await openTunnel();
  await writeAll(it.target, "banner");
  await it.target.closeWrite();
  assertEquals(text(await readToEnd(it.client)), "banner");
  await writeAll(it.client, "late");
  await it.client.closeWrite();
  assertEquals(text(await readToEnd(it.target)), "late");
  const { sent, received, endedFirst, error } = await it.done;
  assertEquals({ sent, received, endedFirst, error }, {
    sent: 4,
    received: 6,
    endedFirst: "target",
    error: undefined,
  });
});

Deno.test("tunnel() counts only what goes through it", async () => {
  const [client, a] = await socketPair();
  const [target, b] = await socketPair();
  const near = new Duplex(a);
  const far = new Duplex(b);
  const writer = near.writable.getWriter();
  await writer.write(new Uint8Array(5));
  writer.releaseLock();
  const done = tunnel(near, far, new Context());
  await client.closeWrite();
  await target.closeWrite();
  const { sent, received } = await done;
  assertEquals([sent, received], [0, 0]);
  for (const conn of [client, a, b, target]) conn.close();
});

Deno.test("tunnel() ends both directions immediately when cancelled", async () => {
  using it = await openTunnel();
  await writeAll(it.client, "x");
  await readExactly(it.target, 1);
  it.context.cancel(new Error("drain"));
  const { error, endedFirst, sent } = await within(5_000, it.done);
  assertEquals((error as Error).message, "drain");
  assertEquals([endedFirst, sent], [undefined, 1]);
  assertEquals(await readToEnd(it.client), new Uint8Array());
  assertEquals(await readToEnd(it.target), new Uint8Array());
});

Deno.test("tunnel() ends immediately when cancelled before it began", async () => {
  const [client, a] = await socketPair();
  const [target, b] = await socketPair();
  const context = new Context();
  context.cancel(new Error("too late"));
  const { error } = await within(
    2_000,
    tunnel(new Duplex(a), new Duplex(b), context),
  );
  assertEquals((error as Error).message, "too late");
  for (const conn of [client, target]) conn.close();
});

/** Fills a connection until its peer's side takes no more. */
async function flood(conn: Deno.TcpConn, stalled: () => void): Promise<void> {
  const chunk = new Uint8Array(256 * 1024);
  let timer = setTimeout(stalled, 300);
  try {
    while (true) {
      await conn.write(chunk);
      clearTimeout(timer);
      timer = setTimeout(stalled, 300);
    }
  } catch {
    // Closed by the cancellation.
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("tunnel() ends when cancelled while neither side reads", async () => {
  using it = await openTunnel();
  const up = Promise.withResolvers<void>();
  const down = Promise.withResolvers<void>();
  const floods = [
    flood(it.client, up.resolve),
    flood(it.target, down.resolve),
  ];
  await Promise.all([up.promise, down.promise]);
  it.context.cancel(new Error("drain"));
  const { error } = await within(5_000, it.done);
  assertEquals((error as Error).message, "drain");
  it.client.close();
  it.target.close();
  await Promise.all(floods);
});

Deno.test("tunnel() says which side was reset and ends the other", async (t) => {
  for (const end of ["client", "target"] as const) {
    await t.step(end, async () => {
      const { conn, reset } = await resettable();
      const [other, far] = await socketPair();
      const [client, target] = end === "client" ? [conn, far] : [far, conn];
      const done = tunnel(
        new Duplex(client),
        new Duplex(target),
        new Context(),
      );
      reset();
      const { endedFirst, error } = await within(5_000, done);
      assertEquals(endedFirst, end);
      assert(error instanceof Deno.errors.ConnectionReset, String(error));
      assertEquals(await within(5_000, readToEnd(other)), new Uint8Array());
      other.close();
    });
  }
});

Deno.test("tunnel() distinguishes the end that failed from the end that ended first", async () => {
  const { conn, reset, ended } = await resettable();
  const [client, near] = await socketPair();
  const done = tunnel(new Duplex(near), new Duplex(conn), new Context());
  await client.closeWrite();
  await within(5_000, ended()); // Only then it resets.
  reset();
  const { endedFirst, failed } = await within(5_000, done);
  assertEquals([endedFirst, failed], ["client", "target"]);
  client.close();
  near[Symbol.dispose]();
  conn[Symbol.dispose]();
});

Deno.test("tunnel() cuts the direction that is left when it stands still", async (t) => {
  for (const end of ["client", "target"] as const) {
    await t.step(`${end} ends first`, async () => {
      using it = await openTunnel({ halfCloseTimeout: 80 });
      const started = performance.now();
      await it[end].closeWrite();
      const { endedFirst, error } = await within(5_000, it.done);
      assertEquals(endedFirst, end);
      assertEquals(
        (error as Error).message,
        "Half-close time of 0.08 s has passed",
      );
      assert(performance.now() - started >= 80);
    });
  }
});

Deno.test("tunnel() lets the direction that is left live while it moves", async () => {
  using it = await openTunnel({ halfCloseTimeout: 200 });
  await it.client.closeWrite();
  assertEquals(await readToEnd(it.target), new Uint8Array());
  const started = performance.now();
  let bytes = 0;
  while (performance.now() - started < 600) {
    await writeAll(it.target, "x");
    await readExactly(it.client, 1);
    bytes++;
    await pass(10);
  }
  await it.target.closeWrite();
  const { error, received } = await it.done;
  assertEquals([error, received], [undefined, bytes]);
});

Deno.test("tunnel() ends both directions immediately when the half-close time is 0", async () => {
  using it = await openTunnel({ halfCloseTimeout: 0 });
  await it.client.closeWrite();
  const { endedFirst } = await within(5_000, it.done);
  assertEquals(endedFirst, "client");
  assertEquals(await readToEnd(it.target), new Uint8Array());
});

Deno.test("tunnel() ends when no byte comes either way", async () => {
  using it = await openTunnel({ idleTimeout: 80 });
  await writeAll(it.client, "x");
  await readExactly(it.target, 1);
  const started = performance.now();
  const { error, endedFirst } = await within(5_000, it.done);
  assertEquals((error as Error).message, "Idle time of 0.08 s has passed");
  assertEquals(endedFirst, undefined);
  assert(performance.now() - started >= 70);
});

Deno.test("tunnel() stops the sender when the receiver does not read", async () => {
  using it = await openTunnel();
  const stalled = Promise.withResolvers<void>();
  const flooding = flood(it.client, stalled.resolve);
  await stalled.promise;
  it.context.cancel(new Error("enough"));
  const { sent } = await within(5_000, it.done);
  assertLess(sent, 64_000_000);
  it.client.close();
  await flooding;
});

Deno.test("tunnel() carries bytes unchanged whatever sizes they come in", async () => {
  using it = await openTunnel();
  const sizes = [1, 4095, 4096, 4097, 65_536, 1, 3_000_000, 10, 70_000, 5];
  const sent = new Uint8Array(sizes.reduce((sum, size) => sum + size));
  for (let n = 0; n < sent.length; n++) sent[n] = n * 31 + (n >> 8);
  const arriving = readToEnd(it.target);
  let offset = 0;
  for (const size of sizes) {
    await writeAll(it.client, sent.subarray(offset, offset + size));
    offset += size;
  }
  await it.client.closeWrite();
  const got = await arriving;
  assertEquals(got.length, sent.length);
  assert(got.every((byte, index) => byte === sent[index]));
  await it.target.closeWrite();
  assertEquals((await it.done).sent, sent.length);
});

/** Reads what the kept target of a tunnel says next. */
async function readKept(duplex: Duplex): Promise<Uint8Array> {
  const reader = duplex.readable.getReader();
  const { value } = await within(5_000, reader.read());
  reader.releaseLock();
  return value!.slice();
}

Deno.test("tunnel() keeps the target for the next client when this one leaves in good order", async () => {
  const [target, b] = await socketPair();
  using _target = target;
  using _b = b;
  const kept = new Duplex(b);
  for (let n = 0; n < 20; n++) {
    const [client, a] = await socketPair();
    using _client = client;
    using _a = a;
    const options = { keepTarget: 8, halfCloseTimeout: 5_000 };
    const done = tunnel(new Duplex(a), kept, new Context(), options);
    await writeAll(client, `ask ${n}`);
    assertEquals(
      text(await readExactly(target, `ask ${n}`.length)),
      `ask ${n}`,
    );
    // The client half-closes before its answer comes, and gets it all the same.
    if (n % 2 === 0) await client.closeWrite();
    await writeAll(target, "answer");
    assertEquals(text(await readExactly(client, 6)), "answer");
    if (n % 2 === 1) client.close();
    const result = await within(5_000, done);
    assertEquals(result.isTargetKept, true);
    assertEquals([result.sent, result.received], [`ask ${n}`.length, 6]);
    assertEquals(result.error, undefined);
  }
  await writeAll(target, "late");
  assertEquals(text(await readKept(kept)), "late");
});

Deno.test("tunnel() waits for an answer that is owed before it keeps the target", async () => {
  using it = await openTunnel({ keepTarget: 8, halfCloseTimeout: 5_000 });
  await writeAll(it.client, "ask");
  await it.client.closeWrite();
  await readExactly(it.target, 3);
  await pass(50); // So slow is the answer.
  await writeAll(it.target, "slow");
  assertEquals(text(await readExactly(it.client, 4)), "slow");
  assertEquals((await within(5_000, it.done)).isTargetKept, true);
});

Deno.test("tunnel() does not keep a target that owes an answer", async () => {
  using it = await openTunnel({ keepTarget: 8, halfCloseTimeout: 40 });
  await writeAll(it.client, "ask");
  await it.client.closeWrite();
  const result = await within(5_000, it.done);
  assertEquals(result.isTargetKept, undefined);
  assertEquals((result.error as Error).name, "TimeoutError");
});

Deno.test("tunnel() does not keep a target that has ended", async () => {
  using it = await openTunnel({ keepTarget: 8 });
  await writeAll(it.target, "bye");
  await it.target.closeWrite();
  assertEquals(text(await readToEnd(it.client)), "bye");
  await it.client.closeWrite();
  const result = await within(5_000, it.done);
  assertEquals(result.isTargetKept, undefined);
  assertEquals(result.endedFirst, "target");
});

Deno.test("tunnel() does not keep a target whose end the client does not take", async () => {
  const closing = Promise.withResolvers<void>();
  const slow = new Duplex({
    read: () => Promise.resolve(null),
    write: (bytes) => Promise.resolve(bytes.length),
    closeWrite: () => closing.promise,
    [Symbol.dispose]: () => closing.reject(new Error("Closed")),
  });
  const [target, b] = await socketPair();
  using _target = target;
  using _b = b;
  const options = { keepTarget: 40, halfCloseTimeout: 5_000 };
  const done = tunnel(slow, new Duplex(b), new Context(), options);
  await target.closeWrite();
  const result = await within(5_000, done);
  assertEquals(result.isTargetKept, undefined);
});

Deno.test("tunnel() keeps the target at its own idle timeout, unless a write is blocked", async () => {
  {
    using it = await openTunnel({ keepTarget: 8, idleTimeout: 40 });
    const result = await within(5_000, it.done);
    assertEquals(result.isTargetKept, true);
    assertEquals((result.error as Error).name, "TimeoutError");
  }
  {
    using it = await openTunnel({ keepTarget: 8, idleTimeout: 200 });
    // The target does not read: what it is sent fills the buffers.
    writeAll(it.client, new Uint8Array(32 * 1024 * 1024)).catch(() => {});
    const result = await within(10_000, it.done);
    assertEquals(result.isTargetKept, undefined);
    assertEquals((result.error as Error).name, "TimeoutError");
  }
});

Deno.test("tunnel() does not keep the target of a client that resets in mid-message", async () => {
  const { conn, reset } = await resettable();
  const [target, b] = await socketPair();
  const done = tunnel(new Duplex(conn), new Duplex(b), new Context(), {
    keepTarget: 8,
  });
  reset();
  const result = await within(5_000, done);
  assertEquals(result.isTargetKept, undefined);
  assertEquals(result.failed, "client");
  for (const one of [conn, target, b]) one[Symbol.dispose]();
});

Deno.test("tunnel() gives each end its own time after the other's end", async () => {
  const halfCloseTimeout = { client: Infinity, target: 0 };
  for (const end of ["client", "target"] as const) {
    const [user, client] = await socketPair();
    const [target, server] = await socketPair();
    using _user = user;
    using _client = client;
    using _target = target;
    using _server = server;
    const tunnelled = tunnel(
      new Duplex(client),
      new Duplex(target),
      new Context(),
      { halfCloseTimeout, idleTimeout: end === "client" ? 100 : 0 },
    );
    await (end === "client" ? user : server).closeWrite();
    const { endedFirst, error } = await within(5_000, tunnelled);
    assertEquals(endedFirst, end);
    // The idle timeout goes on where there is no other.
    assertEquals(error instanceof DOMException, end === "client");
  }
});

Deno.test("tunnel() notices a reset of the end that it does not read from", async () => {
  for (const end of ["client", "target"] as const) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const [socket, conn] = await Promise.all([
      connectResettable(listener.addr),
      listener.accept(),
    ]);
    const [far, stuck] = await socketPair();
    const [speaker, silent] = [new Duplex(conn), new Duplex(stuck)];
    const [client, target] = end === "client"
      ? [speaker, silent]
      : [silent, speaker];
    const done = tunnel(client, target, new Context(), { idleTimeout: 4_000 });
    // The far end reads nothing: what comes fills the buffers and is stuck.
    socket.write(new Uint8Array(64 * 1024 * 1024));
    let sent = -1;
    assert(
      await eventually(() => {
        const isStuck = silent.isWriting && silent.sent === sent;
        sent = silent.sent;
        return isStuck;
      }),
    );
    socket.resetAndDestroy();
    const result = await within(10_000, done);
    assertEquals(result.failed, end, String(result.error));
    for (const one of [conn, far, stuck]) one[Symbol.dispose]();
  }
});

Deno.test("tunnel() does not take its own end of file for a reset of the peer", async () => {
  using it = await openTunnel({ idleTimeout: 800, halfCloseTimeout: 800 });
  await it.client.closeWrite();
  assertEquals(await within(5_000, it.target.read(new Uint8Array(1))), null);
  // The client reads slowly: what the target says is stuck meanwhile.
  const writing = writeAll(it.target, new Uint8Array(16 * 1024 * 1024));
  await pass(300);
  const all = readToEnd(it.client);
  await within(10_000, writing);
  await it.target.closeWrite();
  assertEquals((await within(10_000, all)).length, 16 * 1024 * 1024);
  assertEquals((await it.done).error, undefined);
});
