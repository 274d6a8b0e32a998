/**
 * The end of the program.
 *
 * @module
 */

import { isTraced } from "../admin/is_traced.ts";

/**
 * Milliseconds that remaining work has, with OpenTelemetry on, before the
 * program ends anyway.
 */
const GRACE = 3_000;

/**
 * Ends the program. With OpenTelemetry on, it waits until nothing is left to
 * do: `Deno.exit()` waits for the last export of metrics, and a running export
 * waits for this thread to report its heap, so both would wait forever.
 *
 * @param code Exit code.
 */
export function endProgram(code: number): void {
  if (!isTraced()) Deno.exit(code);
  Deno.exitCode = code;
  Deno.unrefTimer(setTimeout(() => Deno.exit(code), GRACE));
}
