/**
 * Decodes the frames of a WebSocket client (RFC 6455 §5).
 *
 * This is own code because the receiver of `ws` 8.18.3 accepts lengths that are
 * not in their shortest form, closes with 1009 for lengths of 64 bits, and
 * reveals only through private fields how many bytes are missing and which code
 * to close with. It also loads all of node:http: 17 MB of memory and 50 ms of a
 * start.
 *
 * @module
 */

import { ByteCollector } from "./byte_collector.ts";
import { CLOSE, MOST_CONTROL, OPCODE, WebSocketError } from "./websocket.ts";

/** A complete, unmasked unit from a client. */
export type WebSocketEvent =
  | { readonly type: "text"; readonly bytes: Uint8Array }
  | { readonly type: "binary"; readonly bytes: Uint8Array }
  | { readonly type: "ping"; readonly bytes: Uint8Array }
  | { readonly type: "pong"; readonly bytes: Uint8Array }
  | { readonly type: "close"; readonly code: number | undefined };

interface Frame {
  opcode: number;
  isFinal: boolean;
  mask: Uint8Array;
  /** Bytes of data still missing, and bytes received. */
  left: number;
  done: number;
}

/** Bytes of the longest head: two, eight of the length, four of the mask. */
const MOST_HEAD = 14;

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Codes that are allowed in a close frame (§7.4). */
const SENT_CODES: ReadonlySet<number> = new Set([
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014],
]);

/** Decodes incoming bytes to events. */
export class WebSocketDecoder {
  readonly #most: number;
  readonly #head = new Uint8Array(MOST_HEAD);
  #headLength = 0;
  #frame: Frame | undefined;
  /**
   * Data of a message, and of a control frame, which may arrive within a
   * message.
   */
  readonly #message = new ByteCollector();
  readonly #control = new ByteCollector();
  #messageType: "text" | "binary" | undefined;

