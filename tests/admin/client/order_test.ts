import { assert, assertEquals } from "@std/assert";
import { naturalKey, sortRows } from "../../../lib/admin/client/order.ts";

Deno.test("naturalKey() sorts numbers in text by value", () => {
  const sorted = [
    "",
    "10.0.0.9:80",
    "10.0.0.10:79",
    "10.0.0.10:443",
    "Alpha",
    "beta2",
    "Beta10",
  ];
  for (let n = 1; n < sorted.length; n++) {
    const [before, after] = [sorted[n - 1]!, sorted[n]!];
    assert(naturalKey(before) < naturalKey(after), `${before} < ${after}`);
  }
});

Deno.test("sortRows() puts rows without a value last in both directions", () => {
  const rows = [3, undefined, 1, 2];
  assertEquals(sortRows(rows, (row) => row, 1), [1, 2, 3, undefined]);
  assertEquals(sortRows(rows, (row) => row, -1), [3, 2, 1, undefined]);
  const names = ["b", "", "a"];
  assertEquals(sortRows(names, (name) => name, 1), ["a", "b", ""]);
  assertEquals(sortRows(names, (name) => name, -1), ["b", "a", ""]);
});

Deno.test("sortRows() keeps the order of equal rows", () => {
  const rows = Array.from({ length: 100 }, (_, id) => ({ id, key: id % 2 }));
  for (const direction of [1, -1] as const) {
    const sorted = sortRows(rows, ({ key }) => key, direction);
    const odd = sorted.filter(({ key }) => key === 1).map(({ id }) => id);
    assertEquals(odd, odd.toSorted((a, b) => a - b));
  }
});
