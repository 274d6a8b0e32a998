/**
 * A connection as a stream of Node's API, for TLS to run over. The module loads
 * `node:stream`: import it where it is first needed.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { ByteChannel } from "../connection.ts";
import { isOfWritingAlone } from "../traffic.ts";
import { writeAll } from "../write_all.ts";

/** Bytes asked for at once: few while little comes, many while they fill. */
const CHUNK = { small: 4 * 1024, large: 64 * 1024 } as const;

/** Something that can be told to bring no more for now. */
export interface Flow {
  /** Stops what comes; something that is under way may still come. */
  pause(): void;
  /** Goes on. */
  resume(): void;
  /**
   * Tells the error that has ended it, which TLS over it is not told: it would
   * throw away what came before.
   */
  failure?(direction: Direction): Error | undefined;
}

/** Which half of a connection. */
export type Direction = "read" | "write";

/**
 * A connection as a stream. Over it goes `tls.connect({ socket })` or
 * `new tls.TLSSocket(transport, { isServer: true })`, either with
 * `allowHalfOpen: true`, and over that a `NodeConnection` that is given
 * {@linkcode NodeTransport.flow}: pausing a TLS socket itself loses the end of
 * its peer's direction where that comes meanwhile (Deno 2.9.6).
 */
export class NodeTransport extends Duplex {
  /** Pauses what is read off the connection. */
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
   * Keeps the stream when Node would destroy it: while TLS fails there are
   * still words to be said, and somebody else decides about the connection.
   */
  isKept = false;

  readonly #channel: ByteChannel;
  #writing: Promise<void> = Promise.resolve();
  #isDetached = false;
  #resumed: PromiseWithResolvers<void> | undefined;
  #isReading = false;
  readonly #failures: Partial<Record<Direction, Error>> = {};

  /**
   * Takes a connection over: destroying the stream closes it.
   *
   * @param channel The connection.
   */
  constructor(channel: ByteChannel) {
    super({ allowHalfOpen: true });
    this.#channel = channel;
  }

  /**
   * Leaves the connection to whoever has opened it: what is not written by now
   * never is, and destroying the stream does not close it any more.
   *
   * @returns Resolves when nothing is being written.
   */
  detach(): Promise<void> {
    this.#isDetached = true;
    this.isKept = false;
    this.destroy();
    return this.#writing;
  }

  /** Called when the stream is of no use any more, but not while it is kept. */
  override destroy(error?: Error): this {
    return this.isKept ? this : super.destroy(error);
  }

  /** Called when somebody wants to read. */
  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#pump().catch((error: Error) => this.#failRead(error)).finally(() => {
      this.#isReading = false;
    });
  }

  /** Called with the next bytes; tells when the system has them. */
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

  /** Called when the stream is of no use any more. */
  override _destroy(
    error: Error | null,
    done: (error?: Error | null) => void,
  ): void {
    this.flow.resume();
    if (!this.#isDetached) this.#channel[Symbol.dispose]();
    done(error);
  }

  /** What has come is still to be read: the error is told behind it. */
  #failRead(error: Error): void {
    if (this.destroyed) return; // It was closed by us.
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
