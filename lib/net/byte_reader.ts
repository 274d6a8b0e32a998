/**
 * Reads an exact number of bytes from a stream and leaves the rest in it.
 *
 * @module
 */

import type { Parser } from "../wire/parser.ts";
import type { Buffer } from "./buffer_pool.ts";
import type { Duplex } from "./duplex.ts";

/**
 * Bytes of memory for chunks of unknown length: more while chunks fill it.
 * Small, because the connection's own buffer takes what the system has.
 */
const CHUNK = { least: 1024, growth: 8, most: 512 * 1024 } as const;

/** Options for {@linkcode ByteReader}. */
export interface ByteReaderOptions {
  /**
   * Most bytes of memory for chunks of unknown length (default 512 KiB). The
   * reader holds them while it waits for the next chunk.
   */
  mostChunk?: number;
}

/** Memory of released readers, kept for the next ones: half a megabyte. */
const SPARE: ArrayBuffer[] = [];
const MOST_SPARE = 512;

/** A BYOB reader that never takes more bytes than asked for. */
export class ByteReader {
  readonly #duplex: Duplex;
  readonly #mostChunk: number;
  #reader: ReadableStreamBYOBReader | undefined;
  /** Bytes received when the last {@linkcode ByteReader.readSome} began. */
  #before = 0;
  /** Memory for exact reads; their bytes are copied out of it. */
  #exact: ArrayBuffer | undefined;
  /** Memory of the last chunk, for the next one. */
  #chunk: ArrayBuffer | undefined;

  /**
   * Locks the stream at the first read.
   *
   * @param duplex Connection to read from.
   * @param options How much memory it may hold.
   */
  constructor(
    duplex: Duplex,
    { mostChunk = CHUNK.most }: ByteReaderOptions = {},
  ) {
    this.#duplex = duplex;
    this.#mostChunk = mostChunk;
  }

  /**
   * Reads exactly `length` bytes.
   *
   * @param length Number of bytes, 0 or more.
   * @returns The bytes, the caller's own.
   * @throws {Deno.errors.UnexpectedEof} If the stream ends first.
   */
  async readExact(length: number): Promise<Buffer> {
    if (length === 0) return new Uint8Array();
    return this.#keep(await this.#read(length), length);
  }

  /**
   * Reads the bytes that have arrived, or waits for the first one: for messages
   * of unknown length. The caller gives back what does not belong to the
   * message with {@linkcode ByteReader.unread}.
   *
   * @param least Bytes to wait for (default 1). With more than 1, release
   *   cannot put bytes back.
   * @returns At least so many bytes, fewer before end of file, valid until the
   *   next call; `undefined` at end of file.
   * @throws {TypeError} If {@linkcode ByteReader.release} was called meanwhile;
   *   the bytes stay in the stream.
   */
  async readSome(least = 1): Promise<Buffer | undefined> {
    const reader = this.#lock();
    const chunk = this.#chunk ?? new ArrayBuffer(CHUNK.least);
    this.#chunk = undefined;
    this.#before = this.#duplex.received;
    const view = new Uint8Array(
      chunk.byteLength < least ? new ArrayBuffer(least) : chunk,
    );
    const { value, done } = await reader.read(view, { min: least });
    if (reader !== this.#reader) throw new TypeError("Reading was given up");
    if (done) {
      return value === undefined || value.length === 0 ? undefined : value;
    }
    this.#chunk = nextMemory(value, this.#mostChunk);
    return value;
  }

  /** Gives up the last chunk's memory while a write still uses it. */
  detach(): void {
    this.#chunk = undefined;
  }

  /**
   * Returns the next byte and leaves it in the stream.
   *
   * @throws {Deno.errors.UnexpectedEof} If the stream ends first.
   */
  async peek(): Promise<number> {
    const first = await this.#duplex.inbox.peek();
    if (first === undefined) throw endedAfter(0, 1);
    return first;
  }

  /**
   * Feeds a parser from the stream.
   *
   * @typeParam T What the parser produces.
   * @param parser Parser to run.
   * @returns What the parser produced.
   * @throws {Deno.errors.UnexpectedEof} If the stream ends first, and
   *   whatever the parser throws.
   */
  async parse<T>(parser: Parser<T>): Promise<T> {
    let step = parser.next();
    while (!step.done) {
      const length = step.value;
      step = parser.next(
        length === 0
          ? new Uint8Array()
          : this.#keep(await this.#read(length), length),
      );
    }
    return step.value;
  }

  /**
   * Puts bytes back in front of the unread ones.
   *
   * @param bytes Bytes that belong to the next reader.
   */
  unread(bytes: Uint8Array): void {
    this.#duplex.unread(bytes);
  }

  /**
   * Unlocks the stream at the first byte that was not read. A
   * {@linkcode ByteReader.readSome} under way fails, and its bytes stay in the
   * stream.
   *
   * @param isUnseen Whether the caller's last `readSome` has not resolved yet
   *   (default false): its bytes are put back.
   */
  release(isUnseen = false): void {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#chunk = undefined;
    const exact = this.#exact;
    this.#exact = undefined;
    if (exact !== undefined && SPARE.length < MOST_SPARE) SPARE.push(exact);
    if (reader !== undefined) this.#duplex.readable.releaseLock(reader);
    if (!isUnseen) return;
    this.#duplex.readable.takeBack(this.#duplex.received - this.#before);
  }

  /** Exactly so many bytes, or fewer before end of file. */
  #read(length: number): Promise<ReadableStreamReadResult<Buffer>> {
    const reader = this.#lock();
    const memory = length > CHUNK.least
      ? new ArrayBuffer(length)
      : this.#exact ?? SPARE.pop() ?? new ArrayBuffer(CHUNK.least);
    this.#exact = undefined;
    const view = new Uint8Array(memory, 0, length);
    return reader.read(view, { min: length });
  }

  /** Copies short messages, so that their memory serves the next read. */
  #keep(
    { value, done }: ReadableStreamReadResult<Buffer>,
    length: number,
  ): Buffer {
    if (done) throw endedAfter(value?.length ?? 0, length);
    if (length > CHUNK.least) return value;
    this.#exact = value.buffer;
    return value.slice();
  }

  #lock(): ReadableStreamBYOBReader {
    this.#reader ??= this.#duplex.readable.getReader({ mode: "byob" });
    return this.#reader;
  }
}

/** Memory for the next chunk, sized by how much the last chunk filled. */
function nextMemory({ buffer, length }: Buffer, most: number): ArrayBuffer {
  const size = buffer.byteLength;
  const { least, growth } = CHUNK;
  if (size > most) return new ArrayBuffer(most);
  if (length === size && size < most) {
    return new ArrayBuffer(Math.min(size * growth, most));
  }
  const isSpare = size > least && length * growth * growth < size;
  return isSpare ? new ArrayBuffer(size / growth) : buffer;
}

function endedAfter(count: number, length: number): Error {
  return new Deno.errors.UnexpectedEof(
    `Cannot read ${length} bytes: stream ended after ${count}`,
  );
}
