import { assert, assertEquals, assertRejects } from "@std/assert";
import { ByteReader } from "../../lib/net/byte_reader.ts";
import { Duplex } from "../../lib/net/duplex.ts";
import type { Parser } from "../../lib/wire/parser.ts";
import { nextBytes } from "../support/next_bytes.ts";
import { socketPair, writeAll } from "../support/sockets.ts";

Deno.test("ByteReader.release() gives untaken bytes back", async () => {
  const [peer, conn] = await socketPair();
  await writeAll(peer, [5, 1, 0, 9, 9]);
  await peer.closeWrite();
  const duplex = new Duplex(conn);
  const reader = new ByteReader(duplex);
  assertEquals(await reader.readExact(3), new Uint8Array([5, 1, 0]));
  reader.release();
  assertEquals(duplex.received, 3);
  assertEquals(await nextBytes(duplex), new Uint8Array([9, 9]));
  assertEquals(await nextBytes(duplex), null);
  peer.close();
  conn.close();
});

Deno.test("ByteReader.readExact() puts fragments together", async () => {
  const [peer, conn] = await socketPair();
  const reader = new ByteReader(new Duplex(conn));
  const read = reader.readExact(4);
  for (const byte of [1, 2, 3, 4]) await writeAll(peer, [byte]);
  assertEquals(await read, new Uint8Array([1, 2, 3, 4]));
  peer.close();
  conn.close();
});

Deno.test("ByteReader.readExact() reads nothing when nothing is asked for", async () => {
  const [peer, conn] = await socketPair();
  const reader = new ByteReader(new Duplex(conn));
  assertEquals(await reader.readExact(0), new Uint8Array());
  peer.close();
  conn.close();
});

Deno.test("ByteReader.readExact() throws when the stream ends first", async (t) => {
  for (const sent of [[], [5], [5, 6, 7]]) {
    await t.step(`${sent.length} of 4 bytes`, async () => {
      const [peer, conn] = await socketPair();
      await writeAll(peer, sent);
      peer.close();
      const duplex = new Duplex(conn);
      const reader = new ByteReader(duplex);
      await assertRejects(
        () => reader.readExact(4),
        Deno.errors.UnexpectedEof,
        `ended after ${sent.length}`,
      );
      assertEquals(duplex.received, sent.length);
      conn.close();
    });
  }
});

Deno.test("ByteReader.parse() feeds a parser the bytes it asks for", async () => {
  function* parseLengthAndBody(): Parser<number[]> {
    const [length] = yield 1;
    return [...(yield length!)];
  }
  const [peer, conn] = await socketPair();
  await writeAll(peer, [2, 7, 8, 1, 9]);
  const reader = new ByteReader(new Duplex(conn));
  assertEquals(await reader.parse(parseLengthAndBody()), [7, 8]);
  assertEquals(await reader.parse(parseLengthAndBody()), [9]);
  peer.close();
  conn.close();
});

Deno.test("ByteReader.parse() leaves a parser the bytes that it was given", async () => {
  function* parseTwo(): Parser<Uint8Array[]> {
    return [yield 2, yield 2];
  }
  const [peer, conn] = await socketPair();
  const reader = new ByteReader(new Duplex(conn));
  const parsed = reader.parse(parseTwo());
  for (const byte of [1, 2, 3, 4]) await writeAll(peer, [byte]);
  assertEquals((await parsed).map((bytes) => [...bytes]), [[1, 2], [3, 4]]);
  peer.close();
  conn.close();
});

Deno.test("ByteReader.parse() reads nothing for a parser that asks for nothing", async () => {
  function* parseEmptyBody(): Parser<number[]> {
    const [length] = yield 1;
    return [...(yield length!)];
  }
  const [peer, conn] = await socketPair();
  await writeAll(peer, [0, 7]);
  const reader = new ByteReader(new Duplex(conn));
  assertEquals(await reader.parse(parseEmptyBody()), []);
  assertEquals(await reader.peek(), 7);
  peer.close();
  conn.close();
});

Deno.test("ByteReader.unread() puts bytes in front of those that have come", async () => {
  const [peer, conn] = await socketPair();
  await writeAll(peer, [1, 2, 3]);
  const duplex = new Duplex(conn);
  const reader = new ByteReader(duplex);
  reader.unread(await reader.readExact(2));
  assertEquals(await reader.readExact(1), new Uint8Array([1]));
  reader.unread(new Uint8Array([9, 1]));
  reader.release();
  assertEquals(await nextBytes(duplex), new Uint8Array([9, 1, 2, 3]));
  peer.close();
  conn.close();
});

Deno.test("ByteReader.peek() leaves the byte in the stream", async () => {
  const [peer, conn] = await socketPair();
  await writeAll(peer, [5, 1]);
  const reader = new ByteReader(new Duplex(conn));
  assertEquals(await reader.peek(), 5);
  assertEquals(await reader.peek(), 5);
  assertEquals(await reader.readExact(2), new Uint8Array([5, 1]));
  peer.close();
  await assertRejects(() => reader.peek(), Deno.errors.UnexpectedEof);
  conn.close();
});

Deno.test("ByteReader.readSome() waits for the given number of bytes, and takes all that have arrived", async () => {
  const [peer, conn] = await socketPair();
  const reader = new ByteReader(new Duplex(conn));
  const four = reader.readSome(4);
  for (const byte of [1, 2, 3]) await writeAll(peer, [byte]);
  await writeAll(peer, [4, 5, 6]);
  const first = [...(await four)!];
  assertEquals(first.slice(0, 4), [1, 2, 3, 4]);
  const rest = first.length === 6 ? [] : [...(await reader.readSome(2))!];
  assertEquals([...first, ...rest], [1, 2, 3, 4, 5, 6]);
  peer.close();
  conn.close();
});

Deno.test("ByteReader.readSome() gives the fewer bytes before end of file, then undefined", async () => {
  const [peer, conn] = await socketPair();
  await writeAll(peer, [1, 2]);
  peer.close();
  const reader = new ByteReader(new Duplex(conn));
  assertEquals(await reader.readSome(2_000), new Uint8Array([1, 2]));
  assertEquals(await reader.readSome(2_000), undefined);
  assertEquals(await reader.readSome(), undefined);
  conn.close();
});

Deno.test("ByteReader.readSome() holds no more memory than allowed while it waits", async () => {
  const [peer, conn] = await socketPair();
  const reader = new ByteReader(new Duplex(conn), { mostChunk: 2_048 });
  const sizes: number[] = [];
  for (let left = 60_000; left > 0;) {
    const writing = sizes.length === 0
      ? writeAll(peer, new Uint8Array(left))
      : undefined;
    // One read that wants more gets more, and keeps nothing of it.
    const bytes = (await reader.readSome(sizes.length === 1 ? 10_000 : 1))!;
    sizes.push(bytes.buffer.byteLength);
    left -= bytes.length;
    await writing;
  }
  assertEquals(sizes[1], 10_000);
  assert(sizes.every((size, at) => at === 1 || size <= 2_048), `${sizes}`);
  peer.close();
  conn.close();
});
