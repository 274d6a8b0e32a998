import { assert, assertEquals, assertRejects } from "@std/assert";
import { LARGE_BUFFERS } from "../../lib/net/buffer_pool.ts";
import type { ByteChannel } from "../../lib/net/connection.ts";
import { Duplex } from "../../lib/net/duplex.ts";
import { EarlyReader } from "../../lib/net/early_reader.ts";
import { eventually } from "../support/dialogue.ts";
import { nextBytes, takeInPlace } from "../support/next_bytes.ts";
import { connectResettable, resettable } from "../support/reset.ts";
import {
  readExactly,
  readToEnd,
  socketPair,
  within,
  writeAll,
} from "../support/sockets.ts";

Deno.test("Duplex.readable leaves the connection writable after end of file", async () => {
  const [peer, conn] = await socketPair();
  const duplex = new Duplex(conn);
  await writeAll(peer, "question");
  await peer.closeWrite();
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of duplex.readable) text += decoder.decode(chunk);
  assertEquals(text, "question");
  await duplex.write(new TextEncoder().encode("answer"));
  await duplex.closeWrite();
  assertEquals(decoder.decode(await readToEnd(peer)), "answer");
  assertEquals(duplex.received, 8);
  assertEquals(duplex.sent, 0, "write() is outside of the count");
  peer.close();
  duplex.close();
});

Deno.test("Duplex.writable sends FIN when closed and leaves reading", async () => {
  const [peer, conn] = await socketPair();
  const duplex = new Duplex(conn);
  const writer = duplex.writable.getWriter();
  await writer.write(new Uint8Array([1, 2, 3]));
  await writer.close();
  assertEquals(await readToEnd(peer), new Uint8Array([1, 2, 3]));
  assertEquals(duplex.sent, 3);
  await writeAll(peer, [4]);
  const { value } = await duplex.readable.getReader().read();
  assertEquals(value, new Uint8Array([4]));
  peer.close();
  duplex.close();
});

Deno.test("Duplex.writable writes the rest when the socket takes a part", async () => {
  const written: number[] = [];
  const connection: ByteChannel = {
    read: () => Promise.resolve(null),
    write(bytes) {
      written.push(...bytes.subarray(0, 2));
      return Promise.resolve(Math.min(2, bytes.length));
    },
    closeWrite: () => Promise.resolve(),
    [Symbol.dispose]() {},
  };
  const duplex = new Duplex(connection);
  await duplex.writable.getWriter().write(new Uint8Array([1, 2, 3, 4, 5]));
  assertEquals(written, [1, 2, 3, 4, 5]);
  assertEquals(duplex.sent, 5);
  await duplex.write(new Uint8Array([6, 7, 8]));
  assertEquals(written, [1, 2, 3, 4, 5, 6, 7, 8]);
});

Deno.test("Duplex.readable does not read ahead of its reader", async () => {
  let reads = 0;
  const connection: ByteChannel = {
    read(buffer) {
      reads++;
      buffer[0] = reads;
      return Promise.resolve(1);
    },
    write: (bytes) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    [Symbol.dispose]() {},
  };
  const reader = new Duplex(connection).readable.getReader();
  await Promise.resolve();
  assertEquals(reads, 0);
  const { value } = await reader.read();
  assertEquals(value, new Uint8Array([1]));
  assertEquals(reads, 1, "the chunk lies in the buffer of the next read");
});

Deno.test("Inbox.hasFailed is true for the socket that failed", async () => {
  const { conn, reset } = await resettable();
  const duplex = new Duplex(conn);
  const read = duplex.readable.getReader().read();
  reset();
  await assertRejects(() => read, Deno.errors.ConnectionReset);
  assert(duplex.inbox.hasFailed);
  duplex.close();
  duplex.close(); // Again does nothing.
});

Deno.test("Duplex.unread() puts bytes back in front of received ones", async () => {
  const [peer, conn] = await socketPair();
  const duplex = new Duplex(conn);
  await writeAll(peer, [4, 5, 6]);
  await peer.closeWrite();
  duplex.unread(new Uint8Array([3]));
  duplex.unread(new Uint8Array());
  duplex.unread(new Uint8Array([1, 2]));
  assertEquals(duplex.received, -3, "it will count again");
  assertEquals(await nextBytes(duplex), new Uint8Array([1, 2, 3]));
  assertEquals(await nextBytes(duplex), new Uint8Array([4, 5, 6]));
  duplex.unread(new Uint8Array([9]));
  assertEquals(await nextBytes(duplex), new Uint8Array([9]));
  assertEquals(await nextBytes(duplex), null);
  assertEquals(await nextBytes(duplex), null, "the end stays the end");
  assertEquals(duplex.received, 3, "what was put back counts once");
  peer.close();
  duplex.close();
});

for (const mode of ["byob", undefined] as const) {
  Deno.test(`Duplex.readable loses nothing when a ${mode ?? "default"} reader is released in a read`, async () => {
    const [peer, conn] = await socketPair();
    const duplex = new Duplex(conn);
    const read = () => {
      if (mode === undefined) return nextBytes(duplex);
      const reader = duplex.readable.getReader({ mode });
      return reader.read(new Uint8Array(4)).then(({ value, done }) =>
        done ? null : value
      ).finally(() => reader.releaseLock());
    };
    for (const other of [nextBytes, read]) {
      const reader = mode === undefined
        ? duplex.readable.getReader()
        : duplex.readable.getReader({ mode });
      const given = assertRejects(
        () => reader.read(new Uint8Array(4)),
        TypeError,
      );
      reader.releaseLock();
      await given;
      const next = within(5_000, other(duplex));
      await writeAll(peer, [1, 2]);
      assertEquals(await next, new Uint8Array([1, 2]));
    }
    const ending = read();
    await peer.closeWrite();
    assertEquals(await within(5_000, ending), null);
    peer.close();
    duplex.close();
  });
}

