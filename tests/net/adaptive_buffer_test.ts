import { assertEquals } from "@std/assert";
import { AdaptiveBuffer } from "../../lib/net/adaptive_buffer.ts";
import { BufferPool } from "../../lib/net/buffer_pool.ts";

/** The smallest size. */
const LEAST = 384;
const KIB = 1024;
const MIB = 1024 * 1024;

/** Lets a buffer see reads of these sizes and tells its length after each. */
function lengthsAfter(reads: number[], pool = new BufferPool(128 * MIB)) {
  const buffer = new AdaptiveBuffer(pool);
  return reads.map((count) => {
    buffer.take();
    buffer.fit(count);
    return buffer.take().length;
  });
}

Deno.test("AdaptiveBuffer grows only when a read comes back full", () => {
  const cases: { reads: number[]; lengths: number[] }[] = [
    { reads: [64, 64], lengths: [LEAST, LEAST] },
    { reads: [LEAST - 1], lengths: [LEAST] },
    { reads: [LEAST, LEAST, LEAST], lengths: [8 * KIB, KIB, KIB] },
    { reads: [LEAST, KIB], lengths: [8 * KIB, 8 * KIB] },
    {
      reads: [LEAST, 8 * KIB, 64 * KIB, 512 * KIB, 2 * MIB, 4 * MIB],
      lengths: [8 * KIB, 64 * KIB, 512 * KIB, 2 * MIB, 4 * MIB, 4 * MIB],
    },
    {
      reads: [LEAST, 8 * KIB, 64 * KIB - 1, 100, 100, 100],
      lengths: [8 * KIB, 64 * KIB, 64 * KIB, 8 * KIB, KIB, LEAST],
    },
  ];
  for (const { reads, lengths } of cases) {
    assertEquals(lengthsAfter(reads), lengths, `reads of ${reads}`);
  }
});

Deno.test("AdaptiveBuffer reads messages in one piece after the first one that is longer than its smallest size", () => {
  const [first, second] = [LEAST, 600 - LEAST];
  const reads = [first, second, 600, 600];
  assertEquals(lengthsAfter(reads), [8 * KIB, KIB, KIB, KIB]);
});

Deno.test("AdaptiveBuffer gives a large buffer back when a read has emptied the socket", () => {
  const full = [LEAST, 8 * KIB, 64 * KIB, 512 * KIB];
  const lengths = [8 * KIB, 64 * KIB, 512 * KIB, 2 * MIB];
  const cases: { reads: number[]; lengths: number[] }[] = [
    // It waits in the smallest, and goes on where it was once that is full.
    { reads: [2 * MIB - 1, LEAST], lengths: [LEAST, 2 * MIB] },
    {
      reads: [2 * MIB - 1, LEAST, 2 * MIB],
      lengths: [LEAST, 2 * MIB, 4 * MIB],
    },
    { reads: [2 * MIB - 1, 100, LEAST], lengths: [LEAST, LEAST, 8 * KIB] },
    { reads: [100, LEAST], lengths: [LEAST, 512 * KIB] },
  ];
  for (const { reads, lengths: after } of cases) {
    const pool = new BufferPool(128 * MIB);
    const expected = [...lengths, ...after];
    assertEquals(lengthsAfter([...full, ...reads], pool), expected);
  }
});

Deno.test("AdaptiveBuffer leaves something for each of hundreds of busy tunnels", () => {
  const pool = new BufferPool(256 * MIB);
  // Those that come last are as busy as the others.
  for (const count of [1, 600, 200]) {
    const buffers = Array.from(
      { length: count },
      () => new AdaptiveBuffer(pool),
    );
    for (let round = 0; round < 8; round++) {
      for (const buffer of buffers) buffer.fit(buffer.take().length);
    }
    const lengths = buffers.map((buffer) => buffer.take().length);
    const least = Math.min(...lengths);
    assertEquals(least, count === 1 ? 4 * MIB : 64 * KIB, `of ${count}`);
  }
});

Deno.test("AdaptiveBuffer stays small when the pool is spent", () => {
  assertEquals(lengthsAfter([LEAST], new BufferPool(0)), [LEAST]);
  const pool = new BufferPool(8 * KIB);
  assertEquals(lengthsAfter([LEAST, 8 * KIB], pool), [8 * KIB, 8 * KIB]);
});

Deno.test("AdaptiveBuffer.free() gives the large buffer back", () => {
  const pool = new BufferPool(8 * KIB);
  const first = new AdaptiveBuffer(pool);
  first.take();
  first.fit(LEAST);
  first.free();
  first.free(); // Again gives nothing back twice.
  assertEquals(lengthsAfter([LEAST], pool), [8 * KIB]);
  assertEquals(pool.allocated, 8 * KIB);
  assertEquals(first.take().length, LEAST);
});

Deno.test("AdaptiveBuffer.filled() returns the read bytes in place", () => {
  const buffer = new AdaptiveBuffer();
  const whole = buffer.take();
  whole.set([1, 2, 3]);
  assertEquals(buffer.filled(3), new Uint8Array([1, 2, 3]));
  assertEquals(buffer.filled(3).buffer === whole.buffer, true);
  assertEquals(buffer.filled(whole.length) === whole, true);
});

Deno.test("AdaptiveBuffer.detach() leaves the buffer alone and begins small again", () => {
  const pool = new BufferPool(8 * KIB);
  const buffer = new AdaptiveBuffer(pool);
  buffer.take();
  buffer.fit(LEAST);
  const large = buffer.take();
  buffer.detach();
  assertEquals(pool.allocated, 0);
  assertEquals(buffer.take().length, LEAST);
  buffer.fit(LEAST);
  assertEquals(buffer.take() === large, false);
});

Deno.test("AdaptiveBuffer has the requested least size, if the pool has it", () => {
  const buffer = new AdaptiveBuffer(new BufferPool(MIB), 5 * KIB);
  assertEquals(buffer.take().length, 8 * KIB);
  buffer.fit(1);
  assertEquals(buffer.take().length, 8 * KIB, "it does not shrink");
  buffer.fit(8 * KIB);
  assertEquals(buffer.take().length, 64 * KIB);
  buffer.fit(1);
  buffer.fit(1);
  assertEquals(buffer.take().length, 8 * KIB);
  buffer.free();
  assertEquals(buffer.take().length, 8 * KIB);
  const poor = new AdaptiveBuffer(new BufferPool(0), 5 * KIB);
  assertEquals(poor.take().length, LEAST);
});
