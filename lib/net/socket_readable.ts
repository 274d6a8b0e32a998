/**
 * The bytes that a connection receives, as a web stream.
 *
 * `Deno.Conn.readable` closes the whole socket at end of file, so a client that
 * half-closes would lose its answer (denoland/deno#22258). This one does not.
 *
 * @module
 */

import type { Buffer } from "./buffer_pool.ts";
import type { ByteChannel } from "./connection.ts";
import { Inbox } from "./inbox.ts";
import { SocketPipe } from "./socket_pipe.ts";
import { SocketReader } from "./socket_reader.ts";
import { SocketSource } from "./socket_source.ts";
import { SocketWritable } from "./socket_writable.ts";
import { Traffic } from "./traffic.ts";

/** The byte-source constructor, which TypeScript's class does not show. */
export type ByteStream = new (
  source: UnderlyingByteSource,
) => ReadableStream<Buffer>;

/** Named, for tools that read the types without checking them. */
export const ByteReadable: ByteStream = ReadableStream as ByteStream;

/**
 * A byte stream over a connection. It works like any other: a BYOB reader takes
 * exact lengths, `for await`, `tee()` and `pipeThrough()` work, and `pipeTo()`
 * follows the Streams standard. From one socket straight to another, `pipeTo()`
 * takes a short way: it copies through one reused buffer, as Go's `io.Copy`
 * does if its source has a `WriteTo`. If the streams' own queues matter, as
 * with a destination that a writer has used, it uses the platform's pipe.
 */
export class SocketReadable extends ByteReadable {
  /**
   * Reads the connection, for this stream and for what stands beside it.
   *
   * @internal
   */
  readonly inbox: Inbox;
  readonly #source: SocketSource;
  #pipe: SocketPipe | undefined;
  /**
   * A finished reader whose lock is released here, but not yet in the platform.
   */
  #released: ReadableStreamBYOBReader | undefined;

  /**
   * Wraps a connection. Its opener still closes it; cancelling the stream closes
   * it too, in both directions.
   *
   * @param from Connection to read, or its inbox.
   */
  constructor(from: ByteChannel | Inbox) {
    const inbox = from instanceof Inbox ? from : new Inbox(from, new Traffic());
    const source = new SocketSource(inbox);
    // The stream itself queues nothing: bytes read ahead stay in the inbox.
    super(source);
    this.inbox = inbox;
    this.#source = source;
  }

  /** Whether a reader or a pipe uses the stream. */
  override get locked(): boolean {
    return this.#isPiping || (this.#released === undefined && super.locked);
  }

  /** Whether end of file or an error was passed on: no more bytes follow. */
  get isOver(): boolean {
    return this.#source.isOver;
  }

