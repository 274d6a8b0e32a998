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
  encodeUtf8,
  type HubDialect,
  type HubDialectOptions,
  type HubFrame,
  type HubMessage,
  problem,
} from "./frame.ts";
import { inLines } from "./text_lines.ts";

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
export function lineDialect(
  { mostBytes, names }: HubDialectOptions,
): HubDialect {
  return inLines(mostBytes, {
    encodeMessage: (message) => encodeLine(message, names),
    encodeNotice: (text) => encodeUtf8(`${MARK}${text}\n`),
    read: (line) => readHubLine(line, names),
  });
}

function encodeLine({ from, bytes }: HubMessage, names: boolean): Uint8Array {
  const before = encodeUtf8(names ? `${from}: ` : "");
  const line = new Uint8Array(before.length + bytes.length + 1);
  line.set(before);
  line.set(bytes, before.length);
  line[line.length - 1] = LF;
  return line;
}
