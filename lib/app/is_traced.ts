/**
 * Whether traces are wanted.
 *
 * @module
 */

/** Deno's own switch for OpenTelemetry. */
const VARIABLE = "OTEL_DENO";

/**
 * Tells whether Deno exports traces.
 *
 * @returns Whether it was told to, as far as the program may know.
 */
export function isTraced(): boolean {
  const { state } = Deno.permissions.querySync({
    name: "env",
    variable: VARIABLE,
  });
  // Asking for the permission would stop the start.
  if (state !== "granted") return false;
  const value = Deno.env.get(VARIABLE)?.toLowerCase();
  return value === "true" || value === "1";
}
