import { assert, assertEquals } from "@std/assert";
import { BufferPool } from "../../lib/net/buffer_pool.ts";

Deno.test("BufferPool.take() refuses when the budget is spent", () => {
  const pool = new BufferPool(100);
  assertEquals(pool.take(60)?.length, 60);
  assertEquals(pool.take(60), undefined);
  assertEquals(pool.take(40)?.length, 40);
  assertEquals(pool.take(1), undefined);
  assertEquals(pool.allocated, 100);
});

Deno.test("BufferPool.take() lends a buffer that was given back", () => {
  const pool = new BufferPool(100);
  const buffer = pool.take(60)!;
  pool.give(buffer);
  assert(pool.take(60) === buffer);
  assertEquals(pool.allocated, 60);
});

Deno.test("BufferPool.give() keeps only so many and returns the rest to the budget", () => {
  const pool = new BufferPool(1000);
  const lent = Array.from({ length: 20 }, () => pool.take(10)!);
  assertEquals(pool.allocated, 200);
  for (const buffer of lent) pool.give(buffer);
  assertEquals(pool.allocated, 160);
});

Deno.test("BufferPool.take() frees kept buffers of another size when the budget is spent", () => {
  const pool = new BufferPool(100);
  pool.give(pool.take(90)!);
  assertEquals(pool.take(50)?.length, 50);
  assertEquals(pool.allocated, 50);
});

Deno.test("BufferPool.take() lends the largest sizes only so much of the budget", () => {
  const mib = 1024 * 1024;
  const cases = [[4, 2], [2, 16], [1 / 2, 256], [1, 256]] as const;
  for (const [size, most] of cases) {
    const pool = new BufferPool(256 * mib);
    const lent = [];
    for (let buffer; (buffer = pool.take(size * mib)) !== undefined;) {
      lent.push(buffer);
    }
    assertEquals(lent.length, most, `${size} MiB`);
    pool.forget(lent.pop()!);
    assert(pool.take(size * mib) !== undefined);
  }
});

Deno.test("BufferPool.forget() returns to the budget what won't be given back", () => {
  const pool = new BufferPool(100);
  const buffer = pool.take(60)!;
  pool.forget(buffer);
  assertEquals(pool.allocated, 0);
  assert(pool.take(60) !== buffer);
});

Deno.test("BufferPool.setBudget() leaves nothing to the garbage collector", () => {
  const pool = new BufferPool(1_000_000);
  pool.setBudget(100 * 1024);
  const many = Array.from({ length: 100 }, () => pool.take(1024)!);
  assertEquals(pool.take(1024), undefined);
  for (const one of many) pool.give(one);
  assertEquals(pool.allocated, 100 * 1024);
  assertEquals(pool.take(8 * 1024), undefined);
  const again = many.map(() => pool.take(1024));
  assertEquals(new Set(again), new Set(many));
});
