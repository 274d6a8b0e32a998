/**
 * The bytes that a connection sends, as a web stream.
 *
 * @module
 */

import type { Buffer } from "./buffer_pool.ts";
import type { ByteChannel } from "./connection.ts";
import { Traffic } from "./traffic.ts";
import { writeAll } from "./write_all.ts";

/** A pipe that writes to the channel directly for a time. */
export interface ChannelUser {
  /** Whether the channel is free again. */
  readonly isOver: boolean;
}

/**
 * A stream into a connection. Closing it sends FIN and does not affect
 * receiving; aborting it closes the connection in both directions.
 */
export class SocketWritable extends WritableStream<Buffer> {
  /** The channel to write to. */
  readonly channel: ByteChannel;
  /**
   * Counts sent bytes.
   *
   * @internal
   */
  readonly traffic: Traffic;
  readonly #sink: Sink;
  #wasUsed = false;
  #pipe: ChannelUser | undefined;
  /** The lock of a pipe. */
  #writer: WritableStreamDefaultWriter<Buffer> | undefined;
  /** The state in which a pipe left the stream, unless it is still writable. */
  #left: "closed" | { readonly error: unknown } | undefined;

  /**
   * Wraps a connection, which its opener still closes.
   *
   * @param channel Connection to write to.
   * @param traffic Counts sent bytes.
   */
  constructor(channel: ByteChannel, traffic: Traffic = new Traffic()) {
    const sink = new Sink(channel, traffic);
    super(sink);
    this.channel = channel;
    this.traffic = traffic;
    this.#sink = sink;
  }

  /** Whether a writer or a pipe uses the stream. */
  override get locked(): boolean {
    this.#settle();
    return super.locked;
  }

  /** Whether it is closed, is being closed, or is broken. */
  get isOver(): boolean {
    return this.#sink.isOver;
  }

  /** Whether chunks of another writer may be queued in it. */
  get wasUsed(): boolean {
    return this.#wasUsed || this.#sink.wasUsed;
  }

  /**
   * Locks the stream to a writer.
   *
   * @throws {TypeError} If the stream is locked.
   */
  override getWriter(): WritableStreamDefaultWriter<Buffer> {
    this.#settle();
    this.#wasUsed = true;
    return super.getWriter();
  }

  /**
   * Closes the connection, in both directions.
   *
   * @param reason Why.
   * @returns When it is closed; rejects with a `TypeError` if it is locked.
   */
  override abort(reason?: unknown): Promise<void> {
    this.#settle();
    this.#wasUsed = true;
    return super.abort(reason);
  }

  /**
   * Sends FIN after everything that is queued.
   *
   * @returns When it is sent; rejects with a `TypeError` if it is locked.
   */
  override close(): Promise<void> {
    this.#settle();
    this.#wasUsed = true;
    return super.close();
  }

  /**
   * Locks the stream for a pipe from another socket, which writes to the
   * channel directly.
   *
   * @param pipe The pipe; the lock lasts until it is over.
   * @internal
   */
  lock(pipe: ChannelUser): void {
    this.#pipe = pipe;
    this.#writer = super.getWriter();
  }

  /** Sends FIN for the pipe that holds the lock. */
  endUnderPipe(): Promise<void> {
    return this.#sink.close().then(() => {
      this.#left = "closed";
    }, (error: unknown) => {
      this.failUnderPipe(error);
      throw error;
    });
  }

  /** Closes the connection for the pipe that holds the lock. */
  abortUnderPipe(reason: unknown): void {
    if (this.#left === undefined) this.#sink.abort();
    this.failUnderPipe(reason);
  }

  /** Notes that a write of the pipe that holds the lock has failed. */
  failUnderPipe(error: unknown): void {
    this.#left ??= { error };
  }

  /**
   * Takes back the lock of a finished pipe, and sets the stream's final state.
   * This happens on demand: it makes errors and rejected promises, and most
   * streams are never asked.
   */
  #settle(): void {
    if (this.#pipe?.isOver === true) this.#release();
  }

  #release(): void {
    this.#writer?.releaseLock();
    this.#writer = undefined;
    this.#pipe = undefined;
    const left = this.#left;
    this.#left = undefined;
    if (left === undefined) return;
    // The sink is done; only the state is missing.
    this.#sink.isDone = true;
    if (left === "closed") void super.close();
    else void super.abort(left.error);
  }
}

/**
 * Writes the stream's chunks to a connection. It has no `start()`, which would
 * cost each stream 100 bytes.
 */
class Sink implements UnderlyingSink<Buffer> {
  readonly #channel: ByteChannel;
  readonly #traffic: Traffic;
  wasUsed = false;
  isOver = false;
  /** Whether a pipe has ended the connection cleanly. */
  isDone = false;
  #closing: Promise<void> | undefined;

  constructor(channel: ByteChannel, traffic: Traffic) {
    this.#channel = channel;
    this.#traffic = traffic;
  }

  write(bytes: Buffer): Promise<void> {
    this.wasUsed = true;
    return send(this.#channel, this.#traffic, bytes);
  }

  /** Sends FIN, once. */
  close(): Promise<void> {
    this.isOver = true;
    this.#closing ??= closeWrite(this.#channel, this.#traffic);
    return this.#closing;
  }

  abort(): void {
    if (this.isDone) return;
    this.isOver = true;
    this.#traffic.close(this.#channel);
  }
}

/**
 * Writes bytes of a tunnel.
 *
 * @param channel Connection to write to.
 * @param traffic Counts them.
 * @param bytes Bytes, written whole.
 * @throws The socket's error.
 */
export async function send(
  channel: ByteChannel,
  traffic: Traffic,
  bytes: Uint8Array,
): Promise<void> {
  if (bytes.length === 0) return;
  traffic.isWriting = true;
  traffic.beginWrite(channel);
  try {
    await writeAll(channel, bytes, traffic);
    traffic.awaitsAnswer = true;
  } catch (error) {
    traffic.failWrite(error);
    throw error;
  } finally {
    traffic.isWriting = false;
  }
}

/**
 * Sends FIN; receiving goes on.
 *
 * @param channel Connection to end.
 * @param traffic Notes the end.
 * @throws The socket's error.
 */
export async function closeWrite(
  channel: ByteChannel,
  traffic: Traffic,
): Promise<void> {
  traffic.hasEnded = true;
  try {
    await channel.closeWrite();
  } catch (error) {
    traffic.failWrite(error);
    throw error;
  }
}
