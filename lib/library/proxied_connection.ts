/**
 * A connection through a proxy.
 *
 * @module
 */

import { type Chained, underneath } from "../net/chain.ts";
import type { Connection } from "../net/connection.ts";
import type { StreamPair } from "../net/stream_pair.ts";

/**
 * A connection through a proxy. Use it either as a pair of streams or with
 * `read` and `write`, but not both.
 */
export class ProxiedConnection implements StreamPair, Connection {
  readonly #chained: Chained;
  #connection: Connection | undefined;

  /**
   * Takes over a connection.
   *
   * @param chained The connection, before the target's first byte.
   */
  constructor(chained: Chained) {
    this.#chained = chained;
  }

  /** Local address of the connection to the nearest proxy. */
  get localAddr(): Deno.NetAddr {
    return this.#chained.connection.localAddr;
  }

  /** Address of the nearest proxy. */
  get remoteAddr(): Deno.NetAddr {
    return this.#chained.connection.remoteAddr;
  }

  /** Bytes from the target. At their end, `writable` stays usable. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#chained.duplex.readable;
  }

  /** Bytes to the target. Closing it sends FIN; `readable` stays usable. */
  get writable(): WritableStream<Uint8Array<ArrayBuffer>> {
    return this.#chained.duplex.writable;
  }

  /**
   * Reads into the buffer. Resolves to the number of bytes, or null at end of
   * file.
   */
  read(buffer: Uint8Array): Promise<number | null> {
    return this.#plain.read(buffer);
  }

  /** Writes some of the bytes. Resolves to their number. */
  write(bytes: Uint8Array): Promise<number> {
    return this.#plain.write(bytes);
  }

  /** Sends FIN. Reading stays possible. */
  closeWrite(): Promise<void> {
    return this.#plain.closeWrite();
  }

  /** Turns Nagle's algorithm off (default), or on with `false`. */
  setNoDelay(noDelay?: boolean): void {
    this.#chained.connection.setNoDelay(noDelay);
  }

  /** Closes both directions immediately. */
  close(): void {
    this.#chained.duplex.close();
  }

  /** Closes the connection, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #plain(): Connection {
    return this.#connection ??= underneath(this.#chained);
  }
}
