import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Context } from "../../lib/sync/context.ts";
import { Semaphore } from "../../lib/sync/semaphore.ts";

const REASON = new Error("cancelled");

/** Runs the callbacks of all settled promises. */
async function settle(): Promise<void> {
  for (let n = 0; n < 10; n++) await Promise.resolve();
}

Deno.test("Semaphore refuses an invalid number of permits", () => {
  for (const permits of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(
      () => new Semaphore(permits),
      RangeError,
      `permits is ${permits}`,
    );
  }
  assertEquals(new Semaphore(1).free, 1);
  assertEquals(new Semaphore(20_000).free, 20_000);
});

Deno.test("Semaphore.tryAcquire() takes permits while there are any", () => {
  const semaphore = new Semaphore(2);
  assertEquals(semaphore.tryAcquire(), true);
  assertEquals(semaphore.free, 1);
  assertEquals(semaphore.tryAcquire(), true);
  assertEquals(semaphore.free, 0);
  assertEquals(semaphore.tryAcquire(), false);
  assertEquals(semaphore.free, 0);
  assertEquals(semaphore.waiting, 0);
  semaphore.release();
  assertEquals(semaphore.free, 1);
  assertEquals(semaphore.tryAcquire(), true);
});

Deno.test("Semaphore.acquire() takes a permit without waiting when one is free", async () => {
  const semaphore = new Semaphore(1);
  const acquired = semaphore.acquire(new Context());
  assertEquals(semaphore.free, 0);
  assertEquals(semaphore.waiting, 0);
  await acquired;
});

Deno.test("Semaphore.release() admits waiters in the order of their calls", async () => {
  const semaphore = new Semaphore(1);
  const context = new Context();
  await semaphore.acquire(context);
  const order: number[] = [];
  const waits = [1, 2, 3, 4].map((n) =>
    semaphore.acquire(context).then(() => order.push(n))
  );
  assertEquals(semaphore.waiting, 4);
  for (const expected of [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]) {
    semaphore.release();
    assertEquals(semaphore.free, 0);
    await settle();
    assertEquals(order, expected);
  }
  await Promise.all(waits);
  assertEquals(semaphore.waiting, 0);
  semaphore.release();
  assertEquals(semaphore.free, 1);
});

Deno.test("Semaphore.tryAcquire() does not take a permit that goes to a waiter", async () => {
  const semaphore = new Semaphore(1);
  await semaphore.acquire(new Context());
  const waiting = semaphore.acquire(new Context());
  semaphore.release();
  assertEquals(semaphore.tryAcquire(), false);
  await waiting;
});

Deno.test("Semaphore never grants more permits than it has", async () => {
  const semaphore = new Semaphore(3);
  const context = new Context();
  let inside = 0;
  let most = 0;
  async function work(): Promise<void> {
    await semaphore.acquire(context);
    most = Math.max(most, ++inside);
    await settle();
    inside--;
    semaphore.release();
  }
  await Promise.all(Array.from({ length: 50 }, work));
  assertEquals(most, 3);
  assertEquals(semaphore.free, 3);
  assertEquals(semaphore.waiting, 0);
});

Deno.test("Semaphore.acquire() throws when already cancelled, and takes no permit", async () => {
  const semaphore = new Semaphore(1);
  const context = new Context();
  context.cancel(REASON);
  const error = await assertRejects(() => semaphore.acquire(context));
  assert(error === REASON);
  assertEquals(semaphore.free, 1);
});

Deno.test("Semaphore.acquire() throws when cancelled while waiting, and leaves the queue", async () => {
  const semaphore = new Semaphore(1);
  const root = new Context();
  const impatient = new Context(root);
  await semaphore.acquire(root);
  const order: string[] = [];
  const first = semaphore.acquire(root).then(() => order.push("first"));
  const given = semaphore.acquire(impatient);
  const last = semaphore.acquire(root).then(() => order.push("last"));
  assertEquals(semaphore.waiting, 3);
  impatient.cancel(REASON);
  assertEquals(semaphore.waiting, 2);
  const error = await assertRejects(() => given);
  assert(error === REASON);
  semaphore.release();
  await first;
  semaphore.release();
  await last;
  assertEquals(order, ["first", "last"]);
  semaphore.release();
  assertEquals(semaphore.free, 1);
  assertEquals(semaphore.waiting, 0);
});

Deno.test("Semaphore.acquire() holds the permit when cancelled in the same turn", async () => {
  const semaphore = new Semaphore(1);
  const context = new Context();
  await semaphore.acquire(new Context());
  const waiting = semaphore.acquire(context);
  semaphore.release();
  context.cancel(REASON);
  await waiting;
  assertEquals(semaphore.free, 0);
  semaphore.release();
  assertEquals(semaphore.free, 1);
});

Deno.test("Semaphore.release() skips a waiter that was cancelled in the same turn", async () => {
  const semaphore = new Semaphore(1);
  const context = new Context();
  await semaphore.acquire(new Context());
  const cancelled = semaphore.acquire(context);
  const next = semaphore.acquire(new Context());
  context.cancel(REASON);
  semaphore.release();
  await assertRejects(() => cancelled, Error, "cancelled");
  await next;
  semaphore.release();
  assertEquals(semaphore.free, 1);
});

Deno.test("Semaphore loses no permit when waiters are cancelled at random", async () => {
  const semaphore = new Semaphore(2);
  let cancelled = 0;
  async function work(_: unknown, n: number): Promise<void> {
    const context = new Context();
    if (n % 3 === 0) queueMicrotask(() => context.cancel(REASON));
    try {
      await semaphore.acquire(context);
    } catch {
      cancelled++;
      return;
    }
    for (let turn = 0; turn < n % 5; turn++) await Promise.resolve();
    semaphore.release();
  }
  await Promise.all(Array.from({ length: 200 }, work));
  assert(cancelled > 0);
  assertEquals(semaphore.free, 2);
  assertEquals(semaphore.waiting, 0);
});
