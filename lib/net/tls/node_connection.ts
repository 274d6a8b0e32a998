/**
 * A socket of Node's API as a connection: for what Deno's own API can't do,
 * such as leaving from a chosen address.
 *
 * @module
 */

import type { Socket } from "node:net";
import type {
  ByteChannel,
  ConnectionEnds,
  TlsConnection,
} from "../connection.ts";
import { errorCode } from "../../observe/error_code.ts";
import type { Direction, Flow } from "./node_transport.ts";

/** Bytes that wait for a reader before the socket is paused. */
const MOST_WAITING = 64 * 1024;

/** Settings of a {@linkcode NodeConnection}. */
export interface NodeConnectionOptions {
  /** Addresses of its ends, if the socket does not know them. */
  ends?: ConnectionEnds;
  /** What to pause while nothing reads (default: the socket). */
  flow?: Flow;
  /** Protocol negotiated by ALPN (default none). */
  protocol?: string | undefined;
  /**
   * The connection under TLS (default: none, the socket is one of the system).
   */
  carrier?: ByteChannel;
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
 * `Deno.Conn` is. The socket is paused when 64 KiB wait for a reader; at most
 * as much again may still arrive. A write settles when the system has its
 * bytes, so there is no queue, and the caller may reuse its buffer.
 *
 * A TLS socket must run over a `NodeTransport`, whose flow is given here.
 */
export class NodeConnection implements TlsConnection {
  /** Our end. */
  readonly localAddr: Deno.NetAddr;
  /** The other end. */
  readonly remoteAddr: Deno.NetAddr;
  /** Protocol negotiated by ALPN; `undefined` if none. */
  readonly protocol: string | undefined;
  /** The connection under TLS; `undefined` for a socket of the system. */
  readonly carrier: ByteChannel | undefined;

  readonly #socket: Socket;
  readonly #flow: Flow;
  /** Bytes that have arrived but were not read, in order. */
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #isPaused = false;
  #failure: Error | undefined;
  #change: PromiseWithResolvers<void> | undefined;

  /**
   * Takes a socket over: nothing else may read it or listen to its data.
   *
   * @param socket An open socket, made with `allowHalfOpen: true`.
   * @param options Settings.
   * @throws {TypeError} If the socket would end this side when the peer ends
   *   its own.
   */
  constructor(socket: Socket, options: NodeConnectionOptions = {}) {
    const { ends = endsOf(socket), flow = socket } = options;
    if (!socket.allowHalfOpen) {
      throw new TypeError("Cannot adapt socket: allowHalfOpen is false");
    }
    this.localAddr = ends.localAddr;
    this.remoteAddr = ends.remoteAddr;
    this.protocol = options.protocol;
    this.carrier = options.carrier;
    this.#socket = socket;
    this.#flow = flow;
    if (socket.errored) this.#failure = toDenoError(socket.errored);
    // Kept for good: an error without a listener would end the program.
    socket.on("error", (error) => {
      this.#failure ??= toDenoError(error);
      this.#wake();
    });
    socket.on("end", () => this.#wake());
    socket.on("close", () => this.#wake());
    socket.on("data", (chunk: Uint8Array) => this.#keep(chunk));
  }

  /**
   * Reads bytes that have arrived.
   *
   * @param buffer Receives the bytes; its length is the most that is read.
   * @returns How many bytes, or null at end of file.
   * @throws The socket's error, after the bytes before it were read.
   */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (buffer.length === 0) return 0;
    while (true) {
      const count = this.#take(buffer);
      if (count > 0) return count;
      if (this.#socket.readableEnded) {
        this.#throwIfFailed("read");
        return null;
      }
      this.#throwIfGone();
      this.#change ??= Promise.withResolvers();
      await this.#change.promise;
    }
  }

  /**
   * Writes all bytes; a write of none only checks whether the connection has
   * failed.
   *
   * @param bytes The bytes; not to be changed until the promise settles.
   * @returns Their number.
   * @throws The socket's error.
   */
  async write(bytes: Uint8Array): Promise<number> {
    this.#throwIfGone();
    if (bytes.length === 0) return 0;
    if (this.#socket.writableEnded) {
      // Node would destroy the socket, and with it the unread bytes.
      throw new Deno.errors.BrokenPipe("Cannot write: the end has been sent");
    }
    await this.#settled((done) => this.#socket.write(bytes, done));
    this.#throwIfFailed("write");
    return bytes.length;
  }

  /**
   * Ends our direction: sends close_notify in TLS, then FIN. Can be repeated.
   *
   * @throws The socket's error.
   */
  async closeWrite(): Promise<void> {
    if (this.#socket.writableFinished) return;
    this.#throwIfGone();
    await this.#settled((done) => this.#socket.end(done));
    this.#throwIfFailed("write");
  }

  /** Turns Nagle's algorithm off or on. */
  setNoDelay(noDelay = true): void {
    this.#socket.setNoDelay(noDelay);
  }

  /**
   * Closes both directions now; pending reads and writes fail. Can be repeated.
   */
  close(): void {
    this.#socket.destroy();
  }

  /** The same as {@linkcode NodeConnection.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #keep(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
    if (this.#waiting >= MOST_WAITING && !this.#isPaused) {
      this.#isPaused = true;
      this.#flow.pause();
    }
    this.#wake();
  }

  /** Takes as much of the first chunk as fits; 0 if none has arrived. */
  #take(buffer: Uint8Array): number {
    const [chunk] = this.#chunks;
    if (chunk === undefined) return 0;
    const count = Math.min(chunk.length, buffer.length);
    buffer.set(chunk.subarray(0, count));
    if (count < chunk.length) this.#chunks[0] = chunk.subarray(count);
    else this.#chunks.shift();
    this.#waiting -= count;
    if (this.#isPaused && this.#waiting === 0) {
      this.#isPaused = false;
      this.#flow.resume();
    }
    return count;
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
    if (!this.#socket.destroyed) return;
    this.#throwIfFailed("read");
    throw closedError();
  }

  #throwIfFailed(direction: Direction): void {
    const error = this.#flow.failure?.(direction);
    if (error !== undefined) throw toDenoError(error);
  }
}

function endsOf(socket: Socket): ConnectionEnds {
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
