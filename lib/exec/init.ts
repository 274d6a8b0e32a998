/**
 * The init of a fence: the first process inside. It builds the inside, starts
 * the command without any capability, forwards signals and reaps orphans.
 *
 * @module
 */

import { CallError, fenceCalls } from "../net/system/fence/calls.ts";
import { FenceChannel } from "../net/system/fence/channel.ts";
import { closeLeaks } from "../net/system/fence/close_leaks.ts";
import { dropRights } from "../net/system/fence/drop_rights.ts";
import {
  listenOnLoopback,
  raiseLoopback,
} from "../net/system/fence/loopback.ts";
import { ignoreSignalsOfDeno, SIGNALS } from "../net/system/fence/signals.ts";
import { limitFiles } from "../net/system/fence/limit_files.ts";
import { awaitChild, spawn } from "../net/system/fence/spawn.ts";
import { Terminal } from "../net/system/fence/terminal.ts";
import { enclose } from "./enclose.ts";
import type { FenceOrder, FromInit, ToInit } from "./fence_message.ts";

/** Error number (errno(3)). */
const EPERM = 1;

/** Exit code of an init that can't start; nobody sees it. */
const FAILED = 1;

/** A shell's exit code for a missing command. */
const NOT_STARTED = 127;

async function runInit(descriptor: number): Promise<number> {
  ignoreSignalsOfDeno();
  const channel = new FenceChannel(descriptor);
  const say = (message: FromInit, descriptors?: number[]) =>
    channel.send(message, descriptors);
  const order = channel.receiveNow<FenceOrder>();
  if (order === undefined) return FAILED;
  try {
    const listeners = prepare(order);
    say({ kind: "ready" }, listeners);
    for (const listener of listeners) fenceCalls().close(listener);
  } catch (error) {
    say({ kind: "failed", message: describe(error) });
    return FAILED;
  }
  const go = channel.receiveNow<ToInit>();
  if (go?.kind !== "go") return FAILED;
  fenceCalls().setpgid(0, 0);
  const terminal = Terminal.open();
  if (go.isForeground) terminal?.take();
  limitFiles(order.softFiles);
  setVariables(order);
  try {
    dropRights();
  } catch (error) {
    say({ kind: "failed", message: describe(error) });
    return FAILED;
  }
  const started = spawn(order.words, order.ignored);
  if ("failure" in started) {
    say({ kind: "not-started", failure: started.failure });
    return NOT_STARTED;
  }
  say({ kind: "started" });
  listen(channel, { command: started.pid, terminal });
  return await reap(started.pid, say);
}

function prepare(order: FenceOrder): number[] {
  const { close, dup2 } = fenceCalls();
  dup2(order.errors, 2);
  close(order.errors);
  raiseLoopback();
  const listeners = order.ports.map(listenOnLoopback);
  enclose(order);
  closeLeaks();
  return listeners;
}

/** A container that masks parts of /proc does not allow mounting it. */
function describe(error: unknown): string {
  const { message } = error as Error;
  if (!(error instanceof CallError) || error.code !== EPERM) return message;
  return `${message}; if this is a container, start it with --security-opt systempaths=unconfined and seccomp=unconfined`;
}

function setVariables({ set, unset }: FenceOrder): void {
  for (const name of unset) Deno.env.delete(name);
  for (const [name, value] of Object.entries(set)) Deno.env.set(name, value);
}

/** Handles messages from outside while the command runs. */
async function listen(
  channel: FenceChannel,
  { command, terminal }: { command: number; terminal: Terminal | undefined },
): Promise<void> {
  const { kill } = fenceCalls();
  for (;;) {
    const message = await channel.receive<ToInit>();
    if (message === undefined) return; // The outside is gone; this process ends soon too.
    if (message.kind === "signal") kill(command, message.signal);
    if (message.kind !== "resume") continue;
    if (message.isForeground) terminal?.take();
    kill(0, SIGNALS.SIGCONT); // This process group, which is the command's too.
  }
}

/** Orphans too: otherwise they would use up the process numbers. */
async function reap(
  command: number,
  say: (message: FromInit) => void,
): Promise<number> {
  for (;;) {
    const change = await awaitChild();
    if (change === undefined) return FAILED;
    if (change.pid !== command) continue;
    if (change.code !== undefined) return change.code;
    say({ kind: "stopped", signal: change.stopped! });
  }
}

/**
 * Runs the init as a separate program.
 *
 * @param args The hidden command, and the descriptor.
 * @returns The command's exit code.
 */
export function runInitProgram(args: readonly string[]): Promise<number> {
  return runInit(Number(args[1]));
}

if (import.meta.main) Deno.exit(await runInitProgram(Deno.args));
