/**
 * A stream of lines with one JSON value each (NDJSON or JSON Lines).
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { DelimiterStream } from "@std/streams/delimiter-stream";
import type { Buffer } from "../net/buffer_pool.ts";
import { LineBound } from "./line_bound.ts";

/** Most bytes of a line, without its line end. */
const LONGEST_LINE = 1024 * 1024;

const LINE_FEED = 0x0a;
const END = Uint8Array.of(LINE_FEED);

/** Options for {@linkcode jsonLines}. */
export interface JsonLinesOptions {
  /**
   * Called for each line that is not a JSON value.
   *
   * @param number Number of the line, from 1.
   * @param reason The reason in a few words; it may contain text of the line.
   */
  onRefusal: (number: number, reason: string) => void;
  /** Most bytes of a line (default 1 MiB). */
  longest?: number;
}

/**
 * Creates a stream that passes only lines with a JSON value: one chunk per
 * line, unchanged, with a line feed.
 *
 * @param options Handling of other lines.
 * @returns Both ends of the stream. It keeps the chunks it receives, so do not
 *   reuse them.
 */
export function jsonLines(
  { onRefusal, longest = LONGEST_LINE }: JsonLinesOptions,
): ReadableWritablePair<Buffer, Buffer> {
  const bound = new LineBound(longest);
  let number = 0;
  const check = new TransformStream<Buffer, Buffer>({
    transform(line, controller) {
      if (line.length === 0) return; // Nothing follows the last line feed.
      const hasEnd = line.at(-1) === LINE_FEED;
      const text = hasEnd ? line.subarray(0, -1) : line;
      const reason = findFault(text, longest);
      number++;
      if (reason === undefined) controller.enqueue(concat([text, END]));
      else onRefusal(number, reason);
    },
  });
  const readable = bound.readable
    .pipeThrough(
      new DelimiterStream(END, { disposition: "suffix" }),
    )
    .pipeThrough(check);
  return { readable, writable: bound.writable };
}

function findFault(line: Buffer, longest: number): string | undefined {
  if (line.length > longest) return `it is longer than ${longest} bytes`;
  try {
    // A byte order mark is not part of JSON (RFC 8259 §8.1).
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(line);
    if (text.trim() === "") return "it is empty";
    JSON.parse(text);
    return undefined;
  } catch (error) {
    // The decoder throws a TypeError; the JSON parser's error says what and
    // where.
    if (!(error instanceof SyntaxError)) return "it is not UTF-8";
    return `it is not JSON: ${error.message}`;
  }
}
