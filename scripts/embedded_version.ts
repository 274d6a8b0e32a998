/**
 * Finds the Deno version of a runtime.
 *
 * @module
 */

import { isOlder } from "../lib/net/system/runtime_version.ts";

/** Bytes of one read, and the overlap between two reads. */
const CHUNK = 4 * 1024 * 1024;
const OVERLAP = 32;

/**
 * Finds the version of a runtime in its file. A runtime for another system
 * can't be run, and none prints its version. The file contains its user agent,
 * `Deno/2.9.4`, as text; packages in it are older.
 *
 * @param path Path of the runtime.
 * @returns For example `2.9.4`; `undefined` if the file names no version, or is
 *   not a readable file.
 */
export async function embeddedVersion(
  path: string,
): Promise<string | undefined> {
  try {
    if (!(await Deno.stat(path)).isFile) return undefined;
    using file = await Deno.open(path);
    return await newest(file);
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

async function newest(file: Deno.FsFile): Promise<string | undefined> {
  const decoder = new TextDecoder("latin1");
  const bytes = new Uint8Array(CHUNK);
  let found: string | undefined;
  let before = "";
  for (;;) {
    const count = await file.read(bytes);
    if (count === null) return found;
    const text = before + decoder.decode(bytes.subarray(0, count));
    for (const [, version] of text.matchAll(/Deno\/(\d+\.\d+\.\d+)/g)) {
      if (found === undefined || isOlder(found, version!)) found = version;
    }
    before = text.slice(-OVERLAP);
  }
}
