/**
 * The outside of a fence: starts the init in new namespaces, receives the
 * listening sockets, and exchanges messages with the init while the command
 * runs.
 *
 * @module
 */

import { StartError } from "../cli/usage_error.ts";
import type { FenceChannel } from "../net/system/fence/channel.ts";
import { takeInit, type WaitingInit } from "./start_init.ts";
import { explainMissing } from "./missing.ts";
import type { FenceOrder, FromInit, ToInit } from "./fence_message.ts";

/** Most characters to keep of the init's error output. */
const MOST_OUTPUT = 4_096;

/** A fence around a command. */
export class Fence {
  /**
   * Descriptors of the sockets that listen inside, in the order of the ports.
   */
  readonly listeners: readonly number[];
  readonly #child: Deno.ChildProcess;
  readonly #channel: FenceChannel;

  private constructor(
    child: Deno.ChildProcess,
    channel: FenceChannel,
    listeners: readonly number[],
  ) {
    this.#child = child;
    this.#channel = channel;
    this.listeners = listeners;
  }

  /**
   * Builds the fence; the command does not run yet.
   *
   * @param order The settings of the inside.
   * @throws {StartError} If this machine does not allow it; the message says
   *   what to do.
   */
  static async open(
    order: Omit<FenceOrder, "errors">,
  ): Promise<Fence> {
    const { channel, child, errors } = initOf();
    const output = readSome(child.stderr);
    try {
      channel.send({ ...order, errors });
    } catch {
      // The init has already ended; its output says why.
    }
    const answer = await channel.receive<FromInit>();
    if (answer?.kind === "ready") {
      return new Fence(child, channel, channel.takeDescriptors());
    }
    channel.close();
    await end(child);
    if (answer?.kind === "failed") throw new StartError(answer.message);
    throw explainMissing({ output: await output });
  }

  /**
   * Starts the command.
   *
   * @param isForeground Whether it gets the terminal.
   * @returns `undefined` once it runs, or the error number (errno(3)) if it
   *   can't be started.
   * @throws {StartError} If Sluice can't drop the command's rights.
   */
  async start(isForeground: boolean): Promise<number | undefined> {
    this.say({ kind: "go", isForeground });
    const answer = await this.#channel.receive<FromInit>();
    if (answer?.kind === "started") return undefined;
    if (answer?.kind === "not-started") return answer.failure;
    const why = answer?.kind === "failed" ? answer.message : "the init ended";
    throw new StartError(`Cannot start the command: ${why}`);
  }

  /** Sends the init a message. */
  say(message: ToInit): void {
    try {
      this.#channel.send(message);
    } catch {
      // The command has just ended.
    }
  }

  /** Waits until a signal stops the command; `undefined` once it has ended. */
  async stopped(): Promise<number | undefined> {
    const message = await this.#channel.receive<FromInit>();
    return message?.kind === "stopped" ? message.signal : undefined;
  }

  /** The command's exit code; 128 plus the signal if a signal ended it. */
  async exitCode(): Promise<number> {
    return (await this.#child.status).code;
  }

  /**
   * Ends the command and everything that it started, and waits until they have
   * ended.
   */
  async close(): Promise<void> {
    await end(this.#child);
  }
}

/** Ends the init and everything inside, unless it has just ended by itself. */
async function end(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
  await child.status;
}

function initOf(): WaitingInit {
  try {
    return takeInit();
  } catch (error) {
    throw explainMissing({ error });
  }
}

async function readSome(stream: ReadableStream<Uint8Array>): Promise<string> {
  let output = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    if (output.length < MOST_OUTPUT) output += decoder.decode(bytes);
  }
  return output.slice(0, MOST_OUTPUT);
}
