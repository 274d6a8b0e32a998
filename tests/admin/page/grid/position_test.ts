import { assertEquals } from "@std/assert";
import {
  HEADINGS,
  move,
  type Position,
} from "../../../../lib/admin/page/grid/position.ts";

const EXTENT = { rows: 100, columns: 8, page: 10 };

Deno.test("move() returns the cell that a key leads to", () => {
  const from: Position = { row: 50, column: 3 };
  const cases: [key: string, ctrlKey: boolean, row: number, column: number][] =
    [
      ["ArrowUp", false, 49, 3],
      ["ArrowDown", false, 51, 3],
      ["ArrowLeft", false, 50, 2],
      ["ArrowRight", false, 50, 4],
      ["PageUp", false, 40, 3],
      ["PageDown", false, 60, 3],
      ["Home", false, 50, 0],
      ["End", false, 50, 7],
      ["Home", true, 0, 0],
      ["End", true, 99, 7],
    ];
  for (const [key, ctrlKey, row, column] of cases) {
    assertEquals(move(from, { key, ctrlKey }, EXTENT), { row, column }, key);
  }
  assertEquals(move(from, { key: "a", ctrlKey: false }, EXTENT), undefined);
});

Deno.test("move() stays in the table, in which the headings are a row", () => {
  const none = { rows: 0, columns: 1, page: 1 };
  const keys = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "PageDown"];
  for (const key of [...keys, "PageUp", "Home", "End"]) {
    assertEquals(
      move({ row: HEADINGS, column: 0 }, { key, ctrlKey: true }, none),
      { row: HEADINGS, column: 0 },
      key,
    );
  }
  const up = { key: "ArrowUp", ctrlKey: false };
  assertEquals(move({ row: 0, column: 3 }, up, EXTENT)?.row, HEADINGS);
});
