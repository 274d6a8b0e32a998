/**
 * Lines without what differs from run to run, to compare what documents show
 * with what the program prints.
 *
 * @module
 */

/**
 * Makes the shape of a line: `#` for numbers, addresses and serial numbers, one
 * unit for all sizes and one for all times, one space for several.
 *
 * @param line A line of the log or of the output.
 * @returns Its shape, without the time in front.
 */
export function shapeOf(line: string): string {
  return line.trimEnd()
    .replace(/^(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d /, "")
    // Which end comes first depends on how busy the machine is.
    .replace(/(?:client|target) closed first/, "# closed first")
    .replace(/serial [0-9a-f]+/, "serial #")
    .replaceAll(/(?<!\w)\d+(?:[.:-]\d+)*/g, "#")
    .replaceAll(/# [kMGT]?B\b/g, "# B")
    .replaceAll(/# (?:ms|s|min # s)(?!\w)/g, "# s")
    .replaceAll(/ {2,}/g, " ");
}
