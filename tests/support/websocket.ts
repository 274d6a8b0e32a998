/**
 * Frames as a WebSocket client sends them.
 *
 * @module
 */

import type { Bytes } from "./dialogue.ts";
import { bytesOf } from "./hub_frames.ts";

/** What can be wrong with a frame, or different. */
export interface FrameOptions {
  /** Four bytes; none is a frame that is not masked. */
  mask?: number[] | undefined;
  isFinal?: boolean;
  /** RSV1 to RSV3 as a number. */
  reserved?: number;
  /** Bytes that the length has: 0, 2 or 8 (default: as few as will do). */
  extended?: number;
  /** What the length says (default: the truth). */
  length?: bigint;
}

/** Encodes a frame of a client. */
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
