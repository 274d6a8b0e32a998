/**
 * Tells the service manager that the server is ready, reloading or stopping.
 * Without a service manager, nothing is loaded.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import { isGranted } from "../net/system/is_granted.ts";
import { countOf } from "../observe/count_of.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { environmentVariable } from "../cli/environment.ts";
import type { Serving } from "./running_server.ts";
import type { NotifySocket } from "./sd_notify.ts";

/** Milliseconds that the end may take beyond the drain. */
const GRACE = 5_000;

/** The longest interval of a timer, in milliseconds. */
const MOST_INTERVAL = 2 ** 31 - 1;

/** What is told of servers. */
export type ToldServers = Pick<Serving, "connections" | "isAnswering">;

/** Who has started the program and wants to know how it is. */
export interface ServiceManager extends Disposable {
  /**
   * Tells that the server is ready, and from now on that it lives.
   *
   * @param running The server.
   */
  ready(running: ToldServers): void;
  /**
   * Tells that the server drains, or has less time left for it.
   *
   * @param deadline Milliseconds until the rest is cut.
   */
  stopping(deadline: number): void;
  /**
   * Tells that files are being read again.
   *
   * @param done Settles when they have been.
   */
  reloading(done: Promise<unknown>): void;
}

/**
 * Finds the service manager by `NOTIFY_SOCKET` and `WATCHDOG_USEC` in the
 * environment (sd_notify(3), sd_watchdog_enabled(3)).
 *
 * @param log Takes what there is to say.
 * @returns The service manager, or a stand-in that does nothing if there is none
 *   or it cannot be reached.
 */
export async function openServiceManager(
  log: (event: LogEvent) => void,
): Promise<ServiceManager> {
  const address = environmentVariable("NOTIFY_SOCKET");
  if (address === undefined) return NOBODY;
  try {
    requireFfi();
    const { openNotifySocket } = await import("./sd_notify.ts");
    return new Systemd(openNotifySocket(address), watchdogInterval());
  } catch (error) {
    const why = error instanceof SyntaxError
      ? error.message
      : describeError(error);
    const message = `Cannot notify systemd: ${why}`;
    log({
      event: "message",
      level: "warning",
      code: "service-manager",
      message,
    });
    return NOBODY;
  }
}

const NOBODY: ServiceManager = {
  ready() {},
  stopping() {},
  reloading() {},
  [Symbol.dispose]: () => {},
};

function requireFfi(): void {
  if (isGranted({ name: "ffi" })) return;
  throw new SyntaxError("Deno was not given --allow-ffi");
}

/** Half of what the manager waits; `undefined` where it does not, or for us. */
function watchdogInterval(): number | undefined {
  const pid = environmentVariable("WATCHDOG_PID");
  if (pid !== undefined && pid !== String(Deno.pid)) return undefined;
  const text = environmentVariable("WATCHDOG_USEC");
  if (text === undefined || !/^[1-9]\d{0,15}$/.test(text)) return undefined;
  return Math.min(Number(text) / 1_000 / 2, MOST_INTERVAL);
}

class Systemd implements ServiceManager {
  readonly #socket: NotifySocket;
  readonly #interval: number | undefined;
  #running: ToldServers | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isStopping = false;

  constructor(socket: NotifySocket, interval: number | undefined) {
    this.#socket = socket;
    this.#interval = interval;
  }

  ready(running: ToldServers): void {
    this.#running = running;
    this.#socket.send("READY=1", this.#status());
    if (this.#interval !== undefined) {
      // Where the event loop stands still, so does the timer.
      this.#timer = setInterval(() => {
        if (running.isAnswering === false) return;
        this.#socket.send("WATCHDOG=1", this.#status());
      }, this.#interval);
    }
  }

  reloading(done: Promise<unknown>): void {
    const since = this.#socket.monotonicTime();
    this.#socket.send(
      "RELOADING=1",
      `MONOTONIC_USEC=${since}`,
      "STATUS=Reading files again",
    );
    done.finally(() => {
      if (!this.#isStopping) this.#socket.send("READY=1", this.#status());
    });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#socket[Symbol.dispose]();
  }

  /** The manager may want to kill sooner than tunnels were promised. */
  stopping(deadline: number): void {
    this.#isStopping = true;
    const microseconds = Math.ceil((deadline + GRACE) * 1_000);
    this.#socket.send(
      "STOPPING=1",
      `EXTEND_TIMEOUT_USEC=${microseconds}`,
      this.#status(),
    );
  }

  #status(): string {
    const open = countOf(this.#running?.connections ?? 0, "connection");
    return this.#isStopping
      ? `STATUS=Accepting no more, ${open} left`
      : `STATUS=Serving, ${open} open`;
  }
}
