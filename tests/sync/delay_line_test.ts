import { assert, assertEquals, assertRejects } from "@std/assert";
import { DelayLine } from "../../lib/sync/delay_line.ts";
import { within } from "../support/sockets.ts";
import { turns } from "../support/time.ts";

Deno.test("DelayLine delivers in order, each item after the delay", async () => {
  const came: [item: number, at: number][] = [];
  const line = new DelayLine<number>(50, 10, (item) => {
    came.push([item, performance.now()]);
    return Promise.resolve();
  });
  const start = performance.now();
  for (let item = 0; item < 5; item++) assert(line.tryPush(item, 1));
  assertEquals(line.isEmpty, false);
  await line.drain();
  assertEquals(line.isEmpty, true);
  assertEquals(came.map(([item]) => item), [0, 1, 2, 3, 4]);
  // Both clocks round to a millisecond.
  for (const [, at] of came) assert(at - start >= 49, `${at - start}`);
});

Deno.test("DelayLine.tryPush() refuses an item when the line is full", async () => {
  const came: number[] = [];
  const line = new DelayLine<number>(1, 10, (item) => {
    came.push(item);
    return Promise.resolve();
  });
  assertEquals(line.tryPush(1, 6), true);
  assertEquals(line.tryPush(2, 5), false);
  assertEquals(line.tryPush(3, 4), true);
  assertEquals(line.tryPush(4, 1), false);
  await line.drain();
  // A single item may be larger than the whole line.
  assertEquals(line.tryPush(5, 11), true);
  await line.drain();
  assertEquals(came, [1, 3, 5]);
});

Deno.test("DelayLine.push() waits for room", async () => {
  const release = Promise.withResolvers<void>();
  const line = new DelayLine<number>(1, 1, () => release.promise);
  await line.push(1, 1);
  let isHeld = false;
  const second = line.push(2, 1).then(() => isHeld = true);
  await turns();
  assertEquals(isHeld, false);
  release.resolve();
  await within(5_000, second);
  await line.drain();
});

Deno.test("DelayLine throws the error of the delivery", async () => {
  const line = new DelayLine<number>(
    1,
    1,
    () => Promise.reject(new Error("x")),
  );
  await line.push(1, 1);
  await assertRejects(() => line.push(2, 1), Error, "x");
  await assertRejects(() => line.drain(), Error, "x");
  assertEquals(line.tryPush(3, 1), false);
});

Deno.test("DelayLine.clear() discards held items and their timers", async () => {
  const line = new DelayLine<number>(600_000, 1, () => Promise.reject());
  await line.push(1, 1);
  const waiting = line.push(2, 1);
  const draining = line.drain();
  line.clear();
  await within(5_000, Promise.all([waiting, draining]));
  assertEquals(line.isEmpty, true);
});
