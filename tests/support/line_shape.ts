/**
 * Removes the variable parts of lines, to compare documents with the program's
 * output.
 *
 * @module
 */

/**
 * Reduces a line to its shape: `#` for numbers, addresses and serial numbers,
 * one unit for all sizes and one for all times, one space for several.
 *
 * @param line A line of the log or of the output.
 * @returns Its shape, without the leading time.
 */
export function shapeOf(line: string): string {
  return line.trimEnd()
    .replace(/^(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d /, "")
    // The order of the ends depends on the machine's load.
    .replace(/(?:client|target) closed first/, "# closed first")
    .replace(/serial [0-9a-f]+/, "serial #")
    .replaceAll(/(?<!\w)\d+(?:[.:-]\d+)*/g, "#")
    .replaceAll(/# [kMGT]?B\b/g, "# B")
    .replaceAll(/# (?:ms|s|min # s)(?!\w)/g, "# s")
    .replaceAll(/ {2,}/g, " ");
}
