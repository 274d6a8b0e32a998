/**
 * openssl's view of certificates.
 *
 * @module
 */

import type { KeyedCertificate } from "../../lib/serve/tls/keyed_certificate.ts";
import { makeFolder, run, type RunResult } from "./programs.ts";

/** A folder with files for openssl. */
export interface Openssl extends AsyncDisposable {
  /** Path of the folder. */
  readonly path: string;
  /** Writes a file into the folder; returns its path. */
  put(name: string, text: string): Promise<string>;
  /** Writes `NAME.crt` and `NAME.key`. */
  putKeyed(name: string, keyed: KeyedCertificate): Promise<void>;
  /** Runs openssl on files of the folder; returns all its output. */
  say(command: string): Promise<string>;
  /** Runs openssl; returns its result. */
  run(command: string): Promise<RunResult>;
}

/** Creates a folder, and runs openssl with `@/` standing for it. */
export async function openOpenssl(program: string): Promise<Openssl> {
  const folder = await makeFolder();
  const { path } = folder;
  async function put(name: string, text: string): Promise<string> {
    await Deno.writeTextFile(`${path}/${name}`, text);
    return `${path}/${name}`;
  }
  const runIt = (command: string) =>
    run(
      program,
      command.split(" ").map((word) => word.replace("@/", path + "/")),
    );
  return {
    path,
    put,
    async putKeyed(name, { certificate, key }) {
      await put(`${name}.crt`, certificate);
      await put(`${name}.key`, key);
    },
    run: runIt,
    async say(command) {
      const { text, stderr } = await runIt(command);
      return text + stderr;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
