/**
 * What openssl says about certificates.
 *
 * @module
 */

import type { KeyedCertificate } from "../../lib/serve/tls/keyed_certificate.ts";
import { makeFolder, run, type RunResult } from "./programs.ts";

/** A folder in which openssl looks at files. */
export interface Openssl extends AsyncDisposable {
  /** Where the files are. */
  readonly path: string;
  /** Writes a file into the folder; gives its path. */
  put(name: string, text: string): Promise<string>;
  /** Writes `NAME.crt` and `NAME.key`. */
  putKeyed(name: string, keyed: KeyedCertificate): Promise<void>;
  /** Runs it on files of the folder; gives all that it says. */
  say(command: string): Promise<string>;
  /** Runs it, and gives how it ended. */
  run(command: string): Promise<RunResult>;
}

/** Makes a folder, and runs openssl with paths that begin with `@/` in it. */
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
