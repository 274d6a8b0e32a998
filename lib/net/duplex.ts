/**
 * A connection as two streams that close one direction at a time.
 *
 * @module
 */

import type { Pace } from "../sync/pace.ts";
import type { Buffer } from "./buffer_pool.ts";
import type { ByteChannel } from "./connection.ts";
import { Inbox } from "./inbox.ts";
import { SocketReadable } from "./socket_readable.ts";
import { closeWrite, send, SocketWritable } from "./socket_writable.ts";
import { socketUnder } from "./socket_under.ts";
import { Traffic } from "./traffic.ts";
import { writeAll } from "./write_all.ts";

const NOTHING = new Uint8Array();

/** One connection, read and written in halves that end separately. */
export class Duplex {
  /** The connection that the streams run over. */
  readonly carrier: ByteChannel;
  /** Reads the connection for {@linkcode Duplex.readable}. */
  readonly inbox: Inbox;
  readonly #traffic = new Traffic();
  #readable: SocketReadable | undefined;
  #writable: SocketWritable | undefined;

  /**
   * Wraps a connection. Its opener still closes it, with
   * {@linkcode Duplex.close} or on the connection itself.
   *
   * @param connection Connection to wrap.
   * @param leastRead Smallest buffer for one read, in bytes (default 384).
   *   Connections where one read is one message, such as a terminal's lines,
   *   need more.
   */
  constructor(connection: ByteChannel, leastRead = 0) {
    this.carrier = connection;
    this.inbox = new Inbox(connection, this.#traffic, leastRead);
  }

  /**
   * Bytes from the peer. End of file leaves {@linkcode Duplex.writable} usable.
   * The same stream at each call.
   */
  get readable(): SocketReadable {
    this.#readable ??= new SocketReadable(this.inbox);
    return this.#readable;
  }

  /**
   * Bytes to the peer. Closing it sends FIN and leaves
   * {@linkcode Duplex.readable} usable. The same stream at each call.
   */
  get writable(): SocketWritable {
    this.#writable ??= new SocketWritable(this.carrier, this.#traffic);
    return this.#writable;
  }

  /** Bytes taken from {@linkcode Duplex.readable} and not put back. */
  get received(): number {
    return this.#traffic.received;
  }

  /**
   * Bytes written to {@linkcode Duplex.writable} and accepted by the system.
   */
  get sent(): number {
    return this.#traffic.sent;
  }

  /** Whether reading waits for its {@linkcode Duplex.pace}, not for the peer. */
  get isHeld(): boolean {
    return this.inbox.isHeld;
  }

  /** The rates that limit reading; `undefined` for none. */
  get pace(): Pace | undefined {
    return this.inbox.pace;
  }

  /** Sets another pace, or none; ends a wait for the old one. */
  set pace(pace: Pace | undefined) {
    this.inbox.pace = pace;
  }

  /** Whether a write waits for the peer to take more. */
  get isWriting(): boolean {
    return this.#traffic.isWriting;
  }

  /** Whether the peer has sent nothing since the last write. */
  get awaitsAnswer(): boolean {
    return this.#traffic.awaitsAnswer;
  }

  /**
   * Writes bytes of the tunnel before those of the stream.
   *
   * @param bytes Bytes, written whole; they count as sent.
   * @throws The socket's error.
   */
  send(bytes: Uint8Array): Promise<void> {
    return send(this.carrier, this.#traffic, bytes);
  }

  /**
   * The remaining bytes in both directions, for a layer such as TLS on top of
   * the connection. The streams must not be used any more.
   *
   * @returns The channel; disposing of it closes the connection.
   */
  channel(): ByteChannel {
    this.releaseBuffer(); // The layer brings its own pace.
    this.carrier.setNoDelay?.(true);
    return {
      read: async (buffer) => {
        // A pending read, such as that of a parked connection, comes first.
        const isEnd = this.inbox.isBusy &&
          await this.inbox.peek() === undefined;
        if (isEnd) return null;
        if (this.inbox.length > 0) {
          const bytes = this.inbox.take(buffer.length);
          buffer.set(bytes);
          this.releaseBuffer();
          return bytes.length;
        }
        const count = await this.carrier.read(buffer);
        this.#traffic.received += count ?? 0;
        return count;
      },
      write: (bytes) => this.carrier.write(bytes),
      closeWrite: () => this.carrier.closeWrite(),
      carrier: this.carrier,
      [Symbol.dispose]: () => this.close(),
    };
  }

  /**
   * Puts bytes back in front of those not yet received.
   *
   * @param bytes Bytes that belong to the next reader; kept, not copied.
   */
  unread(bytes: Uint8Array): void {
    this.inbox.unread(bytes as Buffer);
  }

  /**
   * Writes a message that is not part of the tunnel and does not count as sent.
   *
   * @param bytes Message, written whole.
   * @throws The socket's error.
   */
  write(bytes: Uint8Array): Promise<void> {
    this.#traffic.beginWrite(this.carrier);
    return writeAll(this.carrier, bytes);
  }

  /**
   * Sends FIN; receiving goes on.
   *
   * @throws The socket's error.
   */
  closeWrite(): Promise<void> {
    return closeWrite(this.carrier, this.#traffic);
  }

  /**
   * Waits for {@linkcode Duplex.pace}, as reading does.
   *
   * @returns Resolves when it is open, was replaced, or the connection is
   *   closed.
   */
  hold(): Promise<void> {
    return this.inbox.hold();
  }

  /**
   * Gives the receive buffer back when the caller is done with the last bytes.
   * A pending read or untaken bytes keep it.
   */
  releaseBuffer(): void {
    this.inbox.release();
  }

  /**
   * Asks the socket, under all layers, whether the peer has reset the
   * connection. Reading reports a reset only after all bytes before it. The
   * probe is a write of no bytes, which sends nothing; after our own FIN it is
   * impossible.
   *
   * @throws The socket's error, which the system reports once.
   */
  async probe(): Promise<void> {
    if (this.#traffic.hasEnded) return;
    try {
      await socketUnder(this.carrier).write(NOTHING);
    } catch (error) {
      if (this.#traffic.hasEnded) return; // FIN was sent meanwhile.
      this.#traffic.failWrite(error);
      throw error;
    }
  }

  /**
   * Closes both directions now; pending reads and writes fail. Can be repeated.
   * A buffer that was not released goes to no other connection: a write of its
   * bytes may still be under way.
   */
  close(): void {
    this.inbox.close();
  }
}
