/**
 * The programs between Sluice and the init of a fence. They can start early, so
 * that the init is ready when Sluice has read its options.
 *
 * ```text
 * sluice                            user, network, PID, IPC and mount namespace
 *   | setpriv (dies with sluice) > unshare > init, process 1 > command
 *   | proxy <------- accepts on 127.0.0.1 of the inside ------- |
 * ```
 *
 * @module
 */

import { fenceCalls } from "../net/system/fence/calls.ts";
import { FenceChannel, makePair } from "../net/system/fence/channel.ts";
import { ignoring, SIGNALS } from "../net/system/fence/signals.ts";
import { isGranted } from "../net/system/is_granted.ts";

/** An init that waits for its order. */
export interface WaitingInit {
  /** The outermost program. */
  readonly child: Deno.ChildProcess;
  /** Messages to and from the init. */
  readonly channel: FenceChannel;
  /** The init's descriptor for the command's standard error. */
  readonly errors: number;
}

/**
 * Signals that these programs ignore, so that they do not end before the command.
 */
const IGNORED = Object.values(SIGNALS).filter((signal) =>
  signal !== SIGNALS.SIGSTOP && signal !== SIGNALS.SIGCONT
);

const NAMESPACES = [
  "--user",
  "--map-current-user",
  "--keep-caps",
  "--net",
  "--pid",
  "--ipc",
  "--mount",
  "--fork",
  "--kill-child=KILL",
];

/** Deno permissions that a fence needs, each without restrictions. */
export const FENCE_PERMISSIONS = [
  "ffi",
  "run",
  "read",
  "write",
  "env",
] as const;

/** Options of `sluice exec` that need no fence. */
const NO_FENCE = ["--no-isolation", "--help", "-h", "--version", "-V"];

/** A variable of Deno. The command gets Sluice's value. */
export const NO_UPDATE = "DENO_NO_UPDATE_CHECK";

let ahead: WaitingInit | undefined;

/**
 * Starts an init for a command line of `sluice exec` that needs a fence. An
 * error is reported later, when the fence is made.
 *
 * @param args The command line.
 */
export function startAhead(args: readonly string[]): void {
  if (Deno.build.os !== "linux" || !args.includes("--")) return;
  const options = args.slice(0, args.indexOf("--"));
  if (options.some((option) => NO_FENCE.includes(option))) return;
  // Deno would prompt for a missing permission, and everything would wait.
  if (!FENCE_PERMISSIONS.every((name) => isGranted({ name }))) return;
  try {
    ahead = startInit();
  } catch {
    // `takeInit()` tries again, and its caller reports the error.
  }
}

/**
 * Returns the init that was started early, or starts one.
 *
 * @returns The init; the caller ends it.
 * @throws {Deno.errors.NotFound} If a program is missing.
 * @throws {Deno.errors.NotCapable} If Deno was not given a permission.
 */
export function takeInit(): WaitingInit {
  const init = ahead ?? startInit();
  ahead = undefined;
  return init;
}

function startInit(): WaitingInit {
  const { close, dup } = fenceCalls();
  const [ours, theirs] = makePair();
  const channel = new FenceChannel(ours);
  const errors = dup(2);
  try {
    const child = ignoring(IGNORED, () => spawnInit(theirs));
    return { child, channel, errors };
  } catch (error) {
    channel.close();
    throw error;
  } finally {
    close(theirs);
    close(errors);
  }
}

function spawnInit(channel: number): Deno.ChildProcess {
  return new Deno.Command("setpriv", {
    args: [
      ...["--pdeathsig", "KILL", "--", "unshare", ...NAMESPACES, "--"],
      ...initWords(),
      String(channel),
    ],
    // Otherwise Deno checks for updates through the proxy.
    env: { [NO_UPDATE]: "1" },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "piped",
  }).spawn();
}

/** The command line that runs this program as the init. */
function initWords(): string[] {
  const program = Deno.execPath();
  if (Deno.build.standalone) return [program, "exec-init"];
  const init = import.meta.resolve("./init.ts");
  const flags = ["--allow-all", "--quiet", "--no-config", "--no-lock"];
  return [program, "run", ...flags, init, "exec-init"];
}
