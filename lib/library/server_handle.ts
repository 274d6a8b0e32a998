/**
 * A server that a program has started: where it listens, and how to end it.
 *
 * @module
 */

import { joinFaults } from "../cli/watch_files.ts";
import type { ListeningEvent } from "../observe/log_event.ts";
import type { RunningServer } from "../serve/running_server.ts";
import { millisecondsOf } from "./milliseconds.ts";

/** Where a server listens. */
export interface ListenerAddress {
  /** `HOST:PORT` with the real port, or `unix:PATH`: fit for a URL. */
  readonly name: string;
  /** The address; `undefined` for a Unix socket. */
  readonly hostname: string | undefined;
  /** The real port; `undefined` for a Unix socket. */
  readonly port: number | undefined;
}

/**
 * A server that runs until {@linkcode ServerHandle.shutdown}, until its signal
 * is aborted, or until the end of the block that has it in `await using`.
 */
export class ServerHandle implements AsyncDisposable {
  /** Where it listens, in the order in which that was asked for. */
  readonly listeners: readonly ListenerAddress[];
  /** Resolves when it has ended. */
  readonly finished: Promise<void>;
  readonly #running: RunningServer;
  #end!: () => void;

  /**
   * Takes over a server that runs.
   *
   * @param running The server.
   * @param signal Ends it immediately when aborted.
   */
  constructor(running: RunningServer, signal: AbortSignal | undefined) {
    this.#running = running;
    this.listeners = running.banner.filter((one) => typeof one === "object")
      .map(addressOf);
    const cut = () => void this.shutdown(0);
    signal?.addEventListener("abort", cut, { once: true });
    this.finished = new Promise((resolve) => {
      this.#end = () => {
        signal?.removeEventListener("abort", cut);
        resolve();
      };
    });
  }

  /** The first listener as text: `HOST:PORT` or `unix:PATH`. */
  get addr(): string {
    return this.listeners[0]!.name;
  }

  /** The port of the first listener; 0 for a Unix socket. */
  get port(): number {
    return this.listeners[0]!.port ?? 0;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#running.connections;
  }

  /**
   * Reads the files again that it was started with: users, rules, certificates.
   *
   * @throws {Error} If one can't be used; what was read before stays in force.
   */
  async reload(): Promise<void> {
    const files = this.#running.files;
    const faults = await Promise.all(files.map((file) => file.reload()));
    const fault = joinFaults(faults);
    if (fault !== undefined) throw new Error(`Cannot reload: ${fault}`);
  }

  /**
   * Stops accepting, lets open connections finish, and cuts what is left. A
   * second call may shorten the time.
   *
   * @param drain Time to finish: `"30s"`, or milliseconds (default 30 s); 0 cuts
   *   immediately.
   * @returns How many connections were cut.
   * @throws {TypeError} If that is no time.
   */
  async shutdown(drain: string | number = 30_000): Promise<number> {
    const deadline = millisecondsOf(drain, "drain");
    const cut = await this.#running.shutdown(deadline);
    this.#end();
    await this.finished;
    return cut;
  }

  /** Cuts what is open, and ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown(0);
  }
}

function addressOf({ host, listener, port }: ListeningEvent): ListenerAddress {
  return { name: listener, hostname: host, port };
}
