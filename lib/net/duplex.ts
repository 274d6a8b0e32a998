/**
 * A connection as two streams that close one direction at a time.
 *
 * `Deno.Conn.readable` closes the whole socket at end of file, so a client that
 * half-closes would lose its answer (denoland/deno#22258). These streams do not.
 *
 * @module
 */

import type { Pace } from "../sync/pace.ts";
import { AdaptiveBuffer } from "./adaptive_buffer.ts";
import { LARGE_BUFFERS } from "./buffer_pool.ts";
import type { Channel } from "./connection.ts";
import { joinBytes } from "../wire/join_bytes.ts";

const NOTHING = new Uint8Array();

/** What has come; `null` is end of file, `undefined` an interruption. */
export type Received = Uint8Array | null | undefined;

/** Who waits for bytes; told once for each time that it has asked. */
export interface Receiver {
  /** Takes what has come. */
  resolve(bytes: Received): void;
  /** Takes the socket's error. */
  reject(error: unknown): void;
}

/** One connection, to be read and written in halves that end for themselves. */
export class Duplex {
  readonly #connection: Channel;
  readonly #buffer: AdaptiveBuffer;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;
  #receiver: Receiver | undefined;
  /** What came while nobody waited. */
  #arrived: Received;
  #error: { readonly cause: unknown } | undefined;
  #unread: Uint8Array | undefined;
  #last = 0;
  #received = 0;
  #sent = 0;
  #failed = false;
  #isReading = false;
  #pace: Pace | undefined;
  #isHeld = false;
  #isWriting = false;
  #hasSentLast = false;
  #hasEnded = false;

  /**
   * Wraps a connection. Whoever opened it still closes it, with
   * {@linkcode Duplex.close} or on the connection itself.
   *
   * @param connection Connection to wrap.
   * @param leastRead Bytes that one read may bring at least (default 1,024): one
   *   whose reads mean something, such as lines that are typed, needs more.
   */
  constructor(connection: Channel, leastRead = 0) {
    this.#connection = connection;
    this.#buffer = new AdaptiveBuffer(LARGE_BUFFERS, leastRead);
  }

  /** Bytes that were taken off the socket so far, and not put back. */
  get received(): number {
    return this.#received;
  }

  /** Bytes that {@linkcode Duplex.send} has given to the socket so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Whether receiving or sending has failed on this socket. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Whether reading waits for its {@linkcode Duplex.pace}, not for the peer. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** What {@linkcode Duplex.receive} keeps to; without one it waits for nothing. */
  get pace(): Pace | undefined {
    return this.#pace;
  }

