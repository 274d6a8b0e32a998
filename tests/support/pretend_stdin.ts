/**
 * Standard input with the bytes of a test.
 *
 * @module
 */

/**
 * Lets this thread read bytes from a pipe instead of its standard input.
 *
 * @param input The bytes, or text for UTF-8.
 */
export function pretendStdin(input: string | Uint8Array): void {
  const readable = ReadableStream.from(piecesOf(input));
  Object.assign(Deno, { stdin: { isTerminal: () => false, readable } });
}

/** The bytes in pieces of at most a pipe's size. */
function* piecesOf(input: string | Uint8Array): Generator<Uint8Array> {
  const bytes = typeof input === "string"
    ? new TextEncoder().encode(input)
    : input;
  for (let start = 0; start < bytes.length; start += 16_384) {
    yield bytes.subarray(start, start + 16_384);
  }
}
