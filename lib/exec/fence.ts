/**
 * The outside of a fence: starts the init in namespaces of its own, gets the
 * ports that listen inside, and speaks with the init while the command runs.
 *
 * ```text
 * sluice                                         user, network, PID, IPC and mount namespace
 *   | setpriv (dies with sluice) > unshare > init, process 1 > command
 *   | proxy <------- accepts on 127.0.0.1 of the inside ------- |
 * ```
 *
 * @module
 */

import { fenceCalls } from "../net/system/fence/calls.ts";
import { Channel, makePair } from "../net/system/fence/channel.ts";
import { ignoring, SIGNALS } from "../net/system/fence/signals.ts";
import { StartError } from "../cli/usage_error.ts";
import { explainMissing } from "./missing.ts";
import type { FenceOrder, FromInit, ToInit } from "./order.ts";

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

/** Characters of what the chain says that are kept. */
const MOST_SAID = 4_096;

/** A fence around a command. */
export class Fence {
  /** Descriptors that listen inside, in the order of the ports. */
  readonly listeners: readonly number[];
  readonly #child: Deno.ChildProcess;
  readonly #channel: Channel;

  private constructor(
    child: Deno.ChildProcess,
    channel: Channel,
    listeners: readonly number[],
  ) {
    this.#child = child;
    this.#channel = channel;
    this.listeners = listeners;
  }

  /**
   * Makes the inside; the command does not run yet.
   *
   * @param order What the inside is to be.
   * @returns The fence.
   * @throws {StartError} If this machine does not allow it, saying what to do.
   */
  static async open(
    order: Omit<FenceOrder, "errors">,
  ): Promise<Fence> {
    const { close, dup } = fenceCalls();
    const [ours, theirs] = makePair();
    const channel = new Channel(ours);
    const errors = dup(2);
    let child: Deno.ChildProcess;
    try {
      child = ignoring(IGNORED, () => spawnInit(theirs));
    } catch (error) {
      channel.close();
      throw explainMissing({ error });
    } finally {
      close(theirs);
    }
    const said = readSome(child.stderr);
    try {
      channel.send({ ...order, errors });
    } catch {
      // The chain has ended already, and has said why.
    }
    close(errors);
    const answer = await channel.receive<FromInit>();
    if (answer?.kind === "ready") {
      return new Fence(child, channel, channel.takeDescriptors());
    }
    channel.close();
    child.kill("SIGKILL");
    await child.status;
    if (answer?.kind === "failed") throw new StartError(answer.message);
    throw explainMissing({ said: await said });
  }

  /**
   * Starts the command.
   *
   * @param isForeground Whether it gets the terminal.
   * @returns Nothing once it runs; the number of the failure (errno(3)) if it
   *   could not be started.
   * @throws {StartError} If its rights could not be dropped.
   */
  async start(isForeground: boolean): Promise<number | undefined> {
    this.say({ kind: "go", isForeground });
    const answer = await this.#channel.receive<FromInit>();
    if (answer?.kind === "started") return undefined;
    if (answer?.kind === "not-started") return answer.failure;
    const why = answer?.kind === "failed" ? answer.message : "the init ended";
    throw new StartError(`Cannot start the command: ${why}`);
  }

  /**
   * Tells the init something.
   *
   * @param message What.
   */
  say(message: ToInit): void {
    try {
      this.#channel.send(message);
    } catch {
      // The command has ended just now.
    }
  }

  /** Waits until a signal stops the command; `undefined` once it has ended. */
  async stopped(): Promise<number | undefined> {
    const message = await this.#channel.receive<FromInit>();
    return message?.kind === "stopped" ? message.signal : undefined;
  }

  /** The command's exit code, 128 and the signal if one ended it. */
  async exitCode(): Promise<number> {
    return (await this.#child.status).code;
  }

  /** Ends the command and all that it started, and waits for that. */
  async close(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
  }
}

function spawnInit(channel: number): Deno.ChildProcess {
  return new Deno.Command("setpriv", {
    args: [
      ...["--pdeathsig", "KILL", "--", "unshare", ...NAMESPACES, "--"],
      ...initWords(),
      String(channel),
    ],
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

async function readSome(stream: ReadableStream<Uint8Array>): Promise<string> {
  let said = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    if (said.length < MOST_SAID) said += decoder.decode(bytes);
  }
  return said.slice(0, MOST_SAID);
}
