import { assertEquals } from "@std/assert";
import { once } from "node:events";
import { NodeTransport } from "../../../lib/net/tls/node_transport.ts";
import {
  readToEnd,
  socketPair,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { turns } from "../../support/time.ts";

Deno.test("NodeTransport carries bytes both ways, with both ends", async () => {
  const [peer, conn] = await socketPair();
  const transport = new NodeTransport(conn);
  const read: number[] = [];
  transport.on("data", (chunk: Uint8Array) => read.push(...chunk));
  const ended = once(transport, "end");
  await writeAll(peer, [1, 2, 3]);
  await peer.closeWrite();
  await within(5_000, ended);
  assertEquals(read, [1, 2, 3]);
  transport.end(Uint8Array.of(4, 5));
  assertEquals([...await readToEnd(peer)], [4, 5]);
  transport.destroy();
  peer.close();
});

Deno.test("NodeTransport.flow pauses and resumes reading", async () => {
  let reads = 0;
  const transport = new NodeTransport({
    read(buffer) {
      reads++;
      buffer[0] = reads;
      return Promise.resolve(1);
    },
    write: (bytes) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    [Symbol.dispose]() {},
  });
  const seen = { until: 10, all: Promise.withResolvers<void>() };
  transport.on("data", ([number]: Uint8Array) => {
    if (number !== seen.until) return;
    transport.flow.pause();
    seen.all.resolve();
  });
  await within(5_000, seen.all.promise);
  const before = reads;
  await turns();
  assertEquals(reads <= before + 1, true, "one read was under way at most");
  seen.until = 20;
  seen.all = Promise.withResolvers();
  transport.flow.resume();
  await within(5_000, seen.all.promise);
  transport.destroy();
});

Deno.test("NodeTransport ends with its connection, returns the reason, and closes it when destroyed", async () => {
  const [peer, conn] = await socketPair();
  const transport = new NodeTransport(conn);
  const ended = once(transport, "end");
  transport.resume();
  conn.close();
  await within(5_000, ended);
  assertEquals(transport.flow.failure?.("read") instanceof Error, true);
  transport.destroy();
  assertEquals((await readToEnd(peer)).length, 0);
  peer.close();
});
