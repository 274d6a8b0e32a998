/**
 * Times the streams: 16 MiB over loopback by `pipeTo` from socket to socket, by
 * a reader and a writer, and by the platform's own streams.
 *
 * @module
 */

import {
  SocketReadable,
  SocketWritable,
} from "../../../lib/library/streams.ts";

const CHUNK = new Uint8Array(64 * 1024);
const CHUNKS = 256;

/** Copies the bytes from one socket to another with `join`. */
async function carry(
  join: (from: Deno.TcpConn, to: Deno.TcpConn) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connect = async () => {
    const near = await Deno.connect({ port: listener.addr.port });
    return [near, await listener.accept()] as const;
  };
  const [source, from] = await connect();
  const [to, drain] = await connect();
  using _closed = { [Symbol.dispose]: () => source.close() };
  async function send() {
    for (let sent = 0; sent < CHUNKS; sent++) {
      let rest: Uint8Array = CHUNK;
      while (rest.length > 0) rest = rest.subarray(await source.write(rest));
    }
    await source.closeWrite();
  }
  async function receive() {
    const buffer = new Uint8Array(256 * 1024);
    while (await drain.read(buffer) !== null);
    drain.close();
  }
  await Promise.all([send(), join(from, to), receive()]);
  for (const conn of [from, to]) {
    try {
      conn.close();
    } catch { /* The platform's streams have closed it. */ }
  }
}

Deno.bench("16 MiB, SocketReadable to SocketWritable", {
  group: "16 MiB",
  baseline: true,
}, async () => {
  await carry((from, to) =>
    new SocketReadable(from).pipeTo(new SocketWritable(to))
  );
});

Deno.bench("16 MiB, SocketReadable and a writer", {
  group: "16 MiB",
}, async () => {
  await carry(async (from, to) => {
    const writer = new SocketWritable(to).getWriter();
    for await (const chunk of new SocketReadable(from)) {
      await writer.write(chunk);
    }
    await writer.close();
  });
});

Deno.bench("16 MiB, the platform's streams", {
  group: "16 MiB",
}, async () => {
  await carry((from, to) => from.readable.pipeTo(to.writable));
});
