/**
 * Why a fence cannot be had here, and how to get one.
 *
 * @module
 */

import { StartError } from "../cli/usage_error.ts";
import { isGranted } from "../net/system/is_granted.ts";

/** What went wrong. */
export interface FenceFailure {
  /** What was thrown, if the first program could not be started. */
  error?: unknown;
  /** What the programs said, if they could. */
  said?: string;
}

const INSTEAD =
  "or give --no-isolation, which sets variables only and is no fence";

/** Switches of the system that forbid user namespaces, and how to set them. */
const SWITCHES:
  readonly (readonly [name: string, bad: string, good: string])[] = [
    ["kernel.apparmor_restrict_unprivileged_userns", "1", "0"],
    ["kernel.unprivileged_userns_clone", "0", "1"],
    ["user.max_user_namespaces", "0", "10000"],
  ];

/**
 * Makes the error of a fence that could not be made.
 *
 * @param failure What went wrong.
 * @returns The error: what is missing and how to get it.
 */
export function explainMissing({ error, said = "" }: FenceFailure): StartError {
  const program = error === undefined
    ? /failed to execute (\S+?):? No such file/.exec(said)?.[1]
    : "setpriv";
  if (program !== undefined) {
    return fault(
      `'${program}' is not on the PATH; install util-linux 2.36 or later`,
      error,
    );
  }
  if (/unrecognized option|invalid option/.test(said)) {
    return fault(
      `this 'unshare' is too old: ${
        firstLine(said)
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
    `the system does not give namespaces (${
      firstLine(said) || "no reason given"
    }); in a container allow user namespaces, for example by --security-opt seccomp=unconfined of Docker`,
  );
}

/**
 * Throws where no fence can be had at all.
 *
 * @param os The system.
 * @throws {StartError} If it is not Linux.
 */
export function requireLinux(os: string): void {
  if (os === "linux") return;
  throw fault(`it needs Linux, and this is ${os}; run it in a Linux machine`);
}

/**
 * Throws if Deno was not given what a command needs, without asking for it.
 *
 * @param names The permissions, each as a whole.
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

function firstLine(said: string): string {
  return said.trim().split("\n")[0] ?? "";
}

function valueOf(name: string): string | undefined {
  try {
    return Deno.readTextFileSync(`/proc/sys/${name.replaceAll(".", "/")}`)
      .trim();
  } catch {
    return undefined; // This system does not have it.
  }
}
