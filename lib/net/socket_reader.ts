/**
 * The exact reader of a {@linkcode SocketReadable}.
 *
 * @module
 */

import type { Buffer } from "./buffer_pool.ts";
import type { SocketSource } from "./socket_source.ts";

/** A BYOB reader whose release its source hears of. */
export class SocketReader extends ReadableStreamBYOBReader {
  readonly #source: SocketSource;

  /**
   * Locks a stream.
   *
   * @param source What stands behind it.
   * @throws {TypeError} If the stream is locked.
   */
  constructor(stream: ReadableStream<Buffer>, source: SocketSource) {
    super(stream);
    this.#source = source;
  }

  /** Unlocks the stream; a read under way rejects, and its bytes stay there. */
  override releaseLock(): void {
    super.releaseLock();
    this.#source.endReader();
  }
}
