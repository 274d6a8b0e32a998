import { assert, assertEquals, assertRejects } from "@std/assert";
import { TextLineStream } from "@std/streams";
import { SocketReadable } from "../../lib/net/socket_readable.ts";
import { SocketWritable } from "../../lib/net/socket_writable.ts";
import { readToEnd, socketPair, writeAll } from "../support/sockets.ts";

/** A stream from a peer that has sent text and its end. */
async function said(
  text: string,
): Promise<{ readable: SocketReadable } & Disposable> {
  const [peer, conn] = await socketPair();
  await writeAll(peer, text);
  await peer.closeWrite();
  return {
    readable: new SocketReadable(conn),
    [Symbol.dispose]() {
      peer.close();
      conn[Symbol.dispose]();
    },
  };
}

Deno.test("SocketReadable gives a BYOB reader exact lengths out of one read of the socket", async () => {
  let reads = 0;
  const readable = new SocketReadable({
    read(buffer) {
      buffer.set([1, 2, 3, 4, 5, 6]);
      return Promise.resolve(reads++ === 0 ? 6 : null);
    },
    write: (bytes) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    [Symbol.dispose]() {},
  });
  const reader = readable.getReader({ mode: "byob" });
  for (const expected of [[1], [2, 3], [4, 5, 6]]) {
    const min = expected.length;
    const { value } = await reader.read(new Uint8Array(min), { min });
    assertEquals(value, new Uint8Array(expected));
    assertEquals(reads, 1);
  }
  const { value, done } = await reader.read(new Uint8Array(4), { min: 4 });
  assertEquals([value?.length, done], [0, true]);
});

Deno.test("SocketReadable gives the partial bytes before an early end of file", async () => {
  using it = await said("abc");
  const reader = it.readable.getReader({ mode: "byob" });
  const { value, done } = await reader.read(new Uint8Array(4), { min: 4 });
  assertEquals([new TextDecoder().decode(value), done], ["abc", true]);
});

Deno.test("SocketReadable can be iterated over", async () => {
  using it = await said("one\ntwo");
  let text = "";
  for await (const chunk of it.readable) {
    text += new TextDecoder().decode(chunk);
  }
  assertEquals(text, "one\ntwo");
  assert(!it.readable.locked);
});

Deno.test("SocketReadable can be piped through text and lines", async () => {
  using it = await said("über\nzwei\n");
  const lines = it.readable
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  assertEquals(await Array.fromAsync(lines), ["über", "zwei"]);
});

Deno.test("SocketReadable and SocketWritable can be piped through gzip", async () => {
  const text = "many words ".repeat(10_000);
  using it = await said(text);
  const [peer, conn] = await socketPair();
  const plain = readToEnd(peer);
  await it.readable
    .pipeThrough(new CompressionStream("gzip"))
    .pipeThrough(new DecompressionStream("gzip"))
    .pipeTo(new SocketWritable(conn));
  assertEquals(new TextDecoder().decode(await plain), text);
  peer.close();
  conn[Symbol.dispose]();
});

Deno.test("SocketReadable.tee() gives both branches everything", async () => {
  using it = await said("twice");
  const branches = it.readable.tee().map((branch) =>
    new Response(branch).text()
  );
  assertEquals(await Promise.all(branches), ["twice", "twice"]);
});

Deno.test("SocketReadable can be piped into a file", async () => {
  const path = await Deno.makeTempFile();
  using it = await said("kept");
  const file = await Deno.open(path, { write: true });
  await it.readable.pipeTo(file.writable);
  assertEquals(await Deno.readTextFile(path), "kept");
  await Deno.remove(path);
});

Deno.test("SocketReadable.cancel() ends a read that is under way", async () => {
  const [peer, conn] = await socketPair();
  const readable = new SocketReadable(conn);
  const reader = readable.getReader();
  const read = reader.read();
  await reader.cancel();
  assertEquals((await read).done, true);
  await assertRejects(
    () => conn.write(new Uint8Array([1])),
    Deno.errors.BadResource,
  );
  peer.close();
});

Deno.test("SocketReadable.releaseLock() frees the stream for every other use", async () => {
  const uses: Record<string, (stream: SocketReadable) => Promise<string>> = {
    async getReader(stream) {
      const reader = stream.getReader();
      let text = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return text;
        text += new TextDecoder().decode(value);
      }
    },
    "for await": (stream) => new Response(ReadableStream.from(stream)).text(),
    tee: (stream) => new Response(stream.tee()[1]).text(),
    pipeThrough: (stream) =>
      new Response(stream.pipeThrough(new TransformStream())).text(),
    async pipeTo(stream) {
      let text = "";
      await stream.pipeTo(
        new WritableStream({
          write(chunk) {
            text += new TextDecoder().decode(chunk);
          },
        }),
      );
      return text;
    },
    async cancel(stream) {
      await stream.cancel();
      return "cdef";
    },
  };
  for (const [name, use] of Object.entries(uses)) {
    using it = await said("abcdef");
    const reader = it.readable.getReader({ mode: "byob" });
    await reader.read(new Uint8Array(2), { min: 2 });
    assert(it.readable.locked, name);
    it.readable.releaseLock(reader);
    assert(!it.readable.locked, name);
    assertEquals(await use(it.readable), "cdef", name);
    await assertRejects(() => reader.read(new Uint8Array(1)), TypeError);
  }
});

const RELEASES: Readonly<
  Record<
    string,
    (stream: SocketReadable, reader: ReadableStreamBYOBReader) => void
  >
> = {
  "SocketReadable.releaseLock()": (stream, reader) =>
    stream.releaseLock(reader),
  "The releaseLock() of its reader": (_stream, reader) => reader.releaseLock(),
};

for (const [name, release] of Object.entries(RELEASES)) {
  Deno.test(`${name} fails a read that is under way, and keeps its bytes`, async () => {
    const [peer, conn] = await socketPair();
    using _ = peer;
    using __ = conn;
    const readable = new SocketReadable(conn);
    const reader = readable.getReader({ mode: "byob" });
    await writeAll(peer, "in time");
    await reader.read(new Uint8Array(7), { min: 7 });
    const reading = reader.read(new Uint8Array(4), { min: 4 });
    release(readable, reader);
    await assertRejects(() => reading, TypeError);
    await writeAll(peer, "late");
    const { value } = await readable.getReader({ mode: "byob" })
      .read(new Uint8Array(4), { min: 4 });
    assertEquals(new TextDecoder().decode(value), "late");
  });
}
