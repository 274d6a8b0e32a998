/**
 * The token of the admin API.
 *
 * @module
 */

import type { Endpoint } from "../../wire/endpoint.ts";
import type { AdminOptions } from "./admin.ts";
import { environmentVariable } from "../../cli/environment.ts";
import { requireText } from "../../cli/read_file.ts";
import { WatchedFile } from "../../cli/watched_file.ts";
import type { LogEvent } from "../../observe/log_event.ts";
import { askedName, type ListenerInfo } from "../start_listeners.ts";
import { concerning, UsageError } from "../../cli/usage_error.ts";

/** The environment variable of the token. */
const VARIABLE = "SLUICE_ADMIN_TOKEN";

/** The option that names the file. */
const OPTION = "admin-token-file";

/** Least characters of a token, against guessing. */
const LEAST = 16;

/** Most characters of a token. */
const MOST = 1024;

/** Characters that a header can carry unencoded (RFC 6750 §2.1). */
const TOKEN = /^[\x21-\x7e]+$/;

/** What is wrong with a token, and what to do. */
const FAULT =
  `is not ${LEAST} to ${MOST} visible ASCII characters; make one with: openssl rand -hex 32`;

/**
 * Reads the token.
 *
 * @param options Values of the options.
 * @returns The token; `undefined` if none is set.
 * @throws {UsageError} If it is unusable. The message does not repeat it.
 * @throws {StartError} If the file cannot be read.
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
    const text = await requireText("read admin token", path);
    return checked(firstLine(text), `--${OPTION} ${path}`);
  });
}

/** The token of an admin listener. */
export interface AdminToken {
  /** The token; `undefined` if none is set. */
  readonly token: string | undefined;
  /** The file that may bring another one. */
  readonly file: WatchedFile<string> | undefined;
}

/**
 * Reads the token, and opens its file to be watched.
 *
 * @param options Values of the options.
 * @param log Receives log events.
 * @throws {UsageError} As {@linkcode readAdminToken} does.
 * @throws {StartError} Likewise.
 */
export async function openAdminToken(
  options: Pick<AdminOptions, "admin-token-file">,
  log: (event: LogEvent) => void,
): Promise<AdminToken> {
  const token = await readAdminToken(options);
  const path = options["admin-token-file"];
  if (path === undefined) return { token, file: undefined };
  const file = await WatchedFile.open(path, {
    what: "admin token",
    parse: parseToken,
    describe: () => "the admin token",
    isSecret: true,
    log,
  });
  return { token: file.value, file };
}

/**
 * Requires a token for a public admin listener.
 *
 * @param listener The open listener.
 * @param where The configured endpoint.
 * @param token The token, if any.
 * @throws {UsageError} If others can reach it and it has none.
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
    } without a token: anyone who can reach it could see and end connections; give --admin-token-file FILE or ${VARIABLE}`,
    { others: [OPTION] },
  );
}

function firstLine(text: string): string {
  const [line = ""] = text.split(/\r?\n/, 1);
  return line.trim();
}

function parseToken(text: string): string {
  const token = firstLine(text);
  if (isGood(token)) return token;
  throw new SyntaxError(`its first line ${FAULT}`);
}

function checked(token: string, from: string): string {
  if (isGood(token)) return token;
  throw new UsageError(`The admin token of ${from} ${FAULT}`);
}

function isGood(token: string): boolean {
  return token.length >= LEAST && token.length <= MOST && TOKEN.test(token);
}
