/**
 * The secret that the admin API asks for.
 *
 * @module
 */

import type { Endpoint } from "../../wire/endpoint.ts";
import type { AdminOptions } from "./admin.ts";
import { environmentVariable } from "../../cli/environment.ts";
import { fileFault } from "../../cli/file_error.ts";
import { readText } from "../../cli/read_file.ts";
import { askedName, type ListenerInfo } from "../start_listeners.ts";
import { concerning, UsageError } from "../../cli/usage_error.ts";

/** Where it may come from, besides a file. */
const VARIABLE = "SLUICE_ADMIN_TOKEN";

/** The option that names the file. */
const OPTION = "admin-token-file";

/** Characters that a token has at least: it is not guessed then. */
const LEAST = 16;

/** Characters that a token has at most. */
const MOST = 1024;

/** What a header can carry without being encoded (RFC 6750 §2.1). */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Reads the token.
 *
 * @param options What the command line says.
 * @returns The token; `undefined` where none is set.
 * @throws {UsageError} If it is none that can be used. It does not repeat it.
 * @throws {StartError} If the file can't be read.
 */
export async function readAdminToken(
  { "admin-token-file": path }: Pick<AdminOptions, "admin-token-file">,
): Promise<string | undefined> {
  const given = environmentVariable(VARIABLE);
  if (path === undefined) return given && checked(given, VARIABLE);
  if (given !== undefined) {
    throw new UsageError(`${VARIABLE} is set too; keep one of them`, {
      option: OPTION,
    });
  }
  return await concerning(OPTION, async () => {
    const [line = ""] = (await readToken(path)).split(/\r?\n/, 1);
    return checked(line.trim(), `--${OPTION} ${path}`);
  });
}

/**
 * Sees to it that nobody reaches the admin listener without a token.
 *
 * @param listener What was opened.
 * @param where What was asked for.
 * @param token The token, where there is one.
 * @throws {UsageError} If others can reach it, and there is none.
 */
export function requireAdminToken(
  listener: ListenerInfo,
  where: Endpoint,
  token: string | undefined,
): void {
  if (!listener.isPublic || token !== undefined) return;
  throw new UsageError(
    `Refusing to serve --admin on ${
      askedName(listener, where)
    } without a token: whoever reaches it could see and end connections; give --admin-token-file FILE or ${VARIABLE}`,
    { others: [OPTION] },
  );
}

async function readToken(path: string): Promise<string> {
  try {
    return await readText(path);
  } catch (error) {
    throw fileFault("read admin token", path, error);
  }
}

function checked(token: string, from: string): string {
  if (token.length < LEAST || token.length > MOST || !TOKEN.test(token)) {
    throw new UsageError(
      `The admin token of ${from} is not ${LEAST} to ${MOST} visible ASCII characters; make one with: openssl rand -hex 32`,
    );
  }
  return token;
}
