/**
 * Real servers that a test starts.
 *
 * @module
 */

import { assert } from "@std/assert";
import { eventually } from "./dialogue.ts";

/** A server of another program that is running. */
export interface ProgramServer extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
}

/** Where a {@linkcode ProgramServer} runs. */
export interface ProgramPlace {
  /** Its port on 127.0.0.1. */
  port: number;
  /** Its working directory, which goes with it. */
  folder: { readonly path: string } & AsyncDisposable;
}

/** Starts a program, and waits until it takes connections. */
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
