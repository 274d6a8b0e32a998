/**
 * Removes the symbols from a runtime for Linux. They are a fifth of its size
 * and serve debuggers only. Stripping the compiled program would also remove
 * the embedded files, so this happens before.
 *
 * @module
 */

/** The first bytes of a program for Linux (ELF). */
const MAGIC = [0x7f, 0x45, 0x4c, 0x46];

/**
 * Writes a copy of a runtime without its symbols, with the program `strip`.
 *
 * @param source Path of the runtime, or of the ZIP file that Deno downloads.
 * @param folder Folder for the copy.
 * @returns Path of the copy; `undefined` if there is no such file, if it is not
 *   for Linux, or if this machine's `strip` is missing or can't read it.
 */
export async function smallRuntime(
  source: string,
  folder: string,
): Promise<string | undefined> {
  let runtime = source;
  if (source.endsWith(".zip")) {
    runtime = `${folder}/denort`;
    if (!await succeeds("unzip", "-oq", source, "denort", "-d", folder)) return;
  }
  if (!await isElf(runtime)) return;
  const small = `${folder}/denort-small`;
  return await succeeds("strip", "-o", small, runtime) ? small : undefined;
}

async function isElf(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    const start = new Uint8Array(MAGIC.length);
    await file.read(start);
    return MAGIC.every((byte, index) => byte === start[index]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function succeeds(program: string, ...args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, {
      args,
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
