/**
 * Sluice, a proxy in one binary.
 *
 * @module
 */

import { runProgram } from "./lib/program/cli.ts";

if (import.meta.main) await runProgram(Deno.args);
