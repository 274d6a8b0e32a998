import { assert, assertEquals } from "@std/assert";
import { LARGE_BUFFERS } from "../../lib/net/buffer_pool.ts";
import { Duplex } from "../../lib/net/duplex.ts";
import { LINGER, linger } from "../../lib/net/linger.ts";
import { Context } from "../../lib/sync/context.ts";
import { Pace } from "../../lib/sync/pace.ts";
import { Rate } from "../../lib/sync/rate.ts";
import { readToEnd, socketPair, within, writeAll } from "../support/sockets.ts";
import { pass } from "../support/time.ts";

const LONG = { ...LINGER, idle: 60_000, total: 60_000 };

Deno.test("linger() lets the last message arrive although bytes are unread", async () => {
  const [client, conn] = await socketPair();
  const duplex = new Duplex(conn);
  await writeAll(client, new Uint8Array(100_000));
  await duplex.write(new Uint8Array([5, 0xff]));
  const lingering = linger(duplex, LINGER);
  assertEquals(await readToEnd(client), new Uint8Array([5, 0xff]));
  client.close();
  await within(5_000, lingering);
  duplex.close();
});

Deno.test("linger() closes when its time is up and the peer stays", async () => {
  const [client, conn] = await socketPair();
  const duplex = new Duplex(conn);
  await within(5_000, linger(duplex, { ...LINGER, total: 50 }));
  assertEquals(await readToEnd(client), new Uint8Array());
  client.close();
});

Deno.test("linger() stops reading from a peer that keeps sending", async () => {
  const [client, conn] = await socketPair();
  const duplex = new Duplex(conn);
  const flood = (async () => {
    while (true) await client.write(new Uint8Array(64 * 1024));
  })().catch(() => "stopped");
  await within(5_000, linger(duplex, LONG));
  duplex.close();
  assertEquals(await flood, "stopped");
  client.close();
});

Deno.test("linger() does nothing when the peer is gone already", async () => {
  const [client, conn] = await socketPair();
  const duplex = new Duplex(conn);
  client.close();
  await within(5_000, linger(duplex, LONG));
  duplex.close();
});

Deno.test("linger() gives its buffer back under a flood", async () => {
  let before = 0;
  for (let n = 0; n < 3; n++) {
    const duplex = new Duplex({
      read: (buffer) => Promise.resolve(buffer.length),
      write: (bytes) => Promise.resolve(bytes.length),
      closeWrite: () => Promise.resolve(),
      [Symbol.dispose]() {},
    });
    await linger(duplex, LONG);
    if (n > 0) assertEquals(LARGE_BUFFERS.allocated, before);
    before = LARGE_BUFFERS.allocated;
  }
});

Deno.test("linger() closes when nothing comes for a time, but not while something does", async () => {
  const [client, conn] = await socketPair();
  const duplex = new Duplex(conn);
  let isOver = false;
  const lingering = linger(duplex, { ...LONG, idle: 80 })
    .then(() => isOver = true);
  for (let n = 0; n < 10; n++) {
    await client.write(new Uint8Array(1));
    await pass(30);
    assertEquals(isOver, false);
  }
  await within(5_000, lingering);
  client.close();
});

Deno.test("linger() does not take waiting for a rate for idleness", async () => {
  const [client, conn] = await socketPair();
  const duplex = new Duplex(conn);
  duplex.pace = new Pace([new Rate(50_000)]);
  duplex.pace.charge(20_000); // It waits 300 ms.
  await client.write(new Uint8Array(10));
  await client.closeWrite();
  await within(5_000, linger(duplex, { ...LONG, idle: 50 }));
  assertEquals(duplex.received, 10);
  duplex.close();
  client.close();
});

Deno.test("linger() throws away so many bytes and no more", async () => {
  const [client, conn] = await socketPair();
  const duplex = new Duplex(conn);
  const bytes = 16 * 1024 * 1024;
  const flood = writeAll(client, new Uint8Array(2 * bytes)).catch(() => "cut");
  await within(5_000, linger(duplex, { ...LONG, bytes }));
  const over = duplex.received - bytes;
  assert(over >= 0 && over <= 4 * 1024 * 1024, `${over} bytes too many`);
  duplex.close();
  assertEquals(await flood, "cut");
  client.close();
});

Deno.test("linger() ends when a drain begins, and is short during one", async () => {
  const draining = new Context();
  const [client, conn] = await socketPair();
  const duplex = new Duplex(conn);
  const lingering = linger(duplex, LONG, draining);
  draining.cancel(new Error("drain"));
  await within(1_000, lingering);
  client.close();
  const [late, other] = await socketPair();
  const second = new Duplex(other);
  const flood = writeAll(late, new Uint8Array(64 * 1024 * 1024))
    .catch(() => "cut");
  const most = { ...LONG, bytes: Infinity };
  await within(5_000, linger(second, most, draining));
  assert(second.received < 16 * 1024 * 1024);
  second.close();
  assertEquals(await flood, "cut");
  late.close();
});
