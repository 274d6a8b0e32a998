/**
 * Modules that a part of the commands needs.
 *
 * @module
 */

import { isGranted } from "../net/is_granted.ts";
import { StartError } from "./usage_error.ts";

/** Where the modules are: what Deno has to be allowed to read. */
export const MODULES: string = decodeURIComponent(
  new URL("../", import.meta.url).pathname.slice(0, -1),
);

/**
 * Loads a module by a name that Deno can't see. What it sees in the source it
 * reads before the program begins, needed or not: two thirds of all modules, a
 * fifth of the start and of the memory of a proxy at rest (measured).
 *
 * @typeParam T The module, as `typeof import(…)` tells it.
 * @param name Path of its file, from this one; `deno task compile` takes all in.
 * @returns The module.
 * @throws {StartError} If Deno was not allowed to read it.
 */
export async function late<T>(name: string): Promise<T> {
  try {
    return await import(new URL(name, import.meta.url).href);
  } catch (error) {
    if (Deno.build.standalone) throw error; // All of them are within.
    // Deno tells it in words only.
    const read = { name: "read", path: MODULES } as const;
    if (isGranted(read)) throw error;
    throw new StartError(`Deno was not given --allow-read=${MODULES}`);
  }
}
