/**
 * Sockets as web streams with separate ends for each direction, and a tunnel
 * between two of them.
 *
 * ```ts
 * import { SocketReadable, SocketWritable } from "@sluice/sluice/streams";
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * using client = await Deno.connect({ port: listener.addr.port });
 * using server = await listener.accept();
 * const writer = new SocketWritable(client).getWriter();
 * await writer.write(new TextEncoder().encode("hello"));
 * await writer.close(); // Sends FIN; the other direction stays open.
 * for await (const chunk of new SocketReadable(server)) console.log(chunk);
 * ```
 *
 * @module
 */

import { Duplex } from "../net/duplex.ts";
import { StreamConnection, type StreamPair } from "../net/stream_pair.ts";
import { tunnel as join, type TunnelResult } from "../net/tunnel.ts";
import { Context } from "../sync/context.ts";
import { millisecondsOf } from "./milliseconds.ts";

export type { Buffer } from "../net/buffer_pool.ts";
export type { ByteChannel } from "../net/connection.ts";
export type { StreamPair } from "../net/stream_pair.ts";
export {
  ByteReadable,
  type ByteStream,
  SocketReadable,
} from "../net/socket_readable.ts";
export { SocketWritable } from "../net/socket_writable.ts";
export type { End, TunnelResult } from "../net/tunnel.ts";

/** Options for {@linkcode tunnel}. */
export interface TunnelTimes {
  /** Cuts the tunnel when aborted. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Time limit without traffic in both directions: `"10m"`, or milliseconds
   * (default: none).
   */
  readonly idleTimeout?: string | number | undefined;
  /**
   * Time limit without traffic for the remaining direction, after the other one
   * has ended (default 30 s); 0 ends it immediately.
   */
  readonly halfCloseTimeout?: string | number | undefined;
}

/**
 * Copies bytes between two connections until both directions have ended, then
 * closes both. When one direction ends, the other stays open.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startEcho } from "@sluice/sluice";
 * import { tunnel } from "@sluice/sluice/streams";
 *
 * await using echo = await startEcho({ listen: "127.0.0.1:0" });
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * using client = await Deno.connect({ port: listener.addr.port });
 * const target = await Deno.connect({ port: echo.port });
 * const joined = tunnel(await listener.accept(), target);
 * await client.write(new TextEncoder().encode("hello"));
 * await client.closeWrite();
 * assertEquals((await joined).sent, 5);
 * ```
 *
 * @param client The side that opened the tunnel: a `Deno.Conn` or a pair of
 *   streams.
 * @param target The other side.
 * @param options Time limits.
 * @returns Byte counts and the cause of the end. A failed tunnel resolves too.
 * @throws {TypeError} If an argument is wrong.
 */
export async function tunnel(
  client: StreamPair,
  target: StreamPair,
  { signal, idleTimeout = 0, halfCloseTimeout = 30_000 }: TunnelTimes = {},
): Promise<TunnelResult> {
  const times = {
    idleTimeout: millisecondsOf(idleTimeout, "idleTimeout"),
    halfCloseTimeout: millisecondsOf(halfCloseTimeout, "halfCloseTimeout"),
    resetRelay: "on",
  } as const;
  const [near, far] = [client, target].map((pair) =>
    new Duplex(StreamConnection.of(pair))
  ) as [Duplex, Duplex];
  using context = new Context();
  const cut = () => context.cancel(signal!.reason);
  if (signal?.aborted) cut();
  signal?.addEventListener("abort", cut, { once: true });
  try {
    return await join(near, far, context, times);
  } finally {
    signal?.removeEventListener("abort", cut);
    near.close();
    far.close();
  }
}
