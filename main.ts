/**
 * Sluice, a proxy in one binary.
 *
 * @module
 */

import { main } from "./lib/app/cli.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
