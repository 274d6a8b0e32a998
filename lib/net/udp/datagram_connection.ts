/**
 * Datagrams with one peer, read and written as a connection is.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { Deadline } from "../../sync/deadline.ts";
import { watchStall } from "../../sync/stall.ts";
import type { ByteChannel } from "../connection.ts";

/** No datagram has more bytes (RFC 768). */
const LONGEST_DATAGRAM = 65_535;

/** What every Ethernet carries in one piece, with room for headers. */
const MOST_SENT = 1_400;

const LINE_FEED = 0x0a;

/** Options for {@linkcode DatagramConnection}. */
export interface DatagramOptions {
  /**
   * Milliseconds that answers are waited for once nothing more is sent, from
   * the last one; 0 is not at all.
   */
  linger: number;
  /** Sends each line by itself, and ends what comes with a line feed. */
  isLines: boolean;
}

/**
 * One peer over UDP. What is written at once is one datagram, unless it is
 * longer than 1,400 bytes. There is no end of file over UDP: reading ends some
 * time after writing has.
 */
export class DatagramConnection implements ByteChannel {
  readonly #socket: Deno.DatagramConn;
  readonly #peer: Deno.NetAddr;
  readonly #options: DatagramOptions;
  readonly #buffer = new Uint8Array(LONGEST_DATAGRAM + 1);
  #rest: Uint8Array = new Uint8Array();
  /** Of a line whose end is still to come. */
  #part: Uint8Array = new Uint8Array();
  #received = 0;
  #isOver = false;
  #linger: Deadline | undefined;

  /**
   * Creates one.
   *
   * @param socket Socket, closed with this.
   * @param peer Whom to send to; what others send is ignored.
   * @param options Additional options.
   */
  constructor(
    socket: Deno.DatagramConn,
    peer: Deno.NetAddr,
    options: DatagramOptions,
  ) {
    this.#socket = socket;
    this.#peer = peer;
    this.#options = options;
  }

  /**
   * Reads of the next datagram what fits; the rest comes with the next read.
   *
   * @returns How many bytes, or null at the end.
   */
  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#rest.length === 0) {
      if (this.#isOver) return null;
      try {
        await this.#receive();
      } catch (error) {
        if (this.#isOver) return null;
        throw error;
      }
    }
    const count = Math.min(buffer.length, this.#rest.length);
    buffer.set(this.#rest.subarray(0, count));
    this.#rest = this.#rest.subarray(count);
    return count;
  }

  /**
   * Sends a datagram. A line goes in one piece, or not at all: where lines are
   * sent, a part of one waits for the rest.
   *
   * @param bytes What to send.
   * @returns How many of them were in it, or wait.
   * @throws The socket's error.
   */
  async write(bytes: Uint8Array): Promise<number> {
    if (bytes.length === 0) return 0; // A question whether that works.
    const { isLines } = this.#options;
    const end = isLines ? bytes.indexOf(LINE_FEED) + 1 : MOST_SENT;
    const piece = bytes.subarray(0, end || bytes.length);
    const line = isLines ? concat([this.#part, piece]) : piece;
    // What is longer than any datagram is refused by the system.
    const isWhole = end > 0 || line.length > LONGEST_DATAGRAM;
    this.#part = isWhole ? new Uint8Array() : line;
    if (isWhole) await this.#socket.send(line, this.#peer);
    return piece.length;
  }

  /**
   * Sends what is left of a line without an end, and lets reading end when
   * nothing has come for a while.
   *
   * @throws The socket's error.
   */
  async closeWrite(): Promise<void> {
    if (this.#part.length > 0) await this.#socket.send(this.#part, this.#peer);
    this.#part = new Uint8Array();
    const { linger } = this.#options;
    if (linger === 0) this.#end();
    this.#linger = watchStall(
      linger,
      () => this.#received,
      () => this.#end(),
    );
  }

  /** Closes the socket. Can be repeated. */
  [Symbol.dispose](): void {
    this.#linger?.clear();
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.close();
  }

  async #receive(): Promise<void> {
    const [bytes, from] = await this.#socket.receive(
      this.#buffer.subarray(0, LONGEST_DATAGRAM),
    );
    const { hostname, port } = from as Deno.NetAddr;
    if (hostname !== this.#peer.hostname || port !== this.#peer.port) return;
    this.#received++;
    let { length } = bytes;
    const isEnded = this.#buffer[length - 1] === LINE_FEED;
    if (this.#options.isLines && !isEnded) this.#buffer[length++] = LINE_FEED;
    this.#rest = this.#buffer.subarray(0, length);
  }
}
