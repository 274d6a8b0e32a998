/**
 * Datagrams to and from one peer, read and written like a connection.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import type { Deadline } from "../../sync/deadline.ts";
import { watchStall } from "../../sync/stall.ts";
import type { ByteChannel } from "../connection.ts";

/** No datagram has more bytes (RFC 768). */
const LONGEST_DATAGRAM = 65_535;

/** Fits into every Ethernet frame, with room for headers. */
const MOST_SENT = 1_400;

const LINE_FEED = 0x0a;

/** Options for {@linkcode DatagramConnection}. */
export interface DatagramOptions {
  /**
   * Milliseconds to wait for further answers once sending has ended, counted
   * from the last one; 0 does not wait.
   */
  linger: number;
  /**
   * Sends each line as its own datagram, and ends received ones with a line
   * feed.
   */
  isLines: boolean;
}

/**
 * One peer over UDP. Each write is one datagram, unless it is longer than 1,400
 * bytes. UDP has no end of file: reading ends some time after writing has.
 */
export class DatagramConnection implements ByteChannel {
  readonly #socket: Deno.DatagramConn;
  readonly #peer: Deno.NetAddr;
  readonly #options: DatagramOptions;
  readonly #buffer = new Uint8Array(LONGEST_DATAGRAM + 1);
  #rest: Uint8Array = new Uint8Array();
  /** The start of a line whose end has not arrived yet. */
  #part: Uint8Array = new Uint8Array();
  #received = 0;
  #isOver = false;
  #linger: Deadline | undefined;

  /**
   * Creates one.
   *
   * @param socket Socket, closed with this.
   * @param peer The peer; datagrams of others are ignored.
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
   * Reads as much of the next datagram as fits; the next read returns the rest.
   *
   * @returns Number of bytes, or null at the end.
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
   * Sends a datagram. In line mode a line is sent whole, and part of one waits
   * for the rest.
   *
   * @param bytes What to send.
   * @returns How many of the bytes were sent, or wait.
   * @throws The socket's error.
   */
  async write(bytes: Uint8Array): Promise<number> {
    if (bytes.length === 0) return 0; // A probe.
    const { isLines } = this.#options;
    const end = isLines ? bytes.indexOf(LINE_FEED) + 1 : MOST_SENT;
    const piece = bytes.subarray(0, end || bytes.length);
    const line = isLines ? concat([this.#part, piece]) : piece;
    // The system refuses what is longer than any datagram.
    const isWhole = end > 0 || line.length > LONGEST_DATAGRAM;
    this.#part = isWhole ? new Uint8Array() : line;
    if (isWhole) await this.#socket.send(line, this.#peer);
    return piece.length;
  }

  /**
   * Sends an unfinished line, and lets reading end when nothing has arrived for
   * a while.
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
