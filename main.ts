/**
 * Sluice, a proxy in one binary.
 *
 * @module
 */

import { main } from "./lib/program/cli.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
