/**
 * One JSON value a line (also known as NDJSON or JSON Lines).
 *
 * @module
 */

import { DelimiterStream } from "@std/streams/delimiter-stream";
import type { Buffer } from "../net/buffer_pool.ts";
import { LineBound } from "./line_bound.ts";

/** Bytes of a line at most, without its end. */
const LONGEST_LINE = 1024 * 1024;

const LINE_FEED = 0x0a;

/** What becomes of lines that are left out. */
export interface JsonLinesOptions {
  /**
   * Told about a line that is no JSON value.
   *
   * @param number Which line, from 1.
   * @param reason Why, in a few words; it may hold what the line holds.
   */
  onRefusal: (number: number, reason: string) => void;
  /** Bytes of a line at most (default 1 MiB). */
  longest?: number;
}

/**
 * Makes a stream that lets through the lines that are JSON values: a chunk each,
 * as it came, with a line feed.
 *
 * @param options What becomes of the others.
 * @returns Both ends of the stream; it keeps the chunks that it is given.
 */
export function jsonLines(
  { onRefusal, longest = LONGEST_LINE }: JsonLinesOptions,
): ReadableWritablePair<Buffer, Buffer> {
  const bound = new LineBound(longest);
  let number = 0;
  const check = new TransformStream<Buffer, Buffer>({
    transform(line, controller) {
      if (line.length === 0) return; // Nothing is behind the last line feed.
      const hasEnd = line.at(-1) === LINE_FEED;
      const text = hasEnd ? line.subarray(0, -1) : line;
      const reason = findFault(text, longest);
      number++;
      if (reason === undefined) controller.enqueue(withEnd(text));
      else onRefusal(number, reason);
    },
  });
  const readable = bound.readable
    .pipeThrough(
      new DelimiterStream(Uint8Array.of(LINE_FEED), { disposition: "suffix" }),
    )
    .pipeThrough(check);
  return { readable, writable: bound.writable };
}

function withEnd(text: Buffer): Buffer {
  const line = new Uint8Array(text.length + 1);
  line.set(text);
  line[text.length] = LINE_FEED;
  return line;
}

function findFault(line: Buffer, longest: number): string | undefined {
  if (line.length > longest) return `it is longer than ${longest} bytes`;
  try {
    // A byte order mark is no part of JSON (RFC 8259 §8.1).
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(line);
    if (text.trim() === "") return "it is empty";
    JSON.parse(text);
    return undefined;
  } catch (error) {
    // The decoder's is a TypeError, the parser's tells what and where.
    if (!(error instanceof SyntaxError)) return "it is not UTF-8";
    return `it is not JSON: ${error.message}`;
  }
}
