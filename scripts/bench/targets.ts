/**
 * The targets of the benchmark: prints the ports of an echo server and of a
 * sink, which drops what it gets, or sends zeros once it has got an `S`. Ends
 * with its standard input.
 *
 * @module
 */

const BLOCK = 256 * 1024;

async function echo(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  while (true) {
    const count = await conn.read(buffer);
    if (count === null) return;
    await writeAll(conn, buffer.subarray(0, count));
  }
}

async function sink(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(BLOCK);
  if (await conn.read(buffer) === null) return;
  const isSource = buffer[0] === "S".charCodeAt(0);
  while (isSource) await writeAll(conn, buffer);
  while (await conn.read(buffer) !== null);
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let count = 0; count < bytes.length;) {
    count += await conn.write(bytes.subarray(count));
  }
}

async function serve(
  listener: Deno.TcpListener,
  handler: (conn: Deno.TcpConn) => Promise<void>,
): Promise<void> {
  for await (const conn of listener) {
    conn.setNoDelay(true);
    handler(conn).catch(() => {}).finally(() => conn[Symbol.dispose]());
  }
}

const listeners = [echo, sink].map((handler) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  serve(listener, handler);
  return listener;
});
const ports = listeners.map(({ addr }) => (addr as Deno.NetAddr).port);
await Deno.stdout.write(new TextEncoder().encode(ports.join(" ")));
await Deno.stdin.read(new Uint8Array(1));
Deno.exit();
