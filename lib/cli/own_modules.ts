/**
 * The modules of Sluice itself. Commands and options import most of them on
 * demand, which keeps the start short. A program that runs from source can read
 * them only if Deno allows it.
 *
 * @module
 */

import { isGranted } from "../net/system/is_granted.ts";
import { StartError } from "./usage_error.ts";

/** Folder of the modules, which Deno needs the permission to read. */
export const MODULES: string = decodeURIComponent(
  new URL("../", import.meta.url).pathname.slice(0, -1),
);

/**
 * Creates the error to show when Sluice could not import one of its own
 * modules.
 *
 * @param error Any thrown error.
 * @returns An error that names the missing permission; `undefined` if another
 *   reason applies.
 */
export function lackOfModules(error: unknown): StartError | undefined {
  if (Deno.build.standalone) return undefined; // The program contains them.
  if (!(error instanceof TypeError)) return undefined; // `import()` throws these.
  if (!("code" in error) || error.code !== "ERR_MODULE_NOT_FOUND") {
    return undefined;
  }
  if (isGranted({ name: "read", path: MODULES })) return undefined;
  return new StartError(`Deno was not given --allow-read=${MODULES}`);
}
