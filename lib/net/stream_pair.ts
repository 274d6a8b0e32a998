/**
 * A pair of streams as a connection: what a program has opened itself, whatever
 * it leads through.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import { UnixConnection } from "./unix_socket.ts";

/** Two streams that lead to the same peer. A `Deno.Conn` is one. */
export interface StreamPair {
  /** Bytes from the peer. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Bytes to the peer; closing it tells the peer that nothing follows. */
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
}

/** Stands for an address that a pair of streams does not have. */
const NOWHERE: Deno.NetAddr = {
  transport: "tcp",
  hostname: "0.0.0.0",
  port: 0,
};

/** A connection over a pair of streams. */
export class StreamConnection implements Connection {
  /** Unknown: zeros. */
  readonly localAddr: Deno.NetAddr = NOWHERE;
  /** Unknown: zeros. */
  readonly remoteAddr: Deno.NetAddr = NOWHERE;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  #rest: Uint8Array | undefined;

  /**
   * Locks the streams.
   *
   * @param pair The streams.
   * @throws {TypeError} If one is locked.
   */
  constructor({ readable, writable }: StreamPair) {
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
  }

  /**
   * Makes a connection of a pair. A socket is one already: its own streams,
   * which close both directions at the first end of file, are not used.
   *
   * @param pair The streams, or a socket.
   * @throws {TypeError} If it is neither.
   */
  static of(pair: StreamPair): Connection {
    if (isSocket(pair)) {
      const isUnix = pair.remoteAddr.transport !== "tcp";
      return isUnix
        ? new UnixConnection(pair as Deno.UnixConn, "")
        : pair as Connection;
    }
    const { readable, writable } = pair ?? {};
    if (
      readable instanceof ReadableStream && writable instanceof WritableStream
    ) return new StreamConnection({ readable, writable });
    throw new TypeError(
      "Cannot use connection: expected a Deno.Conn or { readable, writable }",
    );
  }

  /** Reads into the buffer: the number of bytes, or null at end of file. */
  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#rest === undefined || this.#rest.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#rest = value;
    }
    const taken = this.#rest.subarray(0, buffer.length);
    this.#rest = this.#rest.subarray(taken.length);
    buffer.set(taken);
    return taken.length;
  }

  /** Writes a copy: the stream may keep its chunk for as long as it likes. */
  async write(bytes: Uint8Array): Promise<number> {
    await this.#writer.write(bytes.slice());
    return bytes.length;
  }

  /** Ends the writable stream. */
  async closeWrite(): Promise<void> {
    await this.#writer.close();
  }

  /** Does nothing. */
  setNoDelay(): void {}

  /** Cancels one stream and aborts the other, if they have not ended. */
  close(): void {
    this.#reader.cancel().catch(() => {});
    this.#writer.abort().catch(() => {});
  }

  /** The same as {@linkcode StreamConnection.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function isSocket(pair: unknown): pair is Deno.TcpConn | Deno.UnixConn {
  const { read, write, closeWrite, close, remoteAddr } =
    (pair ?? {}) as Partial<Connection>;
  return [read, write, closeWrite, close].every((one) =>
    typeof one === "function"
  ) && remoteAddr !== undefined;
}
