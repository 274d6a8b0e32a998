/**
 * A socket of Node's API as a connection: for what Deno's own API can't do,
 * such as leaving from a chosen address.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { Connection } from "./connection.ts";
import { errorCode } from "./error_code.ts";

/** Where a connection's ends are. */
export interface Ends {
  /** Our end. */
  localAddr: Deno.NetAddr;
  /** The other end. */
  remoteAddr: Deno.NetAddr;
}

/** Deno's classes for what a peer can do, by which the log describes it. */
const CLASS_BY_CODE: ReadonlyMap<
  string,
  new (message: string, options?: ErrorOptions) => Error
> = new Map([
  ["ECONNRESET", Deno.errors.ConnectionReset],
  ["ECONNABORTED", Deno.errors.ConnectionAborted],
  ["EPIPE", Deno.errors.BrokenPipe],
  ["ETIMEDOUT", Deno.errors.TimedOut],
]);

/**
 * An open `net.Socket` or `tls.TLSSocket` that is read and written as a
 * `Deno.Conn` is. Only what fits Node's buffer (64 KiB, and one chunk) is read
 * ahead: then the socket pauses until somebody reads. A write settles when the
 * system has its bytes, so that there is no queue of our own, and the caller
 * may use its buffer again.
 */
export class NodeConnection implements Connection {
  /** Our end. */
  readonly localAddr: Deno.NetAddr;
  /** The other end. */
  readonly remoteAddr: Deno.NetAddr;

  readonly #socket: Socket;
  #failure: Error | undefined;
  #change: PromiseWithResolvers<void> | undefined;

  /**
   * Takes a socket over: nobody else may read it or listen to its data.
   *
   * @param socket An open socket, made with `allowHalfOpen: true`.
   * @param ends Where its ends are, where the socket itself can't tell.
   * @throws {TypeError} If it would end our side when the peer ends its own.
   */
  constructor(socket: Socket, ends: Ends = endsOf(socket)) {
    if (!socket.allowHalfOpen) {
      throw new TypeError("Cannot adapt socket: allowHalfOpen is false");
    }
    this.localAddr = ends.localAddr;
    this.remoteAddr = ends.remoteAddr;
    this.#socket = socket;
    if (socket.errored) this.#failure = toDenoError(socket.errored);
    // Kept for good: an error that nobody listens to would end the program.
    socket.on("error", (error) => {
      this.#failure ??= toDenoError(error);
      this.#wake();
    });
    for (const event of ["readable", "end", "close"]) {
      socket.on(event, () => this.#wake());
    }
  }

  /**
   * Reads what has come.
   *
   * @param buffer Where to; its length is the most that is read.
   * @returns How many bytes, or null at end of file.
   * @throws The socket's error, once what came before it has been read.
   */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (buffer.length === 0) return 0;
    while (true) {
      const chunk = this.#take(buffer.length);
      if (chunk !== null) {
        buffer.set(chunk);
        return chunk.length;
      }
      if (this.#socket.readableEnded) return null;
      this.#throwIfGone();
      this.#change ??= Promise.withResolvers();
      await this.#change.promise;
    }
  }

  /**
   * Writes all of the bytes.
   *
   * @param bytes What to write; to be left alone until the promise settles.
   * @returns Their number.
   * @throws The socket's error.
   */
  async write(bytes: Uint8Array): Promise<number> {
    this.#throwIfGone();
    if (this.#socket.writableEnded) {
      // Node would destroy the socket, and with it what is still to be read.
      throw new Deno.errors.BrokenPipe("Cannot write: the end has been sent");
    }
    await this.#settled((done) => this.#socket.write(bytes, done));
    return bytes.length;
  }

  /**
   * Sends what ends our direction: FIN, and before it TLS's close_notify.
   * Can be repeated.
   *
   * @throws The socket's error.
   */
  async closeWrite(): Promise<void> {
    if (this.#socket.writableFinished) return;
    this.#throwIfGone();
    await this.#settled((done) => this.#socket.end(done));
  }

  /** Turns Nagle's algorithm off, or on again. */
  setNoDelay(noDelay = true): void {
    this.#socket.setNoDelay(noDelay);
  }

  /** Closes both directions now; what waits on them fails. Can be repeated. */
  close(): void {
    this.#socket.destroy();
  }

  /** The same as {@linkcode NodeConnection.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Takes what has come already; asking for more than there is gives nothing. */
  #take(most: number): Uint8Array | null {
    const length = Math.min(most, this.#socket.readableLength);
    // Asked for nothing, the socket begins to read, or tells that it has ended.
    return this.#socket.read(length) as Uint8Array | null;
  }

  #wake(): void {
    this.#change?.resolve();
    this.#change = undefined;
  }

  /** Waits for a callback, which a destroyed socket may never call. */
  async #settled(
    start: (done: (error?: Error | null) => void) => void,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onClose = () => reject(this.#failure ?? closedError());
    this.#socket.once("close", onClose);
    start((error) => error ? reject(toDenoError(error)) : resolve());
    try {
      await promise;
    } finally {
      this.#socket.off("close", onClose);
    }
  }

  #throwIfGone(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#socket.destroyed) throw closedError();
  }
}

function endsOf(socket: Socket): Ends {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  return {
    localAddr: toNetAddr(localAddress, localPort),
    remoteAddr: toNetAddr(remoteAddress, remotePort),
  };
}

function toNetAddr(hostname = "0.0.0.0", port = 0): Deno.NetAddr {
  return { transport: "tcp", hostname, port };
}

function toDenoError(error: Error): Error {
  const constructor = CLASS_BY_CODE.get(errorCode(error) ?? "");
  if (constructor === undefined) return error;
  return new constructor(error.message, { cause: error });
}

function closedError(): Error {
  return new Deno.errors.BadResource("Connection is closed");
}
