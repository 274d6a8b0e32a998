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

/** Rounds in one block: enough for a write to be worth its call. */
const ROUNDS = 9;

/**
 * Makes a block of lines of 72 printable characters, each begun one character
 * later than the one before, with CR LF. After 95 lines they begin anew: blocks
 * can be put one behind the other.
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
