/**
 * WebSocket frames (RFC 6455).
 *
 * @module
 */

import { CutError } from "../../observe/cut_error.ts";

/** The types of frames (§5.2). */
export const OPCODE = {
  /** §5.4 */
  Continuation: 0x0,
  /** §5.6 */
  Text: 0x1,
  /** §5.6 */
  Binary: 0x2,
  /** §5.5.1 */
  Close: 0x8,
  /** §5.5.2 */
  Ping: 0x9,
  /** §5.5.3 */
  Pong: 0xa,
} as const;

/** Type of a frame. */
export type Opcode = typeof OPCODE[keyof typeof OPCODE];

/** Close codes (§7.4.1). */
export const CLOSE = {
  Normal: 1000,
  GoingAway: 1001,
  ProtocolError: 1002,
  InvalidData: 1007,
  PolicyViolation: 1008,
  TooLarge: 1009,
  /** https://www.iana.org/assignments/websocket */
  TryAgainLater: 1013,
} as const;

/** Most bytes of data in a control frame (§5.5). */
export const MOST_CONTROL = 125;

/** Text to append to a client's key before hashing (§1.3). */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** A client that does not keep to the protocol. */
export class WebSocketError extends CutError {
  /** The close code; see {@linkcode CLOSE}. */
  readonly code: number;

  /**
   * Constructs an error.
   *
   * @param code Close code.
   * @param message What is wrong, in one line.
   */
  constructor(code: number, message: string) {
    super("protocol", message);
    this.name = "WebSocketError";
    this.code = code;
  }
}

/**
 * Encodes a server's frame: unfragmented and unmasked (§5.1).
 *
 * ```text
 * +-+-------+------+-+-------+----------+------+
 * |F|  RSV  |OPCODE|M|  LEN  | EXTENDED | DATA |
 * +-+-------+------+-+-------+----------+------+
 * |1|   0   |  4b  |0|  7b   | 0, 2, 8  |      |
 * +-+-------+------+-+-------+----------+------+
 * ```
 *
 * @param opcode Type of the frame.
 * @returns The frame (§5.2).
 */
export function encodeWebSocketFrame(
  opcode: Opcode,
  data: Uint8Array,
): Uint8Array {
  const { length } = data;
  const extended = length <= 125 ? 0 : length <= 0xffff ? 2 : 8;
  const frame = new Uint8Array(2 + extended + length);
  const view = new DataView(frame.buffer);
  frame[0] = 0x80 | opcode;
  if (extended === 0) frame[1] = length;
  else if (extended === 2) {
    frame[1] = 126;
    view.setUint16(2, length);
  } else {
    frame[1] = 127;
    view.setBigUint64(2, BigInt(length));
  }
  frame.set(data, 2 + extended);
  return frame;
}

/**
 * Encodes a close frame (§5.5.1).
 *
 * @param code Close code; see {@linkcode CLOSE}.
 * @param reason The reason in words, cut to fit.
 */
export function encodeClose(code: number, reason = ""): Uint8Array {
  const data = new Uint8Array(MOST_CONTROL);
  new DataView(data.buffer).setUint16(0, code);
  // Cuts between two characters, never inside one.
  const { written } = new TextEncoder().encodeInto(reason, data.subarray(2));
  return encodeWebSocketFrame(OPCODE.Close, data.subarray(0, 2 + written));
}

/**
 * Builds the input of the hash that answers a client's key (§4.2.2). The answer
 * is its SHA-1 in base64.
 *
 * @param key `Sec-WebSocket-Key` as sent.
 */
export function acceptInput(key: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(key + GUID);
}
