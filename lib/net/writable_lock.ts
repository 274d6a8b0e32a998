/**
 * A lock on a writable stream that costs nothing.
 *
 * A writer has two promises with their functions: 600 bytes for as long as a
 * tunnel is open, and releasing it makes two errors. A pipe from socket to socket
 * never writes through one. So it puts a writer of another stream into the
 * property in which Deno keeps a stream's writer: the platform refuses everybody
 * else at once, as it does with a writer of the stream's own.
 *
 * @module
 */

const SPARE: WritableStream<unknown> = new WritableStream();

/** Deno's property; `undefined` where a version of it has none. */
const WRITER = Object.getOwnPropertySymbols(SPARE)
  .find(({ description }) => description === "[[writer]]");

const NOBODY = SPARE.getWriter();

/** What an unlocking needs: a writer, where the platform has no such property. */
export type WritableLock = WritableStreamDefaultWriter<unknown>;

/**
 * Locks a stream, so that nobody gets a writer or pipes to it.
 *
 * @param stream A stream that is not locked.
 * @returns What unlocks it.
 */
export function lockWritable(stream: WritableStream<unknown>): WritableLock {
  if (WRITER === undefined) {
    return WritableStream.prototype.getWriter.call(stream);
  }
  (stream as unknown as Record<symbol, unknown>)[WRITER] = NOBODY;
  return NOBODY;
}

/**
 * Unlocks it.
 *
 * @param stream The stream.
 * @param lock What locking has given.
 */
export function unlockWritable(
  stream: WritableStream<unknown>,
  lock: WritableLock,
): void {
  if (WRITER === undefined) lock.releaseLock();
  else (stream as unknown as Record<symbol, unknown>)[WRITER] = undefined;
}
