/**
 * A connection as a stream of Node's API, for TLS to run over. The module loads
 * `node:stream`: import it where it is first needed.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { Channel } from "./connection.ts";

/** Bytes asked for at once: few while little comes, many while they fill. */
const CHUNK = { small: 4 * 1024, large: 64 * 1024 } as const;

/** Something that can be told to bring no more for now. */
export interface Flow {
  /** Stops what comes; something that is under way may still come. */
  pause(): void;
  /** Goes on. */
  resume(): void;
}

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
  };

  readonly #channel: Channel;
  #resumed: PromiseWithResolvers<void> | undefined;
  #isReading = false;

  /**
   * Takes a connection over: destroying the stream closes it.
   *
   * @param channel The connection.
   */
  constructor(channel: Channel) {
    super({ allowHalfOpen: true });
    this.#channel = channel;
  }

  /** Called when somebody wants to read. */
  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#pump().catch((error: Error) => this.destroy(error)).finally(() => {
      this.#isReading = false;
    });
  }

  /** Called with the next bytes; tells when the system has them. */
  override _write(
    bytes: Uint8Array,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    this.#writeAll(bytes).then(() => done(), done);
  }

  /** Called when the last byte is written. */
  override _final(done: (error?: Error | null) => void): void {
    this.#channel.closeWrite().then(() => done(), done);
  }

  /** Called when the stream is of no use any more. */
  override _destroy(
    error: Error | null,
    done: (error?: Error | null) => void,
  ): void {
    this.flow.resume();
    this.#channel[Symbol.dispose]();
    done(error);
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

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let count = 0; count < bytes.length;) {
      count += await this.#channel.write(bytes.subarray(count));
    }
  }
}
