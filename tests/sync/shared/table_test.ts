import { assertEquals, assertThrows } from "@std/assert";
import {
  SharedTable,
  type SharedTableShape,
} from "../../../lib/sync/shared/table.ts";

const SHAPE = { capacity: 8, threads: 2, keyBytes: 16, values: 1 };

/** Tables of two threads, and of a third that can only read. */
function share(given: Partial<SharedTableShape> = {}, time = { now: 0 }) {
  const shape = { ...SHAPE, ...given };
  const memory = new SharedArrayBuffer(SharedTable.bytes(shape));
  return [0, 1, 2].map((thread) =>
    new SharedTable(shape, { memory, thread, now: () => time.now })
  ) as [SharedTable, SharedTable, SharedTable];
}

Deno.test("SharedTable counts the shares of each thread and of all", () => {
  const [one, other] = share();
  const entry = one.enter("a")!;
  one.addShare(entry, 2);
  other.addShare(other.find("a")!, 3);
  assertEquals(one.sharesOf(entry), 5);
  assertEquals([one.heldBy(0), one.heldBy(1), other.total], [2, 3, 5]);
  one.addShare(entry, -2);
  assertEquals([other.sharesOf(entry), other.total], [3, 3]);
});

Deno.test("SharedTable.giveBack() removes a thread's shares and releases its lock", () => {
  const [one, other, watcher] = share();
  one.addShare(one.enter("a")!, 2);
  other.addShare(other.enter("a")!, 3);
  // The thread dies while it holds the lock.
  assertThrows(
    () =>
      one.exclusively(() => {
        throw new Error("never mind");
      }),
    Error,
    "never mind",
  );
  watcher.giveBack(0);
  assertEquals([other.total, other.sharesOf(other.find("a")!)], [3, 3]);
});

Deno.test("SharedTable.giveBack() does not wait for another dead thread", () => {
  const [one, , watcher] = share();
  assertEquals(one.exclusively(() => watcher.giveBack(1)), false);
  const outcomes = one.exclusively(() =>
    [0, 1].map((thread) => watcher.giveBack(thread))
  );
  assertEquals(outcomes, [true, true]);
});

Deno.test("SharedTable distinguishes hundreds of keys while they come and go", () => {
  const [table, other] = share({ capacity: 64, keyBytes: 20 });
  const counts = new Map<string, number>();
  let seed = 1;
  const random = (below: number) => {
    seed = Math.imul(seed, 1_103_515_245) + 12_345 & 0x7fffffff;
    return (seed >> 8) % below;
  };
  for (let step = 0; step < 20_000; step++) {
    const key = `192.0.2.${random(200)}`;
    const count = counts.get(key) ?? 0;
    if (count === 0 && counts.size >= 64) continue;
    const add = count === 0 || random(2) === 0 ? 1 : -1;
    table.addShare(table.enter(key)!, add);
    if (count + add === 0) counts.delete(key);
    else counts.set(key, count + add);
  }
  const seen = other.entries().map(([key, entry]) =>
    [
      key,
      other.sharesOf(entry),
    ] as const
  );
  assertEquals(new Map(seen), counts);
});

Deno.test("SharedTable reuses the places of spent entries only", () => {
  const time = { now: 0 };
  const [table] = share({ capacity: 4 }, time);
  const keys = Array.from({ length: 8 }, (_, index) => `key ${index}`);
  for (const key of keys) table.setValue(table.enter(key)!, 0, 100);
  assertEquals(table.enter("one more"), undefined);
  time.now = 100;
  for (const key of keys) {
    assertEquals(typeof table.enter(`new ${key}`), "number");
  }
});

Deno.test("SharedTable replaces the entry with the smallest value when a window is full", () => {
  const [table] = share({ capacity: 4, window: 4 });
  for (let index = 1; index <= 100; index++) {
    table.setValue(table.enter(`key ${index}`)!, 0, index);
  }
  assertEquals(table.value(table.find("key 100")!, 0), 100);
});
