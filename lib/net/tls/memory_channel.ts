/**
 * Two ends of a connection that never leaves the process.
 *
 * @module
 */

import type { ByteChannel } from "../connection.ts";

/**
 * Makes two ends: what is written to one is read from the other.
 *
 * @returns The ends. A write waits until it has been read.
 */
export function memoryChannel(): [ByteChannel, ByteChannel] {
  const there = new Pipe();
  const back = new Pipe();
  return [end(there, back), end(back, there)];
}

function end(out: Pipe, into: Pipe): ByteChannel {
  return {
    read: (buffer) => into.read(buffer),
    write: (bytes) => out.write(bytes),
    closeWrite() {
      out.end();
      return Promise.resolve();
    },
    [Symbol.dispose]() {
      out.end();
      into.end();
    },
  };
}

/** One direction. */
class Pipe {
  #bytes = new Uint8Array();
  #isEnded = false;
  #change: PromiseWithResolvers<void> = Promise.withResolvers();

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#bytes.length === 0) {
      if (this.#isEnded) return null;
      await this.#change.promise;
    }
    const count = Math.min(buffer.length, this.#bytes.length);
    buffer.set(this.#bytes.subarray(0, count));
    this.#bytes = this.#bytes.subarray(count);
    this.#tell();
    return count;
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.#bytes = bytes.slice();
    this.#tell();
    while (this.#bytes.length > 0) {
      if (this.#isEnded) throw new Deno.errors.BrokenPipe("Pipe has ended");
      await this.#change.promise;
    }
    return bytes.length;
  }

  end(): void {
    this.#isEnded = true;
    this.#tell();
  }

  #tell(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