  /** Sets another one, or none; a wait for the one before is over. */
  set pace(pace: Pace | undefined) {
    if (this.#isHeld) this.#pace?.release();
    this.#pace = pace;
  }

  /** Whether bytes are on their way to the socket, and it does not take them. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** Whether the peer has said nothing since bytes were given to the socket. */
  get awaitsAnswer(): boolean {
    return this.#hasSentLast;
  }

  /**
   * Waits for bytes from the peer: one wait at a time, a new one interrupts the
   * one before. Bytes are valid only until the next call, since all are read
   * into one buffer.
   *
   * @returns Some bytes; `null` at end of file, which leaves sending usable;
   *   `undefined` where the wait was interrupted.
   * @throws The socket's error.
   */
  receive(): Promise<Received> {
    const { promise, resolve, reject } = Promise.withResolvers<Received>();
    this.receiveFor({ resolve, reject });
    return promise;
  }

  /**
   * The same as {@linkcode Duplex.receive} without a promise, for who asks again
   * and again.
   *
   * @param receiver Told what has come, perhaps at once.
   */
  receiveFor(receiver: Receiver): void {
    this.interrupt();
    this.#receiver = receiver;
    const isBehind = this.#isReading || this.#arrived !== undefined ||
      this.#error !== undefined;
    if (this.#unread !== undefined && isBehind) this.#receiveAgain();
    else if (this.#error !== undefined) this.#fail(this.#error.cause);
    else if (this.#arrived !== undefined) this.#arrive(this.#arrived);
    else if (!this.#isReading) this.#startReading();
  }

  /**
   * Ends the wait for bytes and closes nothing: the read under way goes on, and
   * what it brings is the next that is received. The analogue of interrupting a
   * Go read with SetDeadline.
   */
  interrupt(): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.resolve(undefined);
  }

  /**
   * Gives bytes to the peer, one call at a time.
   *
   * @param bytes Bytes, written whole; they count as sent.
   * @throws The socket's error.
   */
  async send(bytes: Uint8Array): Promise<void> {
    this.#isWriting = true;
    try {
      let count = await this.#connection.write(bytes);
      this.#sent += count;
      while (count < bytes.length) {
        const more = await this.#connection.write(bytes.subarray(count));
        this.#sent += more;
        count += more;
      }
      this.#hasSentLast = true;
    } catch (error) {
      this.#failed = true;
      throw error;
    } finally {
      this.#isWriting = false;
    }
  }

  /**
   * What {@linkcode Duplex.receive} gives, as a stream. A chunk is valid only
   * until the next one is asked for. The same stream at each call.
   */
  get readable(): ReadableStream<Uint8Array> {
    // With nothing queued on either end, pipeTo asks for a chunk only when the
    // one before is written: that is what makes reusing the buffer safe.
    this.#readable ??= new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const bytes = await this.receive();
        if (bytes === null) controller.close();
        else if (bytes !== undefined) controller.enqueue(bytes);
      },
    }, { highWaterMark: 0 });
    return this.#readable;
  }

  /**
   * What {@linkcode Duplex.send} takes, as a stream. Closing it sends FIN and
   * leaves receiving usable. The same stream at each call.
   */
  get writable(): WritableStream<Uint8Array> {
    this.#writable ??= new WritableStream<Uint8Array>({
      write: (bytes) => this.send(bytes),
      close: () => this.closeWrite(),
    }, { highWaterMark: 1 });
    return this.#writable;
  }

  /**
   * What is still to be read, and to be written, for a layer that comes between
   * the connection and what is said on it, such as TLS. What it reads counts as
   * received. Nothing else may read or write from then on, and what was received
   * before is done with.
   *
   * @returns The channel; to dispose of it closes the connection.
   */
  channel(): Channel {
    this.releaseBuffer(); // The layer brings its own.
    return {
      read: async (buffer) => {
        const count = this.#readAgain(buffer) ??
          await this.#connection.read(buffer);
        this.#received += count ?? 0;
        return count;
      },
      write: (bytes) => this.#connection.write(bytes),
      closeWrite: () => this.#connection.closeWrite(),
      [Symbol.dispose]: () => this.close(),
    };
  }

  /**
   * Puts bytes back in front of what is still to be received.
   *
   * @param bytes Bytes that were read and turned out to be for somebody else;
   *   they are kept, not copied.
   */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#received -= bytes.length;
    const before = this.#unread;
    this.#unread = before === undefined ? bytes : joinBytes(bytes, before);
  }

  /**
   * Writes a message outside of the tunnel; it does not count as sent.
   *
   * @param bytes Message, written whole.
   * @throws The socket's error.
   */
  async write(bytes: Uint8Array): Promise<void> {
    let count = await this.#connection.write(bytes);
    while (count < bytes.length) {
      count += await this.#connection.write(bytes.subarray(count));
    }
  }

  /**
   * Sends FIN; receiving goes on.
   *
   * @throws The socket's error.
   */
  async closeWrite(): Promise<void> {
    this.#hasEnded = true;
    try {
      await this.#connection.closeWrite();
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  /**
   * Waits for its {@linkcode Duplex.pace}, as reading does; one wait at a time.
   *
   * @returns When it is open, has been replaced, or the connection is closed.
   */
  async hold(): Promise<void> {
    const pace = this.#pace;
    if (pace === undefined || pace.isOpen) return;
    this.#isHeld = true;
    await pace.wait();
    this.#isHeld = false;
  }

  /**
   * Gives back the memory of {@linkcode Duplex.receive}, once the last bytes are
   * done with. A read that is under way keeps its buffer, and so does what it has
   * brought and nobody has asked for yet.
   */
  releaseBuffer(): void {
    if (!this.#isReading && !this.#arrived) this.#buffer.free();
  }

  /**
   * Leaves the buffer of the last chunk to whoever still uses it: the next
   * chunk is read into another one. A read that is under way keeps its buffer.
   */
  detachBuffer(): void {
    if (!this.#isReading) this.#buffer.detach();
  }

  /**
   * Asks the socket whether the peer has reset the connection, which reading
   * tells only behind all that came before. To write nothing sends nothing;
   * behind our end of file there is nothing that could be asked.
   *
   * @throws The socket's error; the system tells it once.
   */
  async probe(): Promise<void> {
    if (this.#hasEnded) return;
    try {
      await this.#connection.write(NOTHING);
    } catch (error) {
      if (!this.#hasEnded) throw error; // It may have been sent meanwhile.
    }
  }

  /**
   * Closes both directions now; what waits on them fails. Can be repeated. A
   * buffer that was not released counts as lent no longer, but no other
   * connection gets it: what it holds may still be on its way to somebody.
   */
  close(): void {
    if (this.#isHeld) this.#pace?.release();
    this.#connection[Symbol.dispose]();
    this.detachBuffer();
  }

  #startReading(): void {
    this.#isReading = true;
    const pace = this.#pace;
    if (pace === undefined || pace.isOpen) this.#read();
    else void this.hold().then(() => this.#read());
  }

  #read(): void {
    const most = this.#pace?.piece;
    if (this.#unread !== undefined) {
      this.#isReading = false;
      this.#receiveAgain(most);
      return;
    }
    this.#buffer.fit(this.#last, most);
    const view = atMost(this.#buffer.take(), most);
    this.#connection.read(view).then(this.#onRead, this.#onError);
  }

  readonly #onRead = (count: number | null): void => {
    this.#isReading = false;
    this.#hasSentLast = false;
    if (count === null) {
      this.#buffer.free();
      this.#arrive(null);
      return;
    }
    this.#last = count;
    this.#received += count;
    this.#pace?.charge(count);
    this.#arrive(this.#buffer.filled(count));
  };

  readonly #onError = (error: unknown): void => {
    this.#isReading = false;
    this.#failed = true;
    this.#buffer.free();
    this.#fail(error);
  };

  /** Gives it to who waits, or keeps it for who will. */
  #arrive(bytes: Received): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#arrived = receiver === undefined ? bytes : undefined;
    receiver?.resolve(bytes);
  }

  #fail(cause: unknown): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#error = receiver === undefined ? { cause } : undefined;
    receiver?.reject(cause);
  }

  /** What was put back is received as it is; it stays where nobody waits. */
  #receiveAgain(most = Infinity): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    this.#receiver = undefined;
    const bytes = this.#unread!;
    const isAll = bytes.length <= most;
    this.#unread = isAll ? undefined : bytes.subarray(most);
    const piece = isAll ? bytes : bytes.subarray(0, most);
    this.#received += piece.length;
    this.#pace?.charge(piece.length);
    receiver.resolve(piece);
  }

  /** Takes what was put back, where something was. */
  #readAgain(view: Uint8Array): number | undefined {
    const bytes = this.#unread;
    if (bytes === undefined) return undefined;
    const count = Math.min(bytes.length, view.length);
    view.set(bytes.subarray(0, count));
    this.#unread = count < bytes.length ? bytes.subarray(count) : undefined;
    return count;
  }
}

function atMost(
  buffer: Uint8Array<ArrayBuffer>,
  count = Infinity,
): Uint8Array<ArrayBuffer> {
  return count < buffer.length ? buffer.subarray(0, count) : buffer;
}
