/**
 * A connection that leads through a proxy.
 *
 * @module
 */

import { type Chained, underneath } from "../net/chain.ts";
import type { Connection } from "../net/connection.ts";
import type { StreamPair } from "../net/stream_pair.ts";

/**
 * A connection that leads through a proxy: a pair of streams, or a connection
 * to read and write. Use one of the two.
 */
export class ProxiedConnection implements StreamPair, Connection {
  readonly #chained: Chained;
  #connection: Connection | undefined;

  /**
   * Takes a connection over.
   *
   * @param chained The connection, at the first byte of the target.
   */
  constructor(chained: Chained) {
    this.#chained = chained;
  }

  /** Our end of the connection to the nearest proxy. */
  get localAddr(): Deno.NetAddr {
    return this.#chained.connection.localAddr;
  }

  /** The nearest proxy. */
  get remoteAddr(): Deno.NetAddr {
    return this.#chained.connection.remoteAddr;
  }

  /** Bytes from the target. Their end leaves `writable` usable. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#chained.duplex.readable;
  }

  /** Bytes to the target. Closing it sends FIN, and leaves `readable` usable. */
  get writable(): WritableStream<Uint8Array<ArrayBuffer>> {
    return this.#chained.duplex.writable;
  }

  /** Reads into the buffer: the number of bytes, or null at end of file. */
  read(buffer: Uint8Array): Promise<number | null> {
    return this.#plain.read(buffer);
  }

  /** Writes some of the bytes, and tells how many. */
  write(bytes: Uint8Array): Promise<number> {
    return this.#plain.write(bytes);
  }

  /** Sends FIN; reading goes on. */
  closeWrite(): Promise<void> {
    return this.#plain.closeWrite();
  }

  /** Turns Nagle's algorithm off, or on again. */
  setNoDelay(noDelay?: boolean): void {
    this.#chained.connection.setNoDelay(noDelay);
  }

  /** Closes both directions now. */
  close(): void {
    this.#chained.duplex.close();
  }

  /** The same as {@linkcode ProxiedConnection.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #plain(): Connection {
    return this.#connection ??= underneath(this.#chained);
  }
}
