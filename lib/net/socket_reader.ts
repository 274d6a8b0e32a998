/**
 * The exact reader of a {@linkcode SocketReadable}.
 *
 * @module
 */

import type { Buffer } from "./buffer_pool.ts";
import type { SocketSource } from "./socket_source.ts";

/** A BYOB reader that tells its source of its release. */
export class SocketReader extends ReadableStreamBYOBReader {
  readonly #source: SocketSource;

  /**
   * Locks a stream.
   *
   * @throws {TypeError} If the stream is locked.
   */
  constructor(stream: ReadableStream<Buffer>, source: SocketSource) {
    super(stream);
    this.#source = source;
  }

  /**
   * Unlocks the stream; a pending read rejects, and its bytes stay in the
   * stream.
   */
  override releaseLock(): void {
    super.releaseLock();
    this.#source.endReader();
  }
}
