/**
 * The receiving half of a connection: one buffer, and the bytes in it that are
 * not taken yet.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { Pace } from "../sync/pace.ts";
import { AdaptiveBuffer } from "./adaptive_buffer.ts";
import { type Buffer, LARGE_BUFFERS } from "./buffer_pool.ts";
import type { ByteChannel } from "./connection.ts";
import type { Traffic } from "./traffic.ts";

const NOTHING = new Uint8Array();

/** Waits for bytes. Each wait calls exactly one of its methods, once. */
export interface Waiter {
  /** Bytes can be taken. */
  onBytes(): void;
  /** The peer has sent FIN, and all bytes before it were taken. */
  onEnd(): void;
  /** Reading has failed. */
  onError(error: unknown): void;
  /** Another waiter has taken this one's place. */
  onReplaced(): void;
}

/**
 * Reads a connection on demand. One read of the socket may serve many takers:
 * the next one gets what the last one left. A read goes on when nothing waits
 * for it any more, and its bytes stay for the next taker.
 */
export class Inbox {
  readonly #channel: ByteChannel;
  readonly #traffic: Traffic;
  readonly #buffer: AdaptiveBuffer;
  /** Untaken bytes, in the buffer or copied. */
  #bytes: Buffer = NOTHING;
  #waiter: Waiter | undefined;
  /** Whether the waiter wants more than the bytes that are there already. */
  #wantsMore = false;
  #last = 0;
  #isReading = false;
  #holding: Promise<void> | undefined;
  #hasEnded = false;
  #error: { readonly cause: unknown } | undefined;
  #pace: Pace | undefined;

  /**
   * Reads nothing before the first wait.
   *
   * @param channel Connection to read from.
   * @param traffic Where received bytes are counted.
   * @param leastRead Smallest buffer for one read, in bytes (default 384).
   */
  constructor(channel: ByteChannel, traffic: Traffic, leastRead = 0) {
    this.#channel = channel;
    this.#traffic = traffic;
    this.#buffer = new AdaptiveBuffer(LARGE_BUFFERS, leastRead);
  }

  /** Bytes that can be taken now. */
  get length(): number {
    return this.#bytes.length;
  }

  /** The bytes that can be taken now, valid until the next wait. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Whether a read is pending, or has brought the end or an error. */
  get isBusy(): boolean {
    return this.#isReading || this.#hasEnded || this.#error !== undefined;
  }

  /** Whether the peer's FIN was read. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether reading has failed. */
  get hasFailed(): boolean {
    return this.#error !== undefined;
  }

  /** Whether reading waits for its {@linkcode Inbox.pace}, not for the peer. */
  get isHeld(): boolean {
    return this.#holding !== undefined;
  }

  /** The rates that limit reading; `undefined` for none. */
  get pace(): Pace | undefined {
    return this.#pace;
  }

  /** Sets another pace, or none; ends a wait for the old one. */
  set pace(pace: Pace | undefined) {
    if (this.isHeld) this.#pace?.release();
    this.#pace = pace;
  }

