import { assert, assertEquals } from "@std/assert";
import { ByteReader } from "../../lib/net/byte_reader.ts";
import { Duplex } from "../../lib/net/duplex.ts";
import {
  EarlyReader,
  type EarlyReaderOptions,
} from "../../lib/net/early_reader.ts";
import { assertBytes, eventually } from "../support/dialogue.ts";
import { resettable } from "../support/reset.ts";
import { socketPair, within, writeAll } from "../support/sockets.ts";

/** A watched client whose end is awaited. */
function watch(
  client: Duplex,
  options?: EarlyReaderOptions,
): { watch: EarlyReader; ended: Promise<unknown> } {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  return { watch: new EarlyReader(client, resolve, options), ended: promise };
}

Deno.test("EarlyReader leaves what the client says in the stream, in order", async () => {
  const [conn, served] = await socketPair();
  using _conn = conn;
  using _served = served;
  const client = new Duplex(served);
  const { watch: watching } = watch(client);
  for (let n = 1; n <= 5; n++) {
    await writeAll(conn, [n, n]);
    assert(await eventually(() => client.inbox.length === 2 * n));
  }
  watching.stop();
  assertEquals(client.received, 0, "nobody has taken it");
  const reader = new ByteReader(client);
  assertBytes(await reader.readExact(10), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
});

Deno.test("EarlyReader.stop() leaves later bytes in the stream", async () => {
  const [conn, served] = await socketPair();
  using _conn = conn;
  using _served = served;
  const client = new Duplex(served);
  const { watch: watching } = watch(client);
  await writeAll(conn, [0]);
  assert(await eventually(() => client.inbox.length === 1));
  watching.stop();
  watching.stop(); // Again does nothing.
  await writeAll(conn, [1, 2, 3]);
  // The read that was under way takes them although nobody asks any more.
  assert(await eventually(() => client.inbox.length === 4));
  const reader = new ByteReader(client);
  assertBytes(await within(5_000, reader.readExact(4)), [0, 1, 2, 3]);
  await conn.closeWrite();
  assertEquals(await within(5_000, reader.readSome()), undefined);
});

Deno.test("EarlyReader reports that the client has closed", async () => {
  const [conn, served] = await socketPair();
  using _served = served;
  const { watch: watching, ended } = watch(new Duplex(served));
  conn.close();
  assert(await within(5_000, ended) instanceof Deno.errors.UnexpectedEof);
  watching.stop();
});

Deno.test("EarlyReader reports that the client has reset", async () => {
  const { conn, reset } = await resettable();
  using _conn = conn;
  const { watch: watching, ended } = watch(new Duplex(conn));
  reset();
  assert(await within(5_000, ended) instanceof Deno.errors.ConnectionReset);
  watching.stop();
});

Deno.test("EarlyReader keeps 16 KiB and reports when there is more", async () => {
  const [conn, served] = await socketPair();
  using _conn = conn;
  using _served = served;
  const client = new Duplex(served);
  const { watch: watching, ended } = watch(client);
  await writeAll(conn, new Uint8Array(16 * 1024));
  assert(await eventually(() => client.inbox.length === 16 * 1024));
  await writeAll(conn, [1]);
  assert(await within(5_000, ended) instanceof RangeError);
  watching.stop();
});

Deno.test("EarlyReader reports a peer that sends too much with the given error", async () => {
  const [conn, served] = await socketPair();
  using _conn = conn;
  using _served = served;
  const error = new Error("Too much");
  const { watch: watching, ended } = watch(new Duplex(served), {
    most: 0,
    tooMuch: () => error,
  });
  await writeAll(conn, [1]);
  assertEquals(await within(5_000, ended), error);
  watching.stop();
});
