import { assertEquals } from "@std/assert";
import {
  Shortages,
  SHORTAGES_TABLE,
} from "../../../lib/policy/limits/shortages.ts";
import { SharedTable } from "../../../lib/sync/shared/table.ts";

function makeShortages(capacity: number): Shortages {
  const shape = { ...SHORTAGES_TABLE, capacity, threads: 1 };
  const memory = new SharedArrayBuffer(SharedTable.bytes(shape));
  const now = () => 0;
  return new Shortages(new SharedTable(shape, { memory, thread: 0, now }));
}

Deno.test("Shortages gives each key once, and remembers who waits", () => {
  const shortages = makeShortages(16);
  shortages.add("ann", true);
  shortages.add("ann", false);
  shortages.add("bob", false);
  assertEquals(
    shortages.take().toSorted((a, b) => a.key < b.key ? -1 : 1),
    [{ key: "ann", isWaiting: true }, { key: "bob", isWaiting: false }],
  );
  assertEquals(shortages.take(), []);
  shortages.add("ann", false);
  assertEquals(shortages.take(), [{ key: "ann", isWaiting: false }]);
});

Deno.test("Shortages has room again for each key that was taken", () => {
  const shortages = makeShortages(4);
  for (let number = 0; number < 100; number++) {
    assertEquals(shortages.add(`user${number}`, true), true);
    assertEquals(shortages.take().length, 1);
  }
  const added = Array.from(
    { length: 9 },
    (_, at) => shortages.add(`user${at}`, true),
  );
  assertEquals(added, [...Array(8).fill(true), false]);
});
