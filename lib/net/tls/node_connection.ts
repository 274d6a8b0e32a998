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
  /** Where its ends are, where the socket itself can't tell. */
  ends?: ConnectionEnds;
  /** What to pause while nobody reads (default: the socket). */
  flow?: Flow;
  /** Protocol negotiated by ALPN (default none). */
  protocol?: string | undefined;
  /** What TLS runs over (default: the socket itself is one of the system). */
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
 * `Deno.Conn` is. When 64 KiB wait for a reader the socket is paused, which
 * costs as much again at most. A write settles when the system has its bytes,
 * so that there is no queue of them, and the caller may use its buffer again.
 *
 * A TLS socket has to run over a `NodeTransport`, whose flow is given here.
 */
export class NodeConnection implements TlsConnection {
  /** Our end. */
  readonly localAddr: Deno.NetAddr;
  /** The other end. */
  readonly remoteAddr: Deno.NetAddr;
  /** Protocol negotiated by ALPN; `undefined` if none. */
  readonly protocol: string | undefined;
  /** What TLS runs over; `undefined` where the socket is one of the system. */
  readonly carrier: ByteChannel | undefined;

  readonly #socket: Socket;
  readonly #flow: Flow;
  /** What has come and was not read, in order. */
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #isPaused = false;
  #failure: Error | undefined;
  #change: PromiseWithResolvers<void> | undefined;

  /**
   * Takes a socket over: nobody else may read it or listen to its data.
   *
   * @param socket An open socket, made with `allowHalfOpen: true`.
   * @param options Settings.
   * @throws {TypeError} If it would end our side when the peer ends its own.
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
    // Kept for good: an error that nobody listens to would end the program.
    socket.on("error", (error) => {
      this.#failure ??= toDenoError(error);
      this.#wake();
    });
    socket.on("end", () => this.#wake());
    socket.on("close", () => this.#wake());
    socket.on("data", (chunk: Uint8Array) => this.#keep(chunk));
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
   * Writes all of the bytes; to write none only tells whether it has failed.
   *
   * @param bytes What to write; to be left alone until the promise settles.
   * @returns Their number.
   * @throws The socket's error.
   */
  async write(bytes: Uint8Array): Promise<number> {
    this.#throwIfGone();
    if (bytes.length === 0) return 0;
    if (this.#socket.writableEnded) {
      // Node would destroy the socket, and with it what is still to be read.
      throw new Deno.errors.BrokenPipe("Cannot write: the end has been sent");
    }
    await this.#settled((done) => this.#socket.write(bytes, done));
    this.#throwIfFailed("write");
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

  /** Takes of the first chunk what fits; 0 where none has come. */
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
