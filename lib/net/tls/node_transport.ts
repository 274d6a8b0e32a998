/**
 * A connection as a stream of Node's API, for TLS on top of it. Import this
 * module lazily: it loads `node:stream`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { ByteChannel } from "../connection.ts";
import { isOfWritingAlone } from "../traffic.ts";
import { writeAll } from "../write_all.ts";

/** Bytes per read: few while little arrives, many while reads fill them. */
const CHUNK = { small: 4 * 1024, large: 64 * 1024 } as const;

/** A flow of bytes that can be paused. */
export interface Flow {
  /** Pauses the flow; bytes under way may still arrive. */
  pause(): void;
  /** Resumes the flow. */
  resume(): void;
  /**
   * Returns the error that ended it. TLS on top of it is not told, because it
   * would discard the bytes before.
   */
  failure?(direction: Direction): Error | undefined;
}

/** A half of a connection. */
export type Direction = "read" | "write";

/**
 * A connection as a stream. On top of it runs `tls.connect({ socket })` or `new
 * tls.TLSSocket(transport, { isServer: true })`, either with `allowHalfOpen:
 * true`, and on top of that a `NodeConnection` with {@linkcode
 * NodeTransport.flow}. A TLS socket that is paused itself loses the peer's end
 * of file if that arrives meanwhile (Deno 2.9.6).
 */
export class NodeTransport extends Duplex {
  /** Pauses reading from the connection. */
  readonly flow: Flow = {
    pause: () => {
      this.#resumed ??= Promise.withResolvers();
    },
    resume: () => {
      this.#resumed?.resolve();
      this.#resumed = undefined;
    },
    failure: (direction) => this.#failures[direction],
  };

  /**
   * Keeps the stream when Node would destroy it: a failing TLS still has an
   * alert to send, and the caller decides about the connection.
   */
  isKept = false;

  readonly #channel: ByteChannel;
  #writing: Promise<void> = Promise.resolve();
  #isDetached = false;
  #resumed: PromiseWithResolvers<void> | undefined;
  #isReading = false;
  readonly #failures: Partial<Record<Direction, Error>> = {};

  /**
   * Wraps a connection; destroying the stream closes it.
   *
   * @param channel The connection.
   */
  constructor(channel: ByteChannel) {
    super({ allowHalfOpen: true });
    this.#channel = channel;
  }

  /**
   * Gives the connection back to its opener: unwritten bytes are dropped, and
   * destroying the stream no longer closes it.
   *
   * @returns Resolves when nothing is being written.
   */
  detach(): Promise<void> {
    this.#isDetached = true;
    this.isKept = false;
    this.destroy();
    return this.#writing;
  }

  /**
   * Called when the stream is to be destroyed, which waits while it is kept.
   */
  override destroy(error?: Error): this {
    return this.isKept ? this : super.destroy(error);
  }

  /** Called when a reader wants bytes. */
  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#pump().catch((error: Error) => this.#failRead(error)).finally(() => {
      this.#isReading = false;
    });
  }

  /** Called with the next bytes; calls back when the system has them. */
  override _write(
    bytes: Uint8Array,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    if (this.#failures.write !== undefined) return done();
    this.#writing = writeAll(this.#channel, bytes)
      .then(() => done(), (error) => this.#failWrite(error, done));
  }

  /** Called when the last byte is written. */
  override _final(done: (error?: Error | null) => void): void {
    this.#channel.closeWrite()
      .then(() => done(), (error) => this.#failWrite(error, done));
  }

  /** Called when the stream is destroyed. */
  override _destroy(
    error: Error | null,
    done: (error?: Error | null) => void,
  ): void {
    this.flow.resume();
    if (!this.#isDetached) this.#channel[Symbol.dispose]();
    done(error);
  }

  /** Bytes that have arrived are read first: the error follows them. */
  #failRead(error: Error): void {
    if (this.destroyed) return; // This side closed it.
    if (this.isKept) return void super.destroy(error);
    this.#failures.read ??= error;
    this.push(null);
  }

  #failWrite(error: Error, done: (error?: Error | null) => void): void {
    if (this.isKept) super.destroy(error);
    if (this.destroyed) return done(error);
    this.#failures.write ??= error;
    if (!isOfWritingAlone(error)) this.#failures.read ??= error;
    done();
  }

  /** Reads until the stream has enough. */
  async #pump(): Promise<void> {
    let size: number = CHUNK.small;
    while (!this.destroyed) {
      await this.#resumed?.promise;
      const buffer = Buffer.allocUnsafeSlow(size);
      const count = await this.#channel.read(buffer);
      if (count === null) {
        this.push(null);
        return;
      }
      if (!this.push(buffer.subarray(0, count))) return;
      size = count === size ? CHUNK.large : CHUNK.small;
    }
  }
}
