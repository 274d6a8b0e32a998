/**
 * The outside of a fence: starts the init in namespaces of its own, gets the
 * ports that listen inside, and speaks with the init while the command runs.
 *
 * @module
 */

import { StartError } from "../cli/usage_error.ts";
import type { FenceChannel } from "../net/system/fence/channel.ts";
import { type Chain, takeChain } from "./chain.ts";
import { explainMissing } from "./missing.ts";
import type { FenceOrder, FromInit, ToInit } from "./order.ts";

/** Characters of what the chain says that are kept. */
const MOST_SAID = 4_096;

/** A fence around a command. */
export class Fence {
  /** Descriptors that listen inside, in the order of the ports. */
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
   * Makes the inside; the command does not run yet.
   *
   * @param order What the inside is to be.
   * @returns The fence.
   * @throws {StartError} If this machine does not allow it, saying what to do.
   */
  static async open(
    order: Omit<FenceOrder, "errors">,
  ): Promise<Fence> {
    const { channel, child, errors } = chainOf();
    const said = readSome(child.stderr);
    try {
      channel.send({ ...order, errors });
    } catch {
      // The chain has ended already, and has said why.
    }
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

function chainOf(): Chain {
  try {
    return takeChain();
  } catch (error) {
    throw explainMissing({ error });
  }
}

async function readSome(stream: ReadableStream<Uint8Array>): Promise<string> {
  let said = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    if (said.length < MOST_SAID) said += decoder.decode(bytes);
  }
  return said.slice(0, MOST_SAID);
}
