/**
 * Frames of a WebSocket client.
 *
 * @module
 */

import type { Bytes } from "./dialogue.ts";
import { bytesOf } from "./hub_frames.ts";

/** Faults and variations of a frame. */
export interface FrameOptions {
  /** Four bytes; `undefined` sends an unmasked frame. */
  mask?: number[] | undefined;
  isFinal?: boolean;
  /** RSV1 to RSV3 as a number. */
  reserved?: number;
  /** Bytes of the extended length: 0, 2 or 8 (default: the fewest). */
  extended?: number;
  /** Value of the length (default: the real one). */
  length?: bigint;
}

/** Encodes a client's frame. */
export function clientFrame(
  opcode: number,
  data: Uint8Array | string,
  options: FrameOptions = {},
): Bytes {
  const bytes = typeof data === "string" ? bytesOf(data) : data;
  const { isFinal = true, reserved = 0, length = BigInt(bytes.length) } =
    options;
  const mask = "mask" in options ? options.mask : [0x37, 0xfa, 0x21, 0x3d];
  const extended = options.extended ??
    (length < 126n ? 0 : length < 65536n ? 2 : 8);
  const short = extended === 0 ? Number(length) : extended === 2 ? 126 : 127;
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, length);
  return Uint8Array.from([
    (isFinal ? 0x80 : 0) | reserved << 4 | opcode,
    (mask === undefined ? 0 : 0x80) | short,
    ...size.subarray(8 - extended),
    ...mask ?? [],
    ...bytes.map((byte, n) => byte ^ (mask?.[n & 3] ?? 0)),
  ]);
}
