/**
 * The hub in lines, for people and for programs that read lines.
 *
 * ```text
 * from a client            to a client
 * any text LF              any text LF        message of a client
 * /name alice LF           * text LF          notice of the hub
 * //x LF     (sends /x)
 * ```
 *
 * @module
 */

import {
  type HubDecoder,
  type HubDialect,
  type HubDialectOptions,
  type HubFrame,
  type HubMessage,
  problem,
  tooLong,
} from "./frame.ts";
import { LineSplitter } from "./line_splitter.ts";

const LF = 0x0a;
const SPACE = 0x20;
const ASTERISK = 0x2a;
const SLASH = 0x2f;

/** Start of every notice of the hub. */
const MARK = "* ";

/**
 * Converts a line to a frame.
 *
 * @param line The line without its line end.
 * @param names Whether the hub adds the sender's name.
 * @returns The frame. A line that looks like a notice of the hub becomes a
 *   problem.
 */
export function readHubLine(line: Uint8Array, names: boolean): HubFrame {
  if (line.includes(LF)) {
    return problem("Not sent: a message here is one line");
  }
  if (line[0] === SLASH) {
    if (line[1] === SLASH) return { kind: "message", bytes: line.subarray(1) };
    return { kind: "command", text: new TextDecoder().decode(line) };
  }
  // After a name, nobody can mistake it for a notice of the hub.
  const isForged = line[0] === ASTERISK && line[1] === SPACE;
  if (isForged && !names) {
    return problem(`Not sent: lines that begin with '${MARK}' are the hub's`);
  }
  return { kind: "message", bytes: line };
}

/** Creates the dialect of a hub whose messages are lines. */
export function lineDialect(options: HubDialectOptions): HubDialect {
  const encodeNotice = (text: string) => encode(`${MARK}${text}\n`);
  return {
    greets: false,
    heartbeat: encodeNotice("ping"),
    encodeMessage: (message) => encodeLine(message, options.names),
    encodeNotice,
    encodeFarewell: encodeNotice,
    decoder: () => new LineDecoder(options),
  };
}

class LineDecoder implements HubDecoder {
  readonly #options: HubDialectOptions;
  readonly #splitter: LineSplitter;

  constructor(options: HubDialectOptions) {
    this.#options = options;
    this.#splitter = new LineSplitter(options.mostBytes);
  }

  /** The end of a line is not known in advance. */
  get least(): number {
    return 1;
  }

  *push(bytes: Uint8Array): Generator<HubFrame> {
    const { mostBytes, names } = this.#options;
    for (const line of this.#splitter.push(bytes)) {
      yield line === undefined ? tooLong(mostBytes) : readHubLine(line, names);
    }
  }

  *end(): Generator<HubFrame> {
    if (!this.#splitter.isWithinLine) return;
    yield problem("Not sent: the last line has no end");
  }
}

function encodeLine({ from, bytes }: HubMessage, names: boolean): Uint8Array {
  const before = encode(names ? `${from}: ` : "");
  const line = new Uint8Array(before.length + bytes.length + 1);
  line.set(before);
  line.set(bytes, before.length);
  line[line.length - 1] = LF;
  return line;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
