/**
 * Whether Deno exports traces.
 *
 * @module
 */

import { environmentVariable } from "../cli/environment.ts";

/** Deno's own switch for OpenTelemetry. */
const VARIABLE = "OTEL_DENO";

/**
 * Tells whether Deno exports traces.
 *
 * @returns `false` also if Deno does not let the program read its switch.
 */
export function isTraced(): boolean {
  const value = environmentVariable(VARIABLE)?.toLowerCase();
  return value === "true" || value === "1";
}
