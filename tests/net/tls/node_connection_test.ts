import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import net from "node:net";
import type { ByteChannel } from "../../../lib/net/connection.ts";
import { Duplex } from "../../../lib/net/duplex.ts";
import { NodeConnection } from "../../../lib/net/tls/node_connection.ts";
import { tunnel } from "../../../lib/net/tunnel.ts";
import { Context } from "../../../lib/sync/context.ts";
import { pattern, sha256 } from "../../support/dialogue.ts";
import { NODE_PAIRS } from "./node_sockets.ts";
import { connectResettable } from "../../support/reset.ts";
import {
  readExactly,
  readToEnd,
  socketPair,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { untilStill } from "../../support/time.ts";

const MEGABYTES_4 = pattern(4 * 1024 * 1024);

/** Reads to end of file in bites of a size. */
async function readAll(
  channel: ByteChannel,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(size);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  while (true) {
    const count = await channel.read(buffer);
    if (count === null) break;
    assert(count > 0 && count <= size);
    chunks.push(buffer.slice(0, count));
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

for (const [kind, open] of Object.entries(NODE_PAIRS)) {
  Deno.test(`NodeConnection over ${kind} knows its ends`, async () => {
    using pair = await open();
    const { near, far } = pair;
    assertEquals(near.localAddr, far.remoteAddr as Deno.NetAddr);
    assertEquals(near.remoteAddr, far.localAddr as Deno.NetAddr);
    near.setNoDelay();
    near.close();
    assertEquals(near.localAddr, far.remoteAddr as Deno.NetAddr);
  });

  Deno.test(`NodeConnection over ${kind} carries bytes both ways, in bites of any size`, async () => {
    using pair = await open();
    const { near, far } = pair;
    assertEquals(await near.write(new Uint8Array([1, 2, 3])), 3);
    assertEquals([...await readExactly(far, 3)], [1, 2, 3]);
    await writeAll(far, [4, 5, 6, 7, 8]);
    const bite = new Uint8Array(2);
    assertEquals(await near.read(new Uint8Array()), 0);
    assertEquals(await near.write(new Uint8Array()), 0);
    const read: number[] = [];
    while (read.length < 5) {
      const count = await within(5_000, near.read(bite));
      read.push(...bite.subarray(0, count!));
    }
    assertEquals(read, [4, 5, 6, 7, 8]);
  });

  Deno.test(`NodeConnection.read() over ${kind} gives 4 MB and the end, however slowly it is read`, async () => {
    for (const size of [1_000, 64 * 1024, 1024 * 1024]) {
      using pair = await open();
      const { near, far } = pair;
      const [received] = await within(
        30_000,
        Promise.all([
          readAll(near, size),
          writeAll(far, MEGABYTES_4).then(() => far.closeWrite()),
        ]),
      );
      assertEquals(await sha256(received), await sha256(MEGABYTES_4));
      assertEquals(
        await near.read(new Uint8Array(9)),
        null,
        "it stays the end",
      );
      // Our direction is still open.
      await near.write(new Uint8Array([7]));
      assertEquals([...await readExactly(far, 1)], [7]);
    }
  });

  Deno.test(`NodeConnection.write() over ${kind} sends 4 MB from one buffer used again`, async () => {
    using pair = await open();
    const { near, far } = pair;
    async function send(): Promise<void> {
      const buffer = new Uint8Array(100_000);
      for (let n = 0; n < MEGABYTES_4.length; n += buffer.length) {
        const part = MEGABYTES_4.subarray(n, n + buffer.length);
        buffer.set(part);
        await near.write(buffer.subarray(0, part.length));
        buffer.fill(0);
      }
      await near.closeWrite();
    }
    const [received] = await within(
      30_000,
      Promise.all([readToEnd(far), send()]),
    );
    assertEquals(await sha256(received), await sha256(MEGABYTES_4));
    await near.closeWrite(); // Again does nothing.
    await assertRejects(
      () => near.write(new Uint8Array(1)),
      Deno.errors.BrokenPipe,
    );
    // The other direction is still open.
    await writeAll(far, [7]);
    await far.closeWrite();
    assertEquals([...await within(5_000, readAll(near, 9))], [7]);
  });

  Deno.test(`NodeConnection.write() over ${kind} waits for a peer that does not read`, async () => {
    using pair = await open();
    const { near, far } = pair;
    let written = 0;
    const writing = (async () => {
      const buffer = new Uint8Array(1024 * 1024);
      for (let n = 0; n < 64; n++) written += await near.write(buffer);
    })();
    const before = await untilStill(() => written);
    assert(before < 48 * 1024 * 1024, `${before} bytes went nowhere`);
    near.close();
    await assertRejects(() => within(5_000, writing), Error, "write ECANCELED");
    far[Symbol.dispose]();
  });

  Deno.test(`NodeConnection over ${kind} stops a sender that it does not read`, async () => {
    using pair = await open();
    const { near, far } = pair;
    let sent = 0;
    const sending = (async () => {
      const buffer = new Uint8Array(1024 * 1024);
      for (let n = 0; n < 64; n++) sent += await far.write(buffer);
    })().catch(() => {});
    const before = await untilStill(() => sent);
    assert(before < 48 * 1024 * 1024, `${before} bytes are in memory`);
    near.close();
    await within(5_000, sending);
  });

  Deno.test(`NodeConnection over ${kind} ends what waits when it is closed`, async () => {
    using pair = await open();
    const { near } = pair;
    const reading = near.read(new Uint8Array(9));
    near.close();
    near.close(); // Again does nothing.
    await assertRejects(() => within(5_000, reading), Deno.errors.BadResource);
    const bytes = new Uint8Array(9);
    for (const use of [() => near.read(bytes), () => near.write(bytes)]) {
      await assertRejects(use, Deno.errors.BadResource);
    }
    await assertRejects(() => near.closeWrite(), Deno.errors.BadResource);
  });

  Deno.test(`NodeConnection over ${kind} joins a tunnel`, async () => {
    const [client, accepted] = await socketPair();
    using pair = await open();
    const { near, far } = pair;
    const running = tunnel(
      new Duplex(accepted),
      new Duplex(near),
      new Context(),
    );
    async function echo(): Promise<void> {
      const question = await readToEnd(far);
      await writeAll(far, question);
      await far.closeWrite();
    }
    const [answer] = await within(
      30_000,
      Promise.all([
        readToEnd(client),
        writeAll(client, MEGABYTES_4).then(() => client.closeWrite()),
        echo(),
      ]),
    );
    assertEquals(await sha256(answer), await sha256(MEGABYTES_4));
    const result = await running;
    assertEquals(result.error, undefined);
    assertEquals(result.endedFirst, "client");
    assertEquals(result.sent, MEGABYTES_4.length);
    client.close();
    accepted.close();
  });
}

Deno.test("NodeConnection reports that its peer has reset", async () => {
  const server = net.createServer({ allowHalfOpen: true });
  const accepted = Promise.withResolvers<net.Socket>();
  server.once("connection", accepted.resolve);
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  const { port } = server.address() as net.AddressInfo;
  const peer = await connectResettable({ hostname: "127.0.0.1", port });
  const socket = await accepted.promise;
  server.close();
  using near = new NodeConnection(socket);
  const reading = near.read(new Uint8Array(9));
  peer.resetAndDestroy();
  await assertRejects(
    () => within(5_000, reading),
    Deno.errors.ConnectionReset,
  );
  for (const length of [0, 1]) {
    await assertRejects(
      () => near.write(new Uint8Array(length)),
      Deno.errors.ConnectionReset,
    );
  }
});

Deno.test("NodeConnection refuses a socket that would end both directions", () => {
  const socket = new net.Socket();
  assertThrows(
    () => new NodeConnection(socket),
    TypeError,
    "allowHalfOpen is false",
  );
  socket.destroy();
});

Deno.test("NodeConnection uses the given ends", () => {
  const socket = new net.Socket({ allowHalfOpen: true });
  const localAddr = {
    transport: "tcp",
    hostname: "192.0.2.1",
    port: 1,
  } as const;
  const remoteAddr = { ...localAddr, port: 2 };
  using near = new NodeConnection(socket, {
    ends: { localAddr, remoteAddr },
  });
  assertEquals(near.localAddr, localAddr);
  assertEquals(near.remoteAddr, remoteAddr);
});
