/**
 * Lines on standard output.
 *
 * @module
 */

/**
 * Prints lines to standard output.
 *
 * @param lines Lines without their ends.
 */
export function printLines(lines: readonly string[]): void {
  const bytes = new TextEncoder().encode(lines.join("\n") + "\n");
  for (let count = 0; count < bytes.length;) {
    count += Deno.stdout.writeSync(bytes.subarray(count));
  }
}
