/**
 * Explains why this machine can't make a fence, and what to do.
 *
 * @module
 */

import { StartError } from "../cli/usage_error.ts";
import { isGranted } from "../net/system/is_granted.ts";
import { lookOr } from "./file_info.ts";

/** What went wrong. */
export interface FenceFailure {
  /** The error if the first program can't be started. */
  error?: unknown;
  /** The programs' error output, if there is any. */
  output?: string;
}

const INSTEAD =
  "or give --no-isolation, which only sets variables and is not a fence";

/** System settings that forbid user namespaces, and the right values. */
const SWITCHES:
  readonly (readonly [name: string, bad: string, good: string])[] = [
    ["kernel.apparmor_restrict_unprivileged_userns", "1", "0"],
    ["kernel.unprivileged_userns_clone", "0", "1"],
    ["user.max_user_namespaces", "0", "10000"],
  ];

/**
 * Creates the error for a fence that can't be made.
 *
 * @param failure What went wrong.
 * @returns The error, which says what is missing and what to do.
 */
export function explainMissing(
  { error, output = "" }: FenceFailure,
): StartError {
  const program = error === undefined
    ? /failed to execute (\S+?):? No such file/.exec(output)?.[1]
    : "setpriv";
  if (program !== undefined) {
    return fault(
      `'${program}' is not on the PATH; install util-linux 2.36 or later`,
      error,
    );
  }
  if (/unrecognized option|invalid option/.test(output)) {
    return fault(
      `this 'unshare' is too old: ${
        firstLine(output)
      }; install util-linux 2.36 or later`,
    );
  }
  const found = SWITCHES.find(([name, bad]) => valueOf(name) === bad);
  if (found !== undefined) {
    const [name, bad, good] = found;
    return fault(
      `the system forbids user namespaces (${name} is ${bad}); run 'sysctl -w ${name}=${good}' as root`,
    );
  }
  return fault(
    `the system refuses namespaces (${
      firstLine(output) || "no reason given"
    }); in a container allow user namespaces, for example by --security-opt seccomp=unconfined of Docker`,
  );
}

/**
 * Requires a system that supports fences.
 *
 * @param os The system.
 * @throws {StartError} If it is not Linux.
 */
export function requireLinux(os: string): void {
  if (os === "linux") return;
  throw fault(`it needs Linux, and this is ${os}; run it in a Linux machine`);
}

/**
 * Requires Deno permissions without prompting for them.
 *
 * @param names The permissions, each without restrictions.
 * @throws {StartError} If one is missing.
 */
export function requirePermissions(
  names: readonly ("env" | "ffi" | "read" | "run" | "write")[],
): void {
  const missing = names.find((name) => !isGranted({ name }));
  if (missing === undefined) return;
  throw new StartError(
    `Deno was not given --allow-${missing}; start it with -A to run a command`,
  );
}

function fault(why: string, cause?: unknown): StartError {
  return new StartError(`Cannot make a fence: ${why}, ${INSTEAD}`, { cause });
}

function firstLine(output: string): string {
  return output.trim().split("\n")[0] ?? "";
}

/** `undefined` if this system does not have it. */
function valueOf(name: string): string | undefined {
  const path = `/proc/sys/${name.replaceAll(".", "/")}`;
  return lookOr(() => Deno.readTextFileSync(path).trim(), undefined);
}
