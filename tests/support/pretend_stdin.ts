/**
 * Standard input with the bytes of a test.
 *
 * @module
 */

/**
 * Lets this thread read bytes from a pipe instead of its standard input, in one
 * of the three ways that `Deno.stdin` has.
 *
 * @param input The bytes, or text for UTF-8.
 */
export function pretendStdin(input: string | Uint8Array): void {
  const pieces = piecesOf(input);
  let rest = new Uint8Array();
  const stdin = {
    isTerminal: () => false,
    readable: ReadableStream.from(pieces),
    readSync(view: Uint8Array): number | null {
      if (rest.length === 0) rest = pieces.next().value ?? rest;
      const piece = rest.subarray(0, view.length);
      view.set(piece);
      rest = rest.subarray(piece.length);
      return piece.length || null;
    },
    read: (view: Uint8Array) => Promise.resolve(stdin.readSync(view)),
  };
  Object.assign(Deno, { stdin });
}

/** The bytes in pieces of at most a pipe's size. */
function* piecesOf(
  input: string | Uint8Array,
): Generator<Uint8Array<ArrayBuffer>, undefined> {
  const bytes = typeof input === "string"
    ? new TextEncoder().encode(input)
    : Uint8Array.from(input);
  for (let start = 0; start < bytes.length; start += 16_384) {
    yield bytes.subarray(start, start + 16_384);
  }
}
