/**
 * The version of Sluice. `deno.json` says the same, but an npm package of Sluice
 * has no such file.
 *
 * @module
 */

/** For example `1.2.3`. */
export const PROGRAM_VERSION = "0.2.0";
