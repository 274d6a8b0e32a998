/**
 * The users of `sluice proxy`, from all of its sources.
 *
 * @module
 */

import { isGranted } from "../net/system/is_granted.ts";
import { countOf } from "../observe/count_of.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import { PasswordQueue } from "../policy/users/password_queue.ts";
import { parseUsersFile } from "../policy/users/users_file.ts";
import { type User, Users } from "../policy/users/users.ts";
import { reservePasswordChecks } from "../serve/limits/memory_plan.ts";
import { readVariable } from "../cli/environment.ts";
import { parseUsers, type ProxyOptions } from "./options.ts";
import { concerning, UsageError } from "../cli/usage_error.ts";
import { ServerFiles } from "../serve/server_files.ts";
import type { WatchedFile } from "../cli/watched_file.ts";

/** Options for {@linkcode openProxyUsers}. */
export interface OpenUsersOptions {
  /** Threads that check passwords (default 1). */
  threads?: number | undefined;
  /** Opens the file (default: it is read). */
  files?: ServerFiles | undefined;
  /** Told that another list is in force. */
  onChange?: () => void;
}

/** Users and their sources. */
export interface ProxyUsers {
  /** The users at the start, for the banner; `undefined` means everyone. */
  list: readonly User[] | undefined;
  /** Checks them; `undefined` if everyone may use the proxy. */
  users: Users | undefined;
  /** The users file, if any. */
  files: readonly WatchedFile<readonly User[]>[];
}

/**
 * Collects the users of the command line, the environment and the users file.
 * When the file changes, the list changes; connections stay.
 *
 * @param options Options of the command line.
 * @param log Receives log events.
 * @param settings Threads, and how to open the file.
 * @throws {UsageError} If a name comes twice.
 * @throws {StartError} If the file cannot be read or is malformed.
 */
export async function openProxyUsers(
  options: ProxyOptions,
  log: (event: LogEvent) => void,
  { threads = 1, files = new ServerFiles(), onChange }: OpenUsersOptions = {},
): Promise<ProxyUsers> {
  const fixed = fixedUsers(options.user, log);
  const { users: path, "auth-cache": remember } = options;
  if (path === undefined) {
    if (fixed.length === 0) {
      return { list: undefined, users: undefined, files: [] };
    }
    const users = await Users.create(fixed, { remember });
    return { list: fixed, users, files: [] };
  }
  const file = await concerning(
    "users",
    () =>
      files.open<readonly User[]>(path, {
        what: "users file",
        parse: (
          text,
        ) => [...fixed, ...withoutFixed(parseUsersFile(text), fixed)],
        describe: (list) => countOf(list.length, "user"),
        isSecret: true,
        log,
      }),
  );
  const queue = new PasswordQueue({ atOnce: reservePasswordChecks(threads) });
  const users = await Users.create(file.value, { remember, queue });
  if (file.value.length === 0) sayNobody(path, log);
  file.onReload((list) => {
    users.replace(list);
    if (list.length === 0) sayNobody(path, log);
    onChange?.();
  });
  return { list: file.value, users, files: [file] };
}

/** An empty file lets no one in, unlike none. */
function sayNobody(path: string, log: (event: LogEvent) => void): void {
  const message = `Nobody may use the proxy: ${path} has no users`;
  log(messageEvent("warning", "no-users", message));
}

function withoutFixed<T extends User>(
  list: T[],
  fixed: readonly User[],
): T[] {
  const names = new Set(fixed.map(({ name }) => name));
  const twice = list.find(({ name }) => names.has(name));
  if (twice === undefined) return list;
  throw new SyntaxError(
    `user '${twice.name}' is in --user or SLUICE_USERS already`,
  );
}

/** Users of the command line and of the environment. */
function fixedUsers(
  given: readonly User[],
  log: (event: LogEvent) => void,
): User[] {
  const users = [...given, ...environmentUsers(log)];
  const names = users.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return users;
  throw new UsageError(`'${twice}' is in SLUICE_USERS too; keep one of them`, {
    option: "user",
  });
}

function environmentUsers(log: (event: LogEvent) => void): User[] {
  if (!isGranted({ name: "env", variable: "SLUICE_USERS" })) { // A prompt would block the start.
    const message =
      "Sluice ignores SLUICE_USERS: Deno may not read it; start Deno with --allow-env=SLUICE_USERS";
    log(messageEvent("warning", "environment-unread", message));
    return [];
  }
  const texts = readVariable("SLUICE_USERS")?.split(/\s+/).filter(Boolean);
  try {
    return parseUsers(texts ?? []);
  } catch (error) {
    throw new UsageError(`SLUICE_USERS: ${(error as SyntaxError).message}`);
  }
}
