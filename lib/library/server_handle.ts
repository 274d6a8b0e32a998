/**
 * A server that a program has started: its addresses, and how to stop it.
 *
 * @module
 */

import { joinFaults } from "../cli/watch_files.ts";
import type { ListeningEvent } from "../observe/log_event.ts";
import type { RunningServer } from "../serve/running_server.ts";
import { millisecondsOf } from "./milliseconds.ts";

/** An address of a server. */
export interface ListenerAddress {
  /**
   * `HOST:PORT` with the real port, or `unix:PATH`. `HOST:PORT` fits into a
   * URL.
   */
  readonly name: string;
  /** The address; `undefined` for a Unix socket. */
  readonly hostname: string | undefined;
  /** The real port; `undefined` for a Unix socket. */
  readonly port: number | undefined;
}

/**
 * A running server. It ends with {@linkcode ServerHandle.shutdown}, when its
 * signal is aborted, or at the end of its block with `await using`.
 */
export class ServerHandle implements AsyncDisposable {
  /** Its addresses, in the order of the options. */
  readonly listeners: readonly ListenerAddress[];
  /** Resolves when the server has ended. */
  readonly finished: Promise<void>;
  readonly #running: RunningServer;
  #end!: () => void;

  /**
   * Takes over a running server.
   *
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

  /** Address of the first listener: `HOST:PORT` or `unix:PATH`. */
  get addr(): string {
    return this.listeners[0]!.name;
  }

  /** Port of the first listener; 0 for a Unix socket. */
  get port(): number {
    return this.listeners[0]!.port ?? 0;
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#running.connections;
  }

  /**
   * Reloads the files that the server was started with: users, rules,
   * certificates.
   *
   * @throws {Error} If a file can't be used. Its earlier contents stay in
   *   force.
   */
  async reload(): Promise<void> {
    const files = this.#running.files;
    const faults = await Promise.all(files.map((file) => file.reload()));
    const fault = joinFaults(faults);
    if (fault !== undefined) throw new Error(`Cannot reload: ${fault}`);
  }

  /**
   * Stops accepting, lets open connections finish, and cuts the rest after a
   * time. A second call may shorten the time.
   *
   * @param drain Time to finish: a text such as `"30s"`, or milliseconds
   *   (default 30 s); 0 cuts immediately.
   * @returns Number of connections that were cut.
   * @throws {TypeError} If it is not a duration.
   */
  async shutdown(drain: string | number = 30_000): Promise<number> {
    const deadline = millisecondsOf(drain, "drain");
    const cut = await this.#running.shutdown(deadline);
    this.#end();
    await this.finished;
    return cut;
  }

  /** Cuts open connections and ends the server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown(0);
  }
}

function addressOf({ host, listener, port }: ListeningEvent): ListenerAddress {
  return { name: listener, hostname: host, port };
}
