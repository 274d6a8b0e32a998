import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ByteChannel } from "../../lib/net/connection.ts";
import { Duplex } from "../../lib/net/duplex.ts";
import { Pace } from "../../lib/sync/pace.ts";
import { Rate } from "../../lib/sync/rate.ts";
import { nextBytes } from "../support/next_bytes.ts";
import { socketPair, within, writeAll } from "../support/sockets.ts";

/** A pace whose clock stands still: what is open stays so until it is used. */
function makePace(bytesPerSecond: number) {
  const rate = new Rate(bytesPerSecond, { now: () => 0 });
  return { rate, pace: new Pace([rate]) };
}

/** A connection whose peer sends without end. */
function endless(lengths: number[]): ByteChannel {
  return {
    read(buffer) {
      lengths.push(buffer.length);
      return Promise.resolve(buffer.length);
    },
    write: (bytes) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    [Symbol.dispose]() {},
  };
}

Deno.test("Duplex.readable reads no more than its pace allows, and counts it", async () => {
  const cases = [
    { rate: 64_000, lengths: [384, 2_048, 2_048, 2_048] },
    { rate: 1_000_000, lengths: [384, 8_192, 20_000, 20_000] },
    // Buffers that would shrink after the next read are not taken.
    { rate: 3_000_000, lengths: [384, 8_192, 60_000, 60_000] },
    { rate: 5_000_000, lengths: [384, 8_192, 65_536, 100_000] },
    { rate: 10_000_000, lengths: [384, 8_192, 65_536, 200_000] },
    { rate: 1e9, lengths: [384, 8_192, 65_536, 524_288] },
  ];
  for (const { rate: bytesPerSecond, lengths } of cases) {
    const { rate, pace } = makePace(bytesPerSecond);
    const asked: number[] = [];
    const duplex = new Duplex(endless(asked));
    duplex.pace = pace;
    const reader = duplex.readable.getReader();
    for (let n = 0; n < 4; n++) await reader.read();
    assertEquals(asked, lengths, `${bytesPerSecond} a second`);
    const left = bytesPerSecond / 10 - lengths.reduce((a, b) => a + b);
    rate.charge(left - 1);
    assert(rate.isOpen, "more was charged than read");
    rate.charge(1);
    assert(!rate.isOpen, "less was charged than read");
    duplex.releaseBuffer();
  }
});

Deno.test("Duplex.readable waits while its pace is shut, and reads nothing", async () => {
  const { rate, pace } = makePace(1_000_000);
  const asked: number[] = [];
  const duplex = new Duplex(endless(asked));
  duplex.pace = pace;
  rate.charge(1_000_000);
  const reading = duplex.readable.getReader().read();
  await Promise.resolve();
  assertEquals([duplex.isHeld, rate.waiting, asked], [true, 1, []]);
  duplex.pace = undefined;
  await within(5_000, reading);
  assertEquals([duplex.isHeld, rate.waiting, asked], [false, 0, [384]]);
});

Deno.test("Duplex.close() ends the wait for the pace", async () => {
  const { rate, pace } = makePace(1_000_000);
  const [peer, conn] = await socketPair();
  using duplex = { conn: new Duplex(conn), [Symbol.dispose]: () => {} };
  duplex.conn.pace = pace;
  rate.charge(1_000_000);
  const reading = duplex.conn.readable.getReader().read();
  await writeAll(peer, "x");
  duplex.conn.close();
  await within(5_000, assertRejects(() => reading, Deno.errors.BadResource));
  assertEquals(rate.waiting, 0);
  peer.close();
});

Deno.test("Duplex.readable returns bytes put back in pieces that its pace allows", async () => {
  const { rate, pace } = makePace(100_000);
  const duplex = new Duplex(endless([]));
  duplex.pace = pace;
  duplex.unread(new Uint8Array(5_000));
  assertEquals((await nextBytes(duplex))!.length, 2_048);
  assertEquals((await nextBytes(duplex))!.length, 2_048);
  assertEquals((await nextBytes(duplex))!.length, 904);
  rate.charge(4_999);
  assert(rate.isOpen, "more was charged than received");
  rate.charge(1);
  assert(!rate.isOpen, "less was charged than received");
  duplex.releaseBuffer();
});

Deno.test("Duplex.close() may directly follow the removal of the pace", async () => {
  const { rate, pace } = makePace(1_000_000);
  const duplex = new Duplex(endless([]));
  duplex.pace = pace;
  rate.charge(1_000_000);
  const reading = nextBytes(duplex);
  duplex.pace = undefined;
  duplex.pace = undefined;
  duplex.close();
  assertEquals((await within(5_000, reading))?.length, 384);
  duplex.releaseBuffer();
});
