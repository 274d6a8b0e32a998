/**
 * Starts real servers for tests.
 *
 * @module
 */

import { assert } from "@std/assert";
import { eventually } from "./dialogue.ts";

/** A running server of another program. */
export interface ProgramServer extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
}

/** Place of a {@linkcode ProgramServer}. */
export interface ProgramPlace {
  /** Port on 127.0.0.1. */
  port: number;
  /** Working directory, deleted together with the server. */
  folder: { readonly path: string } & AsyncDisposable;
}

/** Starts a program, and waits until it accepts connections. */
export async function serveProgram(
  path: string,
  args: string[],
  { port, folder }: ProgramPlace,
): Promise<ProgramServer> {
  const child = new Deno.Command(path, {
    args,
    cwd: folder.path,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  assert(
    await eventually(() =>
      Deno.connect({ port }).then((conn) => (conn.close(), true), () => false)
    ),
  );
  return {
    hostname: "127.0.0.1",
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await folder[Symbol.asyncDispose]();
    },
  };
}
