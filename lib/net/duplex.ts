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
import type { Channel } from "./connection.ts";

const NOTHING = new Uint8Array();

/** One connection, to be read and written as streams. */
export class Duplex {
  readonly #connection: Channel;
  readonly #buffer = new AdaptiveBuffer();
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;
  #unread: Uint8Array | undefined;
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
   */
  constructor(connection: Channel) {
    this.#connection = connection;
  }

  /** Bytes that its streams have taken off the socket so far. */
  get received(): number {
    return this.#received;
  }

  /** Bytes that {@linkcode Duplex.writable} has given to the socket so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Whether a stream failed on this socket, and not on what it was piped to. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Whether reading waits for its {@linkcode Duplex.pace}, not for the peer. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** What {@linkcode Duplex.readable} keeps to; without one it waits for nothing. */
  get pace(): Pace | undefined {
    return this.#pace;
  }

  /** Sets another one, or none; a wait for the one before is over. */
  set pace(pace: Pace | undefined) {
    if (this.#isHeld) this.#pace!.release();
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
   * Bytes from the peer, for a tunnel: a chunk is valid only until the next one
   * is asked for, since all are read into one buffer. End of file leaves
   * {@linkcode Duplex.writable} usable. The same stream at each call.
   */
  get readable(): ReadableStream<Uint8Array> {
    this.#readable ??= this.#makeReadable();
    return this.#readable;
  }

  /**
   * Bytes to the peer. Closing it sends FIN and leaves
   * {@linkcode Duplex.readable} usable. The same stream at each call.
   */
  get writable(): WritableStream<Uint8Array> {
    this.#writable ??= this.#makeWritable();
    return this.#writable;
  }

  /**
   * Bytes from the peer as a byte stream, for exact reads: a BYOB read of n
   * bytes takes no more than n off the socket, so that what follows is still
   * there for {@linkcode Duplex.readable}. Read no further than that before.
   *
   * @returns A new stream without a queue.
   */
  bytes(): ReadableStream<Uint8Array> {
    // No type argument: with one, TypeScript takes the overload without BYOB.
    return new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        const request = controller.byobRequest!;
        const view = request.view as Uint8Array;
        const count = this.#readAgain(view) ??
          await this.#connection.read(view);
        if (count === null) controller.close();
        else this.#received += count;
        request.respond(count ?? 0);
      },
    });
  }

  /**
   * What is still to be read, and to be written, for a layer that comes between
   * the connection and what is said on it, such as TLS. What it reads counts as
   * received. Nothing else may read or write from then on.
   *
   * @returns The channel; to dispose of it closes the connection.
   */
  channel(): Channel {
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
   * Puts bytes back in front of what is still to be read, by whichever stream
   * is read next.
   *
   * @param bytes Bytes that were read and turned out to be for somebody else;
   *   they are kept, not copied.
   */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#received -= bytes.length;
    const before = this.#unread;
    if (before === undefined) {
      this.#unread = bytes;
      return;
    }
    this.#unread = new Uint8Array(bytes.length + before.length);
    this.#unread.set(bytes);
    this.#unread.set(before, bytes.length);
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
   * Sends FIN outside of the tunnel.
   *
   * @throws The socket's error.
   */
  closeWrite(): Promise<void> {
    this.#hasEnded = true;
    return this.#connection.closeWrite();
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
   * Gives back the memory of {@linkcode Duplex.readable}, once the last chunk
   * is done with. A read that is under way keeps its buffer until it ends.
   */
  releaseBuffer(): void {
    if (!this.#isReading) this.#buffer.free();
  }

  /**
   * Leaves the buffer of the last chunk to whoever still uses it: the next
   * chunk is read into another one.
   */
  detachBuffer(): void {
    this.#buffer.detach();
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

  /** Closes both directions now; what waits on them fails. Can be repeated. */
  close(): void {
    if (this.#isHeld) this.#pace!.release();
    this.#connection[Symbol.dispose]();
  }

  #makeReadable(): ReadableStream<Uint8Array> {
    const buffer = this.#buffer;
    let last = 0;
    // With nothing queued on either end, pipeTo asks for a chunk only when the
    // one before is written: that is what makes reusing the buffer safe.
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (this.#pace !== undefined) await this.hold();
        const most = this.#pace?.piece;
        buffer.fit(last, most);
        const view = atMost(buffer.take(), most);
        const count = this.#readAgain(view) ?? await this.#read(view);
        if (count === null) {
          controller.close();
          buffer.free();
          return;
        }
        last = count;
        this.#received += count;
        this.#pace?.charge(count);
        controller.enqueue(buffer.filled(count));
      },
    }, { highWaterMark: 0 });
  }

  #makeWritable(): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>({
      write: async (chunk) => {
        let count = await this.#write(chunk);
        while (count < chunk.length) {
          count += await this.#write(chunk.subarray(count));
        }
      },
      close: () => this.#shutdown(),
    }, { highWaterMark: 1 });
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

  async #read(buffer: Uint8Array): Promise<number | null> {
    this.#isReading = true;
    try {
      const count = await this.#connection.read(buffer);
      this.#hasSentLast = false;
      return count;
    } catch (error) {
      this.#failed = true;
      this.#buffer.free();
      throw error;
    } finally {
      this.#isReading = false;
    }
  }

  async #write(bytes: Uint8Array): Promise<number> {
    this.#isWriting = true;
    try {
      const count = await this.#connection.write(bytes);
      this.#sent += count;
      this.#hasSentLast = true;
      return count;
    } catch (error) {
      this.#failed = true;
      throw error;
    } finally {
      this.#isWriting = false;
    }
  }

  async #shutdown(): Promise<void> {
    this.#hasEnded = true;
    try {
      await this.#connection.closeWrite();
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }
}

function atMost(
  buffer: Uint8Array<ArrayBuffer>,
  count = Infinity,
): Uint8Array<ArrayBuffer> {
  return count < buffer.length ? buffer.subarray(0, count) : buffer;
}
