/**
 * Reports to the service manager that the server is ready, reloading or
 * stopping. Without a service manager, no module is imported.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import { isGranted } from "../net/system/is_granted.ts";
import { countOf } from "../observe/count_of.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import { environmentVariable } from "../cli/environment.ts";
import type { Serving } from "./running_server.ts";
import type { NotifySocket } from "./sd_notify.ts";

/** Milliseconds for the program's end after the drain. */
const GRACE = 5_000;

/** The longest interval of a timer, in milliseconds. */
const MOST_INTERVAL = 2 ** 31 - 1;

/** The facts about servers that are reported. */
export type ToldServers = Pick<Serving, "connections" | "isAnswering">;

/** The service manager that started the program. */
export interface ServiceManager extends Disposable {
  /**
   * Reports that the server is ready, and sends watchdog messages from now on.
   */
  ready(running: ToldServers): void;
  /**
   * Reports that the server drains, or that the drain was shortened.
   *
   * @param deadline Milliseconds until the rest is cut.
   */
  stopping(deadline: number): void;
  /**
   * Reports that files are being reloaded.
   *
   * @param done Settles after the reload.
   */
  reloading(done: Promise<unknown>): void;
}

/**
 * Finds the service manager by `NOTIFY_SOCKET` and `WATCHDOG_USEC` in the
 * environment (sd_notify(3), sd_watchdog_enabled(3)).
 *
 * @param log Receives log events.
 * @returns The service manager, or a stand-in that does nothing if there is none
 *   or it cannot be reached.
 */
export async function openServiceManager(
  log: (event: LogEvent) => void,
): Promise<ServiceManager> {
  const address = environmentVariable("NOTIFY_SOCKET");
  if (address === undefined) return NOBODY;
  try {
    if (!isGranted({ name: "ffi" })) {
      throw new SyntaxError("Deno was not given --allow-ffi");
    }
    const { openNotifySocket } = await import("./sd_notify.ts");
    return new Systemd(openNotifySocket(address), watchdogInterval());
  } catch (error) {
    const why = error instanceof SyntaxError
      ? error.message
      : describeError(error);
    const message = `Cannot notify systemd: ${why}`;
    log(messageEvent("warning", "service-manager", message));
    return NOBODY;
  }
}

const NOBODY: ServiceManager = {
  ready() {},
  stopping() {},
  reloading() {},
  [Symbol.dispose]: () => {},
};

/**
 * Half of the watchdog's time limit; `undefined` if the manager sets none for
 * this process.
 */
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
      // A blocked event loop also stops this timer.
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

  /**
   * Asks for enough time: the manager's own limit may be shorter than the
   * drain.
   */
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
