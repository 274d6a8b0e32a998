/**
 * Durations as people write them.
 *
 * @module
 */

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Parses a duration: a number and a unit (`250ms`, `10s`, `1.5m`, `2h`, `1d`),
 * or `0`.
 *
 * @returns Milliseconds.
 * @throws {SyntaxError} If the text is not a duration.
 */
export function parseDuration(text: string): number {
  if (text === "0") return 0;
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text);
  if (match === null) {
    throw new SyntaxError(
      `'${text}' is not a duration such as 250ms, 10s, 5m, 1h or 0`,
    );
  }
  return Number(match[1]) * UNITS[match[2]!]!;
}
