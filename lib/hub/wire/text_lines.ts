/**
 * Dialects whose frames are lines of text.
 *
 * @module
 */

import {
  type HubDecoder,
  type HubDialect,
  type HubFrame,
  problem,
  tooLong,
} from "./frame.ts";
import { LineSplitter } from "./line_splitter.ts";

/** What differs between such dialects. */
export interface LineForm
  extends Pick<HubDialect, "encodeMessage" | "encodeNotice"> {
  /** Converts a line to a frame; `undefined` for a sign of life. */
  read(line: Uint8Array): HubFrame | undefined;
}

/**
 * Creates a dialect whose frames are lines.
 *
 * @param mostBytes Most bytes of a message.
 * @param form How its lines read.
 */
export function inLines(
  mostBytes: number,
  { encodeMessage, encodeNotice, read }: LineForm,
): HubDialect {
  return {
    greets: false,
    heartbeat: encodeNotice("ping"),
    encodeMessage,
    encodeNotice,
    encodeFarewell: encodeNotice,
    decoder: () => new LineDecoder(mostBytes, read),
  };
}

class LineDecoder implements HubDecoder {
  /** The end of a line is not known in advance. */
  readonly least = 1;
  readonly #mostBytes: number;
  readonly #read: LineForm["read"];
  readonly #splitter: LineSplitter;

  constructor(mostBytes: number, read: LineForm["read"]) {
    this.#mostBytes = mostBytes;
    this.#read = read;
    this.#splitter = new LineSplitter(mostBytes);
  }

  *push(bytes: Uint8Array): Generator<HubFrame> {
    for (const line of this.#splitter.push(bytes)) {
      const frame = line === undefined
        ? tooLong(this.#mostBytes)
        : this.#read(line);
      if (frame !== undefined) yield frame;
    }
  }

  *end(): Generator<HubFrame> {
    if (!this.#splitter.isWithinLine) return;
    yield problem("Not sent: the last line has no end");
  }
}
