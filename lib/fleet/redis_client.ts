/**
 * The parts of node-redis that a fleet needs. Its own client also loads a module
 * for each of 400 commands, which takes longer than the rest of a start.
 *
 * @module
 */

import queue from "@redis/client/dist/lib/client/commands-queue.js";
import { PUBSUB_TYPE } from "@redis/client/dist/lib/client/pub-sub.js";
import socket, {
  type RedisSocketOptions,
} from "@redis/client/dist/lib/client/socket.js";
import { RedisFault } from "./redis_fault.ts";

/** Options for {@linkcode RedisClient}. */
export interface RedisClientOptions {
  /** Arguments of HELLO after the version: the login and the name. */
  readonly hello: readonly string[];
  /**
   * Options of `node:net` or, with `tls: true`, of `node:tls`, and
   * `connectTimeout` in milliseconds.
   */
  readonly socket: object;
  /** Called with the reason when the connection has ended, or failed to open. */
  readonly onEnd: (error: Error) => void;
}

/** One connection to Redis (RESP 3). It never connects again. */
export class RedisClient {
  readonly #queue: InstanceType<typeof queue.default>;
  readonly #socket: InstanceType<typeof socket.default>;
  #isWriting = false;

  /** Prepares a connection. */
  constructor({ hello, onEnd, socket: options }: RedisClientOptions) {
    this.#queue = new queue.default(3, undefined, () => {}, "");
    this.#socket = new socket.default(() => this.#greet(hello), "", {
      ...options as RedisSocketOptions,
      reconnectStrategy: false,
    });
    const end = (error: Error) => {
      this.#queue.flushAll(error);
      onEnd(error);
    };
    this.#socket
      .on("data", (bytes) => {
        try {
          this.#queue.decoder.write(bytes);
        } catch (error) {
          end(error as Error); // The bytes are not RESP.
        }
      })
      .on("error", end)
      .on("end", () => end(new RedisFault("connection closed")))
      .on("drain", () => this.#write());
  }

  /** Connects and logs in. */
  async connect(): Promise<void> {
    await this.#socket.connect();
  }

  /**
   * Sends a command. Commands of one turn of the event loop are written
   * together.
   */
  async send(args: readonly string[]): Promise<unknown> {
    this.#checkReady();
    const reply = this.#queue.addCommand(args);
    this.#writeSoon();
    return await reply;
  }

  /**
   * Subscribes to a channel.
   *
   * @param take Called with each message.
   */
  async subscribe(
    channel: string,
    take: (message: string) => void,
  ): Promise<void> {
    this.#checkReady();
    const { CHANNELS } = PUBSUB_TYPE;
    const done = this.#queue.subscribe<false>(CHANNELS, channel, take);
    this.#writeSoon();
    await done;
  }

  /** Closes the connection. Can be called again. */
  close(): void {
    if (this.#socket.isOpen) this.#socket.destroy();
  }

  async #greet(hello: readonly string[]): Promise<void> {
    const reply = this.#queue.addCommand(["HELLO", "3", ...hello]);
    this.#write();
    await reply;
  }

  #checkReady(): void {
    if (!this.#socket.isReady) throw new RedisFault("connection closed");
  }

  #writeSoon(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    setImmediate(() => {
      this.#isWriting = false;
      if (this.#socket.isReady) this.#write();
    });
  }

  #write(): void {
    this.#socket.write(this.#queue.commandsToWrite());
  }
}