  /**
   * Releases the lock of a finished reader. `releaseLock()` makes two errors
   * for promises that nothing reads, which costs 7 us, so it is postponed until
   * something other than a pipe between sockets uses the stream.
   *
   * @param reader The reader that holds the lock.
   */
  releaseLock(reader: ReadableStreamBYOBReader): void {
    if (this.#source.isAsked) return reader.releaseLock();
    if (reader instanceof SocketReader) reader.retire();
    this.#released = reader;
  }

  /**
   * Puts back the bytes of the last read if its reader was released before it
   * saw them. Nothing may have been read since.
   *
   * @param count Number of bytes, from the start of that read.
   */
  takeBack(count: number): void {
    this.#source.takeBack(count);
  }

  /**
   * Locks the stream to a reader of exact lengths.
   *
   * @param options `{ mode: "byob" }`.
   * @throws {TypeError} If the stream is locked.
   */
  override getReader(options: { mode: "byob" }): ReadableStreamBYOBReader;
  /**
   * Locks the stream to a reader of chunks.
   *
   * @throws {TypeError} If the stream is locked.
   */
  override getReader(): ReadableStreamDefaultReader<Buffer>;
  /**
   * Locks the stream to a reader.
   *
   * @param options `{ mode: "byob" }` for exact lengths.
   * @throws {TypeError} If the stream is locked.
   */
  override getReader(
    options?: ReadableStreamGetReaderOptions,
  ): ReadableStreamReader<Buffer>;
  /** The implementation of all overloads. */
  override getReader(
    options?: ReadableStreamGetReaderOptions,
  ): ReadableStreamReader<Buffer> {
    this.#unlock();
    return options?.mode === "byob"
      ? new SocketReader(this, this.#source)
      : super.getReader(options as ReadableStreamGetReaderOptions);
  }

  /**
   * Closes the connection, in both directions.
   *
   * @param reason Why.
   * @returns When it is closed; rejects with a `TypeError` if it is locked.
   */
  override cancel(reason?: unknown): Promise<void> {
    if (this.#isPiping) return Promise.reject(locked());
    this.#unlock();
    return super.cancel(reason);
  }

  /**
   * Splits the stream in two.
   *
   * @returns Both branches.
   * @throws {TypeError} If the stream is locked.
   */
  override tee(): [ReadableStream<Buffer>, ReadableStream<Buffer>] {
    this.#unlock();
    return super.tee();
  }

  /**
   * Pipes through a transform.
   *
   * @typeParam T Chunks of the result.
   * @param transform Writable and readable side.
   * @param options As those of {@linkcode SocketReadable.pipeTo}.
   * @returns The transform's readable side.
   * @throws {TypeError} If either stream is locked.
   */
  override pipeThrough<T>(
    transform: ReadableWritablePair<T, Buffer>,
    options?: StreamPipeOptions,
  ): ReadableStream<T> {
    this.#unlock();
    return super.pipeThrough(transform, options);
  }

  /**
   * Iterates over chunks. Leaving the loop early closes the connection.
   *
   * @param options `preventCancel` leaves it open.
   * @returns An iterator.
   * @throws {TypeError} If the stream is locked.
   */
  override values(
    options?: ReadableStreamIteratorOptions,
  ): AsyncIterableIterator<Buffer> {
    this.#unlock();
    return super.values(options);
  }

  /**
   * Iterates over chunks, as {@linkcode SocketReadable.values} does.
   *
   * @param options `preventCancel` leaves the connection open.
   * @returns An iterator.
   */
  override [Symbol.asyncIterator](
    options?: ReadableStreamIteratorOptions,
  ): AsyncIterableIterator<Buffer> {
    return this.values(options);
  }

  /**
   * Pipes to another stream (Streams standard, `ReadableStreamPipeTo`).
   *
   * @param destination Where bytes go.
   * @param options Which ends close together, and a signal that stops it.
   * @returns Resolves when everything is written and closed as the options say;
   *   rejects with the first error or the signal's reason.
   */
  override pipeTo(
    destination: WritableStream<Buffer>,
    options: StreamPipeOptions = {},
  ): Promise<void> {
    const isShort = destination instanceof SocketWritable &&
      !destination.locked && !destination.isOver && !destination.wasUsed &&
      !this.locked &&
      this.#source.isFresh &&
      typeof options === "object" &&
      (options?.signal === undefined || options.signal instanceof AbortSignal);
    if (!isShort) {
      if (this.#isPiping) return Promise.reject(locked());
      this.#unlock();
      return super.pipeTo(destination, options);
    }
    // JavaScript callers may pass `null`.
    this.#pipe = new SocketPipe(this.#source, destination, options ?? {});
    return this.#pipe.run();
  }

  get #isPiping(): boolean {
    return this.#pipe !== undefined && !this.#pipe.isOver;
  }

  /** Releases the reader in the platform too. */
  #unlock(): void {
    if (this.#isPiping) throw locked();
    this.#released?.releaseLock();
    this.#released = undefined;
  }
}

function locked(): TypeError {
  return new TypeError("Cannot use the stream: it is locked");
}
