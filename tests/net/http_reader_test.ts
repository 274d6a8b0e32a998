import { assertEquals, assertRejects } from "@std/assert";
import { Duplex } from "../../lib/net/duplex.ts";
import { relayBody } from "../../lib/net/http_body.ts";
import { HttpReader } from "../../lib/net/http_reader.ts";
import type { Framing } from "../../lib/wire/http1/framing.ts";
import { nextBytes } from "../support/next_bytes.ts";
import { socketPair, within, writeAll } from "../support/sockets.ts";

const decoder = new TextDecoder();

Deno.test("HttpReader takes a head and leaves the rest to the stream", async () => {
  const [near, far] = await socketPair();
  using _near = near;
  using _far = far;
  const duplex = new Duplex(near);
  const reader = new HttpReader(duplex);
  await writeAll(far, "GET / HTTP/1.1\r\n\r\nrest");
  assertEquals((await reader.readHead())!.startLine, "GET / HTTP/1.1");
  reader.release();
  const { value } = await within(5_000, duplex.readable.getReader().read());
  assertEquals(decoder.decode(value), "rest");
});

Deno.test("HttpReader.release() keeps the bytes of a pending read", async () => {
  const [near, far] = await socketPair();
  using _near = near;
  using _far = far;
  const duplex = new Duplex(near);
  const reader = new HttpReader(duplex);
  const waiting = assertRejects(() => reader.fill(), TypeError);
  reader.release();
  await waiting;
  await writeAll(far, "later");
  const { value } = await within(5_000, duplex.readable.getReader().read());
  assertEquals(decoder.decode(value), "later");
});

Deno.test("HttpReader.readHead() distinguishes an end before a head from one within it", async () => {
  for (const [said, isBegun] of [["", false], ["GET", true]] as const) {
    const [near, far] = await socketPair();
    using _near = near;
    const reader = new HttpReader(new Duplex(near));
    await writeAll(far, said);
    far.close();
    if (isBegun) {
      await assertRejects(
        () => reader.readHead(),
        Deno.errors.UnexpectedEof,
      );
    } else assertEquals(await reader.readHead(), undefined);
  }
});

const BODIES: [Framing, string, string, boolean][] = [
  [{ kind: "none" }, "", "next", false],
  [{ kind: "length", length: 5 }, "hello", "next", false],
  [{ kind: "chunked" }, "2\r\nok\r\n0\r\nA: 1\r\n\r\n", "next", false],
  [{ kind: "chunked" }, "ok", "next", true],
  [{ kind: "close" }, "hello", "", false],
];

for (const [framing, body, rest, dechunk] of BODIES) {
  Deno.test(`relayBody() stops at the end of a body: ${framing.kind}, ${dechunk}`, async () => {
    const [near, far] = await socketPair();
    using _near = near;
    const sent = dechunk ? "2\r\nok\r\n0\r\n\r\n" : body;
    await writeAll(far, sent + rest);
    far.close();
    const reader = new HttpReader(new Duplex(near));
    let got = "";
    const write = (bytes: Uint8Array) => {
      got += decoder.decode(bytes);
      return Promise.resolve();
    };
    await relayBody(reader, framing, write, { dechunk });
    assertEquals(got, body);
    assertEquals(await reader.fill(), rest !== "");
    assertEquals(decoder.decode(reader.bytes), rest);
  });
}

Deno.test("relayBody() fails if the connection ends too early", async () => {
  const [near, far] = await socketPair();
  using _near = near;
  await writeAll(far, "half");
  far.close();
  const reader = new HttpReader(new Duplex(near));
  await assertRejects(
    () =>
      relayBody(reader, { kind: "length", length: 9 }, () => Promise.resolve()),
    Deno.errors.UnexpectedEof,
  );
});

Deno.test("HttpReader.release() loses no byte that arrives in the same turn", async () => {
  for (let turns = 0; turns < 8; turns++) {
    const coming = Promise.withResolvers<number>();
    let reads = 0;
    const duplex = new Duplex({
      read(buffer) {
        buffer.set([1, 2, 3]);
        return reads++ === 0 ? coming.promise : Promise.resolve(null);
      },
      write: (bytes) => Promise.resolve(bytes.length),
      closeWrite: () => Promise.resolve(),
      [Symbol.dispose]() {},
    });
    const reader = new HttpReader(duplex);
    const filled = reader.fill().catch(() => false);
    coming.resolve(3);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    reader.release();
    const bytes = await within(5_000, nextBytes(duplex));
    assertEquals(bytes, new Uint8Array([1, 2, 3]), `after ${turns} turns`);
    await filled;
    duplex.close();
  }
});
