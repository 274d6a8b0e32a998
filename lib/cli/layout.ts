/**
 * Lays out words and columns on a terminal.
 *
 * @module
 */

/** Styles for text. */
export type Style =
  | "title"
  | "bold"
  | "underlined"
  | "code"
  | "selected"
  | "faint"
  | "warning"
  | "alarm";

/** Select Graphic Rendition (ECMA-48 §8.3.117). */
const STYLES: Readonly<Record<Style, string>> = {
  title: "\u001b[1;4m",
  bold: "\u001b[1m",
  underlined: "\u001b[4m",
  code: "\u001b[36m",
  selected: "\u001b[7m",
  faint: "\u001b[90m",
  warning: "\u001b[33m",
  alarm: "\u001b[31m",
};

const PLAIN = "\u001b[0m";

/**
 * Adds a style to text.
 *
 * @param text Text without line ends.
 * @param isStyled Whether the terminal supports styles.
 * @returns The text, between the terminal's codes.
 */
export function styled(text: string, style: Style, isStyled: boolean): string {
  return isStyled && text !== "" ? `${STYLES[style]}${text}${PLAIN}` : text;
}

/**
 * Counts the columns of a text on a terminal.
 *
 * @param text Text with or without styles.
 * @returns Its length without the codes of styles.
 */
export function visibleLength(text: string): number {
  // deno-lint-ignore no-control-regex
  return [...text.replace(/\u001b\[[\d;]*m/g, "")].length;
}

/**
 * Wraps words into lines.
 *
 * @param words Words; longer ones than a line stay whole.
 * @param width Columns of a line.
 * @returns The lines; a single empty one without words.
 */
export function wrapWords(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = "";
  let length = 0;
  for (const word of words) {
    const more = visibleLength(word);
    if (line !== "" && length + 1 + more > width) {
      lines.push(line);
      line = "";
      length = 0;
    }
    length += line === "" ? more : 1 + more;
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}

/**
 * Narrows columns until they fit, the widest first.
 *
 * @param widths Wanted widths.
 * @param room Total width, and the smallest width of a column.
 * @returns Fitting widths.
 */
export function fit(
  widths: readonly number[],
  { total, least }: { total: number; least: number },
): number[] {
  const fitted = [...widths];
  let excess = fitted.reduce((sum, width) => sum + width, 0) - total;
  for (; excess > 0; excess--) {
    const widest = fitted.indexOf(Math.max(...fitted));
    if (fitted[widest]! <= least) break;
    fitted[widest]!--;
  }
  return fitted;
}
