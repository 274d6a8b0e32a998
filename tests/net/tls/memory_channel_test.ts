import { assertEquals, assertRejects } from "@std/assert";
import { memoryChannel } from "../../../lib/net/tls/memory_channel.ts";

Deno.test("memoryChannel() carries bytes both ways, with both ends", async () => {
  const [a, b] = memoryChannel();
  const buffer = new Uint8Array(2);
  const writing = a.write(Uint8Array.of(1, 2, 3));
  assertEquals(await b.read(buffer), 2);
  assertEquals([...buffer], [1, 2]);
  assertEquals(await b.read(buffer), 1);
  assertEquals(await writing, 3);
  await a.closeWrite();
  assertEquals(await b.read(buffer), null);
  const back = b.write(Uint8Array.of(4));
  assertEquals(await a.read(buffer), 1);
  await back;
  b[Symbol.dispose]();
  assertEquals(await a.read(buffer), null);
  await assertRejects(() => a.write(buffer), Deno.errors.BrokenPipe);
});
