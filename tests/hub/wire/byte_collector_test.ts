import { assertEquals } from "@std/assert";
import { ByteCollector } from "../../../lib/hub/wire/byte_collector.ts";

Deno.test("ByteCollector returns the added bytes and starts again", () => {
  const collector = new ByteCollector();
  assertEquals(collector.take(), new Uint8Array());
  const expected: number[] = [];
  for (let n = 0; n < 2_000; n++) {
    collector.add(Uint8Array.of(n, n >> 8));
    expected.push(n & 0xff, n >> 8);
    assertEquals(collector.length, expected.length);
  }
  const first = collector.take();
  collector.add(Uint8Array.of(7));
  assertEquals(first, Uint8Array.from(expected));
  assertEquals(collector.take(), Uint8Array.of(7));
  collector.add(Uint8Array.of(1));
  collector.clear();
  assertEquals([collector.length, collector.take().length], [0, 0]);
});
