/**
 * The hub with length-prefixed frames, for any bytes.
 *
 * ```text
 * +---+--------+---------+
 * | H | LENGTH |  DATA   |
 * +---+--------+---------+
 * |1b |  31b   | LENGTH  |
 * +---+--------+---------+
 * ```
 *
 * H and LENGTH form one big-endian number of four bytes. With H set, DATA is
 * UTF-8 between the client and the hub: a command, or a notice of the hub. A
 * frame without DATA is a heartbeat. A client that sends no commands and makes
 * no mistakes gets no frame with H set before the last one.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  encodeUtf8,
  type HubDecoder,
  type HubDialect,
  type HubDialectOptions,
  type HubFrame,
  type HubMessage,
  MOST_AWAITED,
  problem,
  tooLong,
} from "./frame.ts";

const HEAD_LENGTH = 4;
const HUB_BIT = 0x8000_0000;

/** Creates the dialect of a hub whose messages follow their length. */
export function length32Dialect(options: HubDialectOptions): HubDialect {
  const encodeNotice = (text: string) => encodeFrame(HUB_BIT, encodeUtf8(text));
  return {
    greets: false,
    heartbeat: encodeFrame(0, new Uint8Array()),
    encodeMessage: (message) => encodeMessage(message, options.names),
    encodeNotice,
    encodeFarewell: encodeNotice,
    decoder: () => new Length32Decoder(options.mostBytes),
  };
}

class Length32Decoder implements HubDecoder {
  readonly #mostBytes: number;
  readonly #head = new Uint8Array(HEAD_LENGTH);
  #headLength = 0;
  #isForHub = false;
  /** `undefined` inside the head, and for data that is too long to keep. */
  #data: Uint8Array | undefined;
  /** Bytes of data that are still missing. */
  #left = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get least(): number {
    if (this.#headLength < HEAD_LENGTH) return HEAD_LENGTH - this.#headLength;
    return Math.min(this.#left, MOST_AWAITED);
  }

  *push(bytes: Uint8Array): Generator<HubFrame> {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#headLength < HEAD_LENGTH) {
        const part = rest.subarray(0, HEAD_LENGTH - this.#headLength);
        this.#head.set(part, this.#headLength);
        this.#headLength += part.length;
        rest = rest.subarray(part.length);
        if (this.#headLength < HEAD_LENGTH) return;
        if (!this.#begin()) yield tooLong(this.#mostBytes);
      } else {
        const part = rest.subarray(0, this.#left);
        this.#data?.set(part, this.#data.length - this.#left);
        this.#left -= part.length;
        rest = rest.subarray(part.length);
      }
      const frame = this.#finish();
      if (frame !== undefined) yield frame;
    }
  }

  *end(): Generator<HubFrame> {
    if (this.#headLength === 0) return;
    yield problem("Not sent: the last frame is not complete");
  }

  /** Returns whether the data is short enough to keep. */
  #begin(): boolean {
    const head = new DataView(this.#head.buffer).getUint32(0);
    this.#isForHub = head >= HUB_BIT;
    this.#left = head % HUB_BIT;
    this.#data = this.#left <= this.#mostBytes
      ? new Uint8Array(this.#left)
      : undefined;
    return this.#data !== undefined;
  }

  #finish(): HubFrame | undefined {
    if (this.#left > 0) return undefined;
    const bytes = this.#data;
    this.#headLength = 0;
    this.#data = undefined;
    if (bytes === undefined || bytes.length === 0) return undefined;
    if (!this.#isForHub) return { kind: "message", bytes };
    return { kind: "command", text: new TextDecoder().decode(bytes) };
  }
}

function encodeMessage(
  { from, bytes }: HubMessage,
  names: boolean,
): Uint8Array {
  if (!names) return encodeFrame(0, bytes);
  return encodeFrame(0, concat([encodeUtf8(`${from}: `), bytes]));
}

function encodeFrame(bit: number, data: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEAD_LENGTH + data.length);
  new DataView(frame.buffer).setUint32(0, bit + data.length);
  frame.set(data, HEAD_LENGTH);
  return frame;
}
