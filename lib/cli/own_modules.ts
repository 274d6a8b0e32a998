/**
 * The modules of Sluice itself. Commands and options import most of them when
 * they need them, which keeps the start short; a program that runs from source
 * may read them only where Deno allows it.
 *
 * @module
 */

import { isGranted } from "../net/system/is_granted.ts";
import { StartError } from "./usage_error.ts";

/** The folder of the modules, which Deno has to be allowed to read. */
export const MODULES: string = decodeURIComponent(
  new URL("../", import.meta.url).pathname.slice(0, -1),
);

/**
 * Gives the error to show when Sluice could not import one of its own modules.
 *
 * @param error What was thrown.
 * @returns The permission to give, if the lack of it is the reason.
 */
export function lackOfModules(error: unknown): StartError | undefined {
  if (Deno.build.standalone) return undefined; // They are inside the program.
  if (!(error instanceof TypeError)) return undefined; // As `import()` throws.
  if (!("code" in error) || error.code !== "ERR_MODULE_NOT_FOUND") {
    return undefined;
  }
  if (isGranted({ name: "read", path: MODULES })) return undefined;
  return new StartError(`Deno was not given --allow-read=${MODULES}`);
}
