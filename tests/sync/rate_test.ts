import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { Rate } from "../../lib/sync/rate.ts";
import { within } from "../support/sockets.ts";

/** A clock that moves only when the test advances it. */
function fakeClock() {
  let time = 1_000;
  return { now: () => time, advance: (by: number) => time += by };
}

/** Waits for a turn. */
function turn(rate: Rate): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  rate.wait(resolve);
  return promise;
}

Deno.test("Rate is closed while in debt, and open again afterwards", () => {
  const { now, advance } = fakeClock();
  const rate = new Rate(1_000_000, { burst: 100, now }); // 1,000 per ms.
  assert(rate.isOpen);
  rate.charge(100_000);
  assert(!rate.isOpen, "all of the burst is used");
  advance(1);
  assert(rate.isOpen);
  rate.charge(51_000);
  advance(50);
  assert(!rate.isOpen);
  advance(1);
  assert(rate.isOpen);
});

Deno.test("Rate allows no more than its burst after a pause", () => {
  for (const burst of [10, 100, 2_000]) {
    const { now, advance } = fakeClock();
    const rate = new Rate(1_000_000, { burst, now });
    advance(1_000_000);
    let bytes = 0;
    while (rate.isOpen) {
      rate.charge(1_000);
      bytes += 1_000;
    }
    assertEquals(bytes, burst * 1_000);
  }
});

Deno.test("Rate.piece is between the smoothest and the fastest size", () => {
  const cases = [
    { rate: 1_000, piece: 2_048 },
    { rate: 64_000, piece: 2_048 },
    { rate: 10_000_000, piece: 200_000 },
    { rate: 1_000_000_000, piece: 20_000_000 },
  ];
  for (const { rate, piece } of cases) {
    assertEquals(new Rate(rate).piece, piece);
  }
});

Deno.test("Rate.piece is one turn while somebody waits", () => {
  const cases = [
    { rate: 1_000, turn: 2_048 },
    { rate: 10_000_000, turn: 20_000 },
    { rate: 1_000_000_000, turn: 1_048_576 },
  ];
  for (const { rate: bytesPerSecond, turn } of cases) {
    const rate = new Rate(bytesPerSecond);
    rate.charge(bytesPerSecond);
    const go = () => {};
    rate.wait(go);
    assertEquals([rate.piece, rate.waiting], [turn, 1]);
    rate.leave(go);
    assertEquals(rate.waiting, 0);
  }
});

Deno.test("Rate.wait() calls back in order, as many waiters as there are turns", async () => {
  const { now, advance } = fakeClock();
  const rate = new Rate(10_000_000, { now }); // A turn is 20,000.
  rate.charge(1_000_000);
  const order: number[] = [];
  const turns = [1, 2, 3, 4].map((n) => turn(rate).then(() => order.push(n)));
  rate.charge(1);
  advance(5); // Worth 50,000.
  await within(5_000, turns[2]!);
  assertEquals(order, [1, 2, 3]);
  assert(!rate.isOpen, "somebody waits");
  rate.charge(60_000);
  advance(2);
  await within(5_000, turns[3]!);
  assertEquals(order, [1, 2, 3, 4]);
});

Deno.test("Rate.leave() ends only one wait", async () => {
  const rate = new Rate(1_000_000);
  rate.charge(101_000);
  let calls = 0;
  const go = () => calls++;
  rate.wait(go);
  const other = turn(rate);
  rate.leave(go);
  rate.leave(go);
  await within(5_000, other);
  assertEquals([calls, rate.waiting], [0, 0]);
});

Deno.test("Rate serves all waiters equally and keeps the total rate", async () => {
  const bytesPerSecond = 2_000_000;
  const rate = new Rate(bytesPerSecond);
  const started = performance.now();
  const bytes = new Array<number>(50).fill(0);
  await Promise.all(
    bytes.keys().map(async (n) => {
      while (performance.now() < started + 600) {
        if (!rate.isOpen) await turn(rate);
        const count = Math.min(4_096, rate.piece);
        await undefined; // Reading takes at least one turn of the event loop.
        rate.charge(count);
        bytes[n]! += count;
      }
    }),
  );
  const took = performance.now() - started;
  const sum = bytes.reduce((total, count) => total + count);
  // Each may have started one piece with the last byte.
  const most = bytesPerSecond * (took + 100) / 1_000 + 50 * 4_096;
  assertLessOrEqual(sum, most);
  assert(sum >= bytesPerSecond * 0.6 * 0.5, `${sum} in all`);
  const [least, longest] = [Math.min(...bytes), Math.max(...bytes)];
  assert(longest - least <= 2 * 4_096, `from ${least} to ${longest}`);
});

Deno.test("Rate.admits() returns true unless the rate is in debt", () => {
  const { now, advance } = fakeClock();
  const rate = new Rate(1_000_000, { now });
  let passed = 0;
  while (rate.admits(1_000)) {
    rate.chargeDatagram(1_000);
    passed++;
  }
  assertEquals(passed, 100);
  advance(10);
  assert(rate.admits(1_000));
});

Deno.test("Rate.admits() grants datagrams half of the rate while streams wait", async () => {
  const { now, advance } = fakeClock();
  const rate = new Rate(1_000_000, { now }); // A turn is 2,048.
  rate.charge(100_000);
  const first = turn(rate);
  const second = turn(rate);
  assert(!rate.admits(1), "nobody has had a turn");
  advance(1);
  await within(5_000, first);
  assert(rate.admits(2_048));
  rate.chargeDatagram(2_048);
  assert(!rate.admits(1), "that was as much as a stream got");
  rate.charge(2_048);
  advance(10);
  await within(5_000, second);
  assert(rate.admits(2_048), "nobody waits");
});
