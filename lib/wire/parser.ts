/**
 * Parsers that ask for bytes instead of reading them. The same parser serves a
 * socket, a test and a fuzzer.
 *
 * @module
 */

/** Yields the number of bytes it needs, and resumes with exactly that many. */
export type Parser<T> = Generator<number, T, Uint8Array>;

/**
 * Runs a parser over bytes in memory.
 *
 * @typeParam T Result of the parser.
 * @param bytes Input. Bytes after the message are ignored.
 * @returns The parser's result.
 * @throws {RangeError} If the input is too short.
 */
export function parse<T>(parser: Parser<T>, bytes: Uint8Array): T {
  let offset = 0;
  let step = parser.next();
  while (!step.done) {
    const end = offset + step.value;
    if (end > bytes.length) {
      throw new RangeError(`Cannot parse: ${end - bytes.length} bytes missing`);
    }
    step = parser.next(bytes.subarray(offset, end));
    offset = end;
  }
  return step.value;
}
