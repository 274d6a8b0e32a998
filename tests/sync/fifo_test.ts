import { assertEquals } from "@std/assert";
import { Fifo } from "../../lib/sync/fifo.ts";

Deno.test("Fifo gives back what was put in, in order", () => {
  const fifo = new Fifo<number>();
  assertEquals([fifo.shift(), fifo.size], [undefined, 0]);
  const expected: number[] = [];
  for (let n = 0; n < 1_000; n++) {
    fifo.push(n);
    expected.push(n);
    if (n % 3 === 0) assertEquals(fifo.shift(), expected.shift());
    if (n % 100 === 0) {
      while (expected.length > 5) assertEquals(fifo.shift(), expected.shift());
    }
    assertEquals(fifo.size, expected.length);
  }
  assertEquals([...fifo], expected);
});