  /**
   * Creates a decoder.
   *
   * @param most Most bytes of a message.
   */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes missing from the current frame's head or data. */
  get missing(): number {
    if (this.#frame !== undefined) return this.#frame.left;
    const length = this.#headLength < 2 ? 2 : headLength(this.#head[1]!);
    return length - this.#headLength;
  }

  /**
   * Decodes the next bytes, and copies unfinished data.
   *
   * @param bytes The next bytes.
   * @returns The events that are now complete. The caller must take all of
   *   them.
   * @throws {WebSocketError} If the bytes break the protocol or a message is
   *   too long: 1002, 1007 or 1009. Nothing more can be decoded then.
   */
  *push(bytes: Uint8Array): Generator<WebSocketEvent> {
    let rest = bytes;
    while (true) {
      if (this.#frame === undefined) {
        rest = rest.subarray(this.#takeHead(rest));
        if (this.#frame === undefined) return;
      }
      rest = rest.subarray(this.#takeData(rest, this.#frame));
      if (this.#frame.left > 0) return;
      const event = this.#finish(this.#frame);
      this.#frame = undefined;
      if (event !== undefined) yield event;
    }
  }

  #takeHead(bytes: Uint8Array): number {
    let count = 0;
    while (count < bytes.length) {
      this.#head[this.#headLength++] = bytes[count++]!;
      if (this.#headLength < 2) continue;
      if (this.#headLength === 2) this.#checkStart();
      if (this.#headLength < headLength(this.#head[1]!)) continue;
      this.#frame = this.#parseHead();
      this.#headLength = 0;
      break;
    }
    return count;
  }

  /** Checks the first two bytes without waiting for the rest. */
  #checkStart(): void {
    const [first, second] = this.#head as unknown as [number, number];
    const opcode = first & 0x0f;
    if ((first & 0x70) !== 0) throw broken("a reserved bit is set");
    if ((second & 0x80) === 0) throw broken("a frame is not masked");
    const isFinal = (first & 0x80) !== 0;
    if (opcode >= OPCODE.Close) this.#checkControl(opcode, isFinal, second);
    else this.#checkOrder(opcode);
  }

  #checkControl(opcode: number, isFinal: boolean, second: number): void {
    if (opcode > OPCODE.Pong) throw broken(`opcode is ${opcode}`);
    if (!isFinal) throw broken("a control frame is fragmented");
    if ((second & 0x7f) > MOST_CONTROL) {
      throw broken(`a control frame has more than ${MOST_CONTROL} bytes`);
    }
  }

  #checkOrder(opcode: number): void {
    if (opcode > OPCODE.Binary) throw broken(`opcode is ${opcode}`);
    const isWithin = this.#messageType !== undefined;
    if (isWithin === (opcode === OPCODE.Continuation)) return;
    throw broken(
      isWithin
        ? "a message begins within another"
        : "a continuation continues nothing",
    );
  }

  #parseHead(): Frame {
    const head = this.#head;
    const opcode = head[0]! & 0x0f;
    const left = this.#parseLength();
    const maskAt = headLength(head[1]!) - 4;
    if (opcode < OPCODE.Close) {
      if (this.#message.length + left > this.#most) {
        throw new WebSocketError(
          CLOSE.TooLarge,
          `A message has ${this.#most} bytes at most`,
        );
      }
      if (opcode !== OPCODE.Continuation) {
        this.#messageType = opcode === OPCODE.Text ? "text" : "binary";
      }
    }
    return {
      opcode,
      isFinal: (head[0]! & 0x80) !== 0,
      mask: head.slice(maskAt, maskAt + 4),
      left,
      done: 0,
    };
  }

  /** Requires the shortest form (§5.2). */
  #parseLength(): number {
    const short = this.#head[1]! & 0x7f;
    const view = new DataView(this.#head.buffer);
    if (short < 126) return short;
    const length = short === 126
      ? view.getUint16(2)
      : Number(view.getBigUint64(2));
    if (length < (short === 126 ? 126 : 0x1_0000)) {
      throw broken("a length is not in its shortest form");
    }
    if (short === 127 && view.getUint8(2) >= 0x80) {
      throw broken("a length has its highest bit set");
    }
    return length;
  }

  #takeData(bytes: Uint8Array, frame: Frame): number {
    const count = Math.min(bytes.length, frame.left);
    if (count === 0) return 0;
    const data = bytes.slice(0, count);
    const { done, mask } = frame;
    for (let n = 0; n < count; n++) data[n]! ^= mask[done + n & 3]!;
    frame.done += count;
    frame.left -= count;
    const isControl = frame.opcode >= OPCODE.Close;
    (isControl ? this.#control : this.#message).add(data);
    return count;
  }

  #finish({ opcode, isFinal }: Frame): WebSocketEvent | undefined {
    switch (opcode) {
      case OPCODE.Ping:
        return { type: "ping", bytes: this.#control.take() };
      case OPCODE.Pong:
        return { type: "pong", bytes: this.#control.take() };
      case OPCODE.Close:
        return { type: "close", code: parseClose(this.#control.take()) };
    }
    if (!isFinal) return undefined;
    const type = this.#messageType!;
    const bytes = this.#message.take();
    this.#messageType = undefined;
    if (type === "text") checkUtf8(bytes);
    return { type, bytes };
  }
}

/** Bytes of a head, by its second byte. The mask is always present. */
function headLength(second: number): number {
  const short = second & 0x7f;
  return 6 + (short === 126 ? 2 : short === 127 ? 8 : 0);
}

/** Empty data contains no code (§5.5.1). */
function parseClose(data: Uint8Array): number | undefined {
  if (data.length === 0) return undefined;
  if (data.length === 1) throw broken("a close code has one byte");
  const code = data[0]! << 8 | data[1]!;
  const isPrivate = code >= 3000 && code <= 4999;
  if (!isPrivate && !SENT_CODES.has(code)) {
    throw broken(`a close code is ${code}`);
  }
  checkUtf8(data.subarray(2));
  return code;
}

function checkUtf8(bytes: Uint8Array): void {
  try {
    UTF8.decode(bytes);
  } catch {
    throw new WebSocketError(CLOSE.InvalidData, "A text is not UTF-8");
  }
}

function broken(state: string): WebSocketError {
  return new WebSocketError(CLOSE.ProtocolError, `Cannot read frame: ${state}`);
}
