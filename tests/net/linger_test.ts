import { assertEquals } from "@std/assert";
import { LARGE_BUFFERS } from "../../lib/net/buffer_pool.ts";
import { Duplex } from "../../lib/net/duplex.ts";
import { linger } from "../../lib/net/linger.ts";
import { readToEnd, socketPair, within, writeAll } from "../support/sockets.ts";

Deno.test("linger() lets the last message arrive although bytes are unread", async () => {
  const [client, conn] = await socketPair();
  const duplex = new Duplex(conn);
  await writeAll(client, new Uint8Array(100_000));
  await duplex.write(new Uint8Array([5, 0xff]));
  const lingering = linger(duplex, 5_000);
  assertEquals(await readToEnd(client), new Uint8Array([5, 0xff]));
  client.close();
  await within(5_000, lingering);
  duplex.close();
});

Deno.test("linger() closes when its time is up and the peer stays", async () => {
  const [client, conn] = await socketPair();
  const duplex = new Duplex(conn);
  await within(5_000, linger(duplex, 50));
  assertEquals(await readToEnd(client), new Uint8Array());
  client.close();
});

Deno.test("linger() does not read for ever from a peer that keeps sending", async () => {
  const [client, conn] = await socketPair();
  const duplex = new Duplex(conn);
  const flood = (async () => {
    while (true) await client.write(new Uint8Array(64 * 1024));
  })().catch(() => "stopped");
  await within(5_000, linger(duplex, 60_000));
  duplex.close();
  assertEquals(await flood, "stopped");
  client.close();
});

Deno.test("linger() does nothing when the peer is gone already", async () => {
  const [client, conn] = await socketPair();
  const duplex = new Duplex(conn);
  client.close();
  await within(5_000, linger(duplex, 60_000));
  duplex.close();
});

Deno.test("linger() gives its buffer back, whoever floods it", async () => {
  let before = 0;
  for (let n = 0; n < 3; n++) {
    const duplex = new Duplex({
      read: (buffer) => Promise.resolve(buffer.length),
      write: (bytes) => Promise.resolve(bytes.length),
      closeWrite: () => Promise.resolve(),
      [Symbol.dispose]() {},
    });
    await linger(duplex, 60_000);
    if (n > 0) assertEquals(LARGE_BUFFERS.allocated, before);
    before = LARGE_BUFFERS.allocated;
  }
});