  /**
   * Waits until bytes can be taken. A second waiter replaces the first.
   *
   * @param waiter Called once, perhaps before this returns.
   */
  wait(waiter: Waiter): void {
    this.#replace(waiter, false);
    const pace = this.#pace;
    if (pace === undefined || pace.isOpen) this.#proceed();
    else void this.hold().then(() => this.#proceed());
  }

  /**
   * Waits until more bytes have arrived than can be taken already. It takes
   * none, so the next taker finds all of them.
   *
   * @param waiter Called once, perhaps before this returns.
   */
  waitForMore(waiter: Waiter): void {
    this.#replace(waiter, true);
    this.#proceed();
  }

  /**
   * Returns the next byte and leaves it for the next taker.
   *
   * @returns The byte; `undefined` at end of file, or if another waiter came.
   * @throws The socket's error.
   */
  peek(): Promise<number | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<
      number | undefined
    >();
    this.wait({
      onBytes: () => resolve(this.#bytes[0]),
      onEnd: () => resolve(undefined),
      onReplaced: () => resolve(undefined),
      onError: reject,
    });
    return promise;
  }

  /**
   * Stops a wait. The pending read goes on; its bytes stay for the next taker.
   *
   * @param waiter The waiter; nothing happens if another has replaced it.
   */
  leave(waiter: Waiter): void {
    if (this.#waiter === waiter) this.#waiter = undefined;
  }

  /**
   * Takes bytes; they count as received.
   *
   * @param most The most bytes to take (default: all).
   * @returns The bytes, valid until the next wait.
   */
  take(most = Infinity): Buffer {
    const bytes = this.#bytes;
    const limit = Math.min(most, this.#pace?.piece ?? Infinity);
    const isAll = bytes.length <= limit;
    const taken = isAll ? bytes : bytes.subarray(0, limit);
    this.#bytes = isAll ? NOTHING : bytes.subarray(limit);
    this.#traffic.received += taken.length;
    this.#pace?.charge(taken.length);
    return taken;
  }

  /**
   * Puts bytes back in front of what can be taken; they no longer count.
   *
   * @param bytes Bytes that belong to the next taker. They are copied if they
   *   must be joined with others, and kept otherwise.
   */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#traffic.received -= bytes.length;
    this.#bytes = this.#bytes.length === 0
      ? bytes
      : concat([bytes, this.#bytes]);
  }

  /**
   * Waits for the {@linkcode Inbox.pace}.
   *
   * @returns When the pace is open, was replaced, or the connection is closed.
   */
  hold(): Promise<void> {
    const pace = this.#pace;
    if (pace === undefined || pace.isOpen) return Promise.resolve();
    this.#holding ??= pace.wait().then(() => {
      this.#holding = undefined;
    });
    return this.#holding;
  }

  /** Gives the buffer back, unless a read or untaken bytes still need it. */
  release(): void {
    if (!this.#isReading && this.#bytes.length === 0) this.#buffer.free();
  }

  /**
   * Stops using the buffer but does not give it back: a write of its bytes may
   * still be pending.
   */
  detach(): void {
    if (!this.#isReading) this.#buffer.detach();
  }

  /** Closes the connection, in both directions. Can be repeated. */
  close(): void {
    if (this.isHeld) this.#pace?.release();
    this.#traffic.close(this.#channel);
    this.detach();
  }

  #replace(waiter: Waiter, wantsMore: boolean): void {
    const before = this.#waiter;
    this.#waiter = waiter;
    this.#wantsMore = wantsMore;
    if (before !== undefined && before !== waiter) before.onReplaced();
  }

  /** Answers the waiter from what is known, or reads. */
  #proceed(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    if (this.#bytes.length > 0 && !this.#wantsMore) {
      this.#waiter = undefined;
      waiter.onBytes();
    } else if (this.#error !== undefined) {
      this.#waiter = undefined;
      waiter.onError(this.#error.cause);
    } else if (this.#hasEnded) {
      this.#waiter = undefined;
      waiter.onEnd();
    } else if (!this.#isReading) this.#read();
  }

  #read(): void {
    this.#isReading = true;
    const most = this.#pace?.piece;
    // Untaken bytes are moved: this read needs their buffer.
    if (this.#bytes.length > 0) this.#bytes = this.#bytes.slice();
    this.#buffer.fit(this.#last, most);
    const buffer = this.#buffer.take();
    const view = most !== undefined && most < buffer.length
      ? buffer.subarray(0, most)
      : buffer;
    this.#channel.read(view).then(this.#onRead, this.#onError);
  }

  readonly #onRead = (count: number | null): void => {
    this.#isReading = false;
    this.#traffic.noteRead();
    if (count === null) {
      const { untold } = this.#traffic;
      if (untold !== undefined) return this.#onError(untold);
      this.#hasEnded = true;
      this.#buffer.free();
      return this.#proceed();
    }
    this.#last = count;
    const bytes = this.#buffer.filled(count);
    this.#bytes = this.#bytes.length === 0
      ? bytes
      : concat([this.#bytes, bytes]);
    this.#wantsMore = false;
    this.#proceed();
  };

  readonly #onError = (cause: unknown): void => {
    this.#isReading = false;
    this.#error = { cause };
    this.#buffer.free();
    this.#proceed();
  };
}
