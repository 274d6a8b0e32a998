/**
 * Whether traces are wanted.
 *
 * @module
 */

import { environmentVariable } from "../cli/environment.ts";

/** Deno's own switch for OpenTelemetry. */
const VARIABLE = "OTEL_DENO";

/**
 * Tells whether Deno exports traces.
 *
 * @returns Whether it was told to, as far as the program may know.
 */
export function isTraced(): boolean {
  const value = environmentVariable(VARIABLE)?.toLowerCase();
  return value === "true" || value === "1";
}
