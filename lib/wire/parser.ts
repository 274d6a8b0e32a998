/**
 * Parsers that ask for bytes instead of reading them, so that the same parser
 * serves a socket, a test and a fuzzer.
 *
 * @module
 */

/** Yields how many bytes it needs next, is resumed with exactly that many. */
export type Parser<T> = Generator<number, T, Uint8Array>;

/**
 * Runs a parser over bytes already in memory.
 *
 * @typeParam T What the parser produces.
 * @param parser Parser to run.
 * @param bytes Input. Bytes after the message are ignored.
 * @returns What the parser produced.
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
