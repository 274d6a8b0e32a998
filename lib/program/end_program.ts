/**
 * The end of the program.
 *
 * @module
 */

import { isTraced } from "../admin/is_traced.ts";

/**
 * Milliseconds that what still runs has, with OpenTelemetry on, until the
 * program ends anyway.
 */
const GRACE = 3_000;

/**
 * Ends the program. With OpenTelemetry on, it ends when nothing is left to do:
 * `Deno.exit()` waits for the last export of metrics, and an export that is
 * under way waits for this thread to report its heap, so both would wait forever.
 *
 * @param code Exit code.
 */
export function endProgram(code: number): void {
  if (!isTraced()) Deno.exit(code);
  Deno.exitCode = code;
  Deno.unrefTimer(setTimeout(() => Deno.exit(code), GRACE));
}
