/**
 * The text of the Character Generator Protocol (RFC 864).
 *
 * @module
 */

/** Characters on a line (RFC 864, "one popular pattern"). */
const WIDTH = 72;

/** The printable characters of ASCII, from the space to the tilde. */
const FIRST = 0x20;
const PRINTABLE = 95;

/**
 * Repetitions of the pattern in one block, so that each write is large enough.
 */
const ROUNDS = 9;

/**
 * Builds a block of lines with 72 printable characters and CR LF. Each line
 * starts one character later than the line before. The pattern repeats after 95
 * lines, so blocks can follow one another.
 *
 * @returns 63,270 bytes.
 */
export function chargenBlock(): Uint8Array<ArrayBuffer> {
  const line = WIDTH + 2;
  const block = new Uint8Array(line * PRINTABLE * ROUNDS);
  for (let index = 0; index < block.length; index++) {
    const row = Math.floor(index / line);
    const column = index % line;
    block[index] = column < WIDTH
      ? FIRST + (row + column) % PRINTABLE
      : column === WIDTH
      ? 0x0d
      : 0x0a;
  }
  return block;
}
