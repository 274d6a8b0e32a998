/**
 * The source of a {@linkcode SocketReadable}, which answers the stream's pulls
 * from the connection's inbox.
 *
 * @module
 */

import type { Buffer } from "./buffer_pool.ts";
import type { Inbox, Waiter } from "./inbox.ts";

const NOTHING = new Uint8Array();

/** The underlying byte source of a connection. */
export class SocketSource implements UnderlyingByteSource, Waiter {
  /** The kind of stream. */
  readonly type = "bytes";
  /** Reads the connection. */
  readonly inbox: Inbox;
  /** Whether the stream has ended or failed. */
  isOver = false;
  #controller!: ReadableByteStreamController;
  #pulling: PromiseWithResolvers<void> | undefined;
  /** Whether a released reader left its request behind. */
  #hasOldRequest = false;
  /** The last chunk given to the stream. */
  #given: Buffer = NOTHING;

  /**
   * Creates the source of one stream.
   *
   * @param inbox Reads the connection.
   */
  constructor(inbox: Inbox) {
    this.inbox = inbox;
  }

  /** Whether the stream queues no bytes and has not ended. */
  get isFresh(): boolean {
    const { desiredSize, byobRequest } = this.#controller;
    // A released reader may have left a request with bytes in it.
    const isPartial = byobRequest !== null && byobRequest.view!.byteOffset > 0;
    return !this.isOver && desiredSize === 0 && !isPartial;
  }

  /**
   * Notes that an exact reader was released. If it was reading, its request
   * stays behind. Answering that request would wake no default reader, whereas
   * a chunk serves every reader. If the stream had not pulled yet, it never
   * would: it believes that a pull is already under way.
   */
  endReader(): void {
    this.#hasOldRequest = this.#controller.byobRequest !== null;
    if (this.#hasOldRequest && this.#pulling === undefined) void this.pull();
  }

  /** Whether a reader waits for bytes, or left a request behind. */
  get isAsked(): boolean {
    return this.#pulling !== undefined || this.#controller.byobRequest !== null;
  }

  /**
   * Tells whether a read can skip the stream, which queues nothing and waits
   * for nothing.
   *
   * @param least Bytes that must have arrived.
   */
  hasReady(least: number): boolean {
    return this.inbox.length >= least && this.inbox.pace === undefined &&
      !this.isOver && !this.isAsked && this.#controller.desiredSize === 0;
  }

  /**
   * Moves bytes that have arrived into a view, whose buffer is detached.
   *
   * @param view Room for the most bytes.
   * @returns The bytes, in a view of the same memory.
   * @throws {TypeError} If the buffer cannot be detached.
   */
  move(view: Uint8Array): Buffer {
    const { byteOffset, length } = view;
    const memory = (view as Buffer).buffer.transferToFixedLength();
    const bytes = this.inbox.take(length);
    const moved = new Uint8Array(memory, byteOffset, bytes.length);
    moved.set(bytes);
    this.#given = bytes;
    return moved;
  }

  /** Notes that a pipe begins, which reads from the inbox directly. */
  beginPipe(): void {
    this.#given = NOTHING;
  }

  /**
   * Puts back the last bytes given to the stream.
   *
   * @param count Number of bytes, from their start.
   */
  takeBack(count: number): void {
    if (count > 0) this.inbox.unread(this.#given.slice(0, count));
  }

  /** Called by the stream when it is created. */
  start(controller: ReadableByteStreamController): void {
    this.#controller = controller;
  }

  /** Called by the stream when something reads. */
  pull(): void | Promise<void> {
    if (this.inbox.length > 0 && this.inbox.pace === undefined) {
      return this.#answer();
    }
    this.#pulling = Promise.withResolvers();
    const { promise } = this.#pulling;
    this.inbox.wait(this);
    return promise;
  }

  /** Closes the connection, in both directions. */
  cancel(): void {
    this.isOver = true;
    this.inbox.leave(this);
    this.inbox.close();
    this.#settle();
  }

  /** Bytes can be taken. */
  onBytes(): void {
    this.#answer();
    this.#settle();
  }

  /** The connection has reached its end of file. */
  onEnd(): void {
    this.end();
    this.#settle();
  }

  /** Reading has failed. */
  onError(error: unknown): void {
    this.fail(error);
    this.#settle();
  }

  /** Another reader has taken over. */
  onReplaced(): void {
    this.#settle();
  }

  /** Closes the stream, at end of file. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#controller.close();
    this.#controller.byobRequest?.respond(0);
  }

  /** Puts the stream into its error state. */
  fail(error: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#controller.error(error);
  }

  #settle(): void {
    this.#pulling?.resolve();
    this.#pulling = undefined;
  }

  /** Filling the reader's own view costs half of what a chunk does. */
  #answer(): void {
    if (this.#hasOldRequest) this.#give();
    else this.#fill();
  }

  /** Enqueues a chunk for any reader. */
  #give(): void {
    this.#hasOldRequest = false;
    const view = this.#controller.byobRequest?.view;
    const bytes = this.inbox.take(view?.byteLength);
    this.#given = bytes;
    this.#controller.enqueue(bytes.slice());
  }

  /** Fills the view of the pending read, if any. */
  #fill(): void {
    const request = this.#controller.byobRequest;
    if (request === null) return this.#give();
    const view = request.view as Uint8Array;
    const bytes = this.inbox.take(view.length);
    view.set(bytes);
    this.#given = bytes;
    request.respond(bytes.length);
  }
}