Deno.test("Duplex.readable.pipeTo() stopped with preventCancel leaves late bytes to the next pipe", async () => {
  const [peer, conn] = await socketPair();
  const [far, near] = await socketPair();
  const duplex = new Duplex(conn);
  const first = new Duplex(near);
  const controller = new AbortController();
  const piping = duplex.readable.pipeTo(first.writable, {
    signal: controller.signal,
    preventCancel: true,
  });
  await writeAll(peer, [1]);
  assertEquals(await readExactly(far, 1), new Uint8Array([1]));
  const reason = new Error("Lent to somebody else");
  controller.abort(reason);
  assert(await assertRejects(() => piping) === reason);
  await writeAll(peer, [2, 3]);
  assert(await eventually(() => duplex.inbox.length === 2), "the read goes on");
  const [nextFar, nextNear] = await socketPair();
  const second = new Duplex(nextNear);
  const rest = duplex.readable.pipeTo(second.writable);
  await writeAll(peer, [4]);
  await peer.closeWrite();
  await rest;
  assertEquals(await readToEnd(nextFar), new Uint8Array([2, 3, 4]));
  for (const end of [peer, duplex, far, first, nextFar, second]) end.close();
});

Deno.test("Duplex.readable reports an error to a later reader", async () => {
  const { conn, reset } = await resettable();
  const duplex = new Duplex(conn);
  const reader = duplex.readable.getReader();
  const given = assertRejects(() => reader.read(), TypeError);
  await new Promise((resolve) => setImmediate(resolve)); // It has begun to read.
  reader.releaseLock();
  await given;
  reset();
  assert(await eventually(() => duplex.inbox.hasFailed));
  await assertRejects(() => nextBytes(duplex), Deno.errors.ConnectionReset);
  duplex.close();
});

Deno.test("Duplex.probe() takes its own FIN for no reset", async () => {
  const [peer, conn] = await socketPair();
  const duplex = new Duplex(conn);
  const early = duplex.probe();
  await duplex.writable.close();
  await early;
  await duplex.probe();
  await writeAll(peer, "answer");
  assertEquals((await readExactly(conn, 6)).length, 6);
  peer.close();
  duplex.close();
});

Deno.test("Duplex.probe() finds a reset after unread bytes, and sends nothing", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const peer = await connectResettable(listener.addr);
  using conn = await listener.accept();
  const duplex = new Duplex(conn);
  await new Promise<void>((resolve) => peer.write("unread", () => resolve()));
  await duplex.probe();
  assertEquals(peer.bytesRead, 0);
  peer.resetAndDestroy();
  const hasReset = async () => {
    try {
      await duplex.probe();
      return false;
    } catch (error) {
      return error instanceof Deno.errors.ConnectionReset;
    }
  };
  assert(await eventually(hasReset));
});

Deno.test("Duplex.unread() precedes bytes that arrived without a reader", async () => {
  for (const isEnd of [false, true]) {
    const [peer, conn] = await socketPair();
    const duplex = new Duplex(conn);
    const watch = new EarlyReader(duplex, () => ended.resolve());
    const ended = Promise.withResolvers<void>();
    if (isEnd) await peer.closeWrite();
    else await writeAll(peer, [2, 3]);
    if (isEnd) await ended.promise;
    else assert(await eventually(() => duplex.inbox.length === 2));
    watch.stop();
    duplex.unread(new Uint8Array([1]));
    assertEquals((await nextBytes(duplex))![0], 1);
    assertEquals(duplex.received, isEnd ? 0 : 2);
    if (isEnd) assertEquals(await nextBytes(duplex), null);
    peer.close();
    duplex.close();
  }
});

/** Receives as much as takes a large buffer, and says what becomes of it. */
async function receiveMuch(): Promise<Duplex> {
  let reads = 0;
  const duplex = new Duplex({
    read(buffer) {
      reads++;
      return Promise.resolve(buffer.length);
    },
    write: (bytes) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    [Symbol.dispose]() {},
  });
  for (let n = 0; n < 4; n++) await takeInPlace(duplex);
  assertEquals(reads, 4);
  return duplex;
}

Deno.test("Duplex.close() leaves nothing lent of the large buffers of all", async () => {
  for (const isLayered of [false, true]) {
    const before = LARGE_BUFFERS.allocated;
    const kept = 1_048_576 + 65_536 + 8_192; // One of each size, at most.
    for (let n = 0; n < 50; n++) {
      const duplex = await receiveMuch();
      if (isLayered) duplex.channel();
      else duplex.close();
    }
    const more = LARGE_BUFFERS.allocated - before;
    assert(more <= kept, `${more} bytes more, for nobody`);
  }
});

Deno.test("Duplex.close() gives no buffer away whose bytes are still being written", async () => {
  const first = await receiveMuch();
  const bytes = await takeInPlace(first);
  first.close();
  const second = await receiveMuch();
  const others = await takeInPlace(second);
  assert(bytes.buffer !== others.buffer);
  second.releaseBuffer();
});
