/**
 * The programs between Sluice and the init of a fence. They can be started before
 * it is known what the fence is to be: the init starts while commands load.
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
export interface Chain {
  /** The outermost program. */
  readonly child: Deno.ChildProcess;
  /** Leads to the init. */
  readonly channel: FenceChannel;
  /** Descriptor that the init has of the command's standard error. */
  readonly errors: number;
}

/** What the chain ignores, so that it ends with the command and not before. */
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

/** Permissions of Deno that a fence needs, each as a whole. */
export const FENCE_PERMISSIONS = [
  "ffi",
  "run",
  "read",
  "write",
  "env",
] as const;

/** Options of `sluice exec` with which no fence is wanted. */
const NO_FENCE = ["--no-isolation", "--help", "-h", "--version", "-V"];

/** A variable of Deno; the command has it as Sluice has it. */
export const NO_UPDATE = "DENO_NO_UPDATE_CHECK";

let ahead: Chain | undefined;

/**
 * Starts a chain for a command line of `sluice exec`, if it wants a fence. What
 * goes wrong is told when the fence is made.
 *
 * @param args The command line.
 */
export function startAhead(args: readonly string[]): void {
  if (Deno.build.os !== "linux" || !args.includes("--")) return;
  const options = args.slice(0, args.indexOf("--"));
  if (options.some((option) => NO_FENCE.includes(option))) return;
  // Deno would ask for what it was not given, and everything would wait.
  if (!FENCE_PERMISSIONS.every((name) => isGranted({ name }))) return;
  try {
    ahead = startChain();
  } catch {
    // `takeChain()` tries again, and its caller reports the error.
  }
}

/**
 * Gives the chain that was started ahead, or a new one.
 *
 * @returns The chain; the caller ends it.
 * @throws {Deno.errors.NotFound} If a program is missing.
 * @throws {Deno.errors.NotCapable} If Deno was not given a permission.
 */
export function takeChain(): Chain {
  const chain = ahead ?? startChain();
  ahead = undefined;
  return chain;
}

function startChain(): Chain {
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
    // Deno would look for a new version of itself, through the proxy.
    env: { [NO_UPDATE]: "1" },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "piped",
  }).spawn();
}

/** The same program, without what the init does not need. */
function initWords(): string[] {
  const program = Deno.execPath();
  if (Deno.build.standalone) return [program, "exec-init"];
  const init = new URL("./init.ts", import.meta.url).href;
  const flags = ["--allow-all", "--quiet", "--no-config", "--no-lock"];
  return [program, "run", ...flags, init, "exec-init"];
}
