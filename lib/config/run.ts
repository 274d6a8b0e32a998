/**
 * A running configuration: several listeners in one program, replaceable
 * without losing a connection.
 *
 * @module
 */

import { countOf } from "../observe/count_of.ts";
import { messageEvent } from "../observe/message_event.ts";
import { formatDuration } from "../observe/log_text.ts";
import { announce, type Announcement } from "../serve/announcement.ts";
import { ConfigError } from "../cli/config_error.ts";
import { ConfiguredListener, type Takeover } from "./configured_listener.ts";
import type { Config, ListenerConfig } from "./load.ts";
import { configOf } from "./plan.ts";
import { PROGRAM_OPTIONS } from "../serve/options/program.ts";
import type { Serving } from "../serve/running_server.ts";
import type { ServerHost } from "../serve/server_host.ts";
import type { PlanChange, ServerPlan } from "../serve/server_plan.ts";
import { namesOf } from "./listener_names.ts";
import { startProblem } from "./setting_fault.ts";
import { requireGood, type Trial } from "./try.ts";
import { joinFaults, type Reloadable } from "../cli/watch_files.ts";

/** Most replaced listeners that are kept for their connections. */
const MOST_RETIRED = 100;

/** The listeners to start. */
interface Plan {
  fresh: readonly ListenerConfig[];
  leaving: readonly ConfiguredListener[];
  trial: Pick<Trial, "files" | "places">;
}

/** The started listeners. */
interface Started {
  started: ConfiguredListener[];
  taken: Takeover["taken"];
  /** How many of them replace another. */
  heirs: number;
}

/** A running configuration. */
export class RunningConfig implements Serving, Reloadable {
  readonly #host: ServerHost;
  readonly #mostRetired: number;
  #config: Config | undefined;
  #change: PlanChange = { added: 0, changed: 0, removed: 0, unchanged: 0 };
  #current: ConfiguredListener[] = [];
  /** Replaced listeners, which end with their last connection. */
  readonly #retired = new Set<ConfiguredListener>();
  /** Listeners that are draining. */
  readonly #leaving = new Set<ConfiguredListener>();
  #turn: Promise<unknown> = Promise.resolve();
  #isOver = false;

  /**
   * Creates a program without listeners.
   *
   * @param host The program's host.
   * @param mostRetired Most replaced listeners that are kept for their
   *   connections (default 100). Beyond that, those of the oldest are drained.
   */
  constructor(host: ServerHost, mostRetired = MOST_RETIRED) {
    this.#host = host;
    this.#mostRetired = mostRetired;
  }

  /** Open connections, also those of replaced listeners. */
  get connections(): number {
    return this.#all.reduce((sum, { connections }) => sum + connections, 0);
  }

  /** The announcements of the listeners. */
  get banner(): readonly Announcement[] {
    return this.#current.flatMap(({ banner }) => banner);
  }

  /** All files of its listeners, as one. */
  get files(): readonly Reloadable[] {
    return [this];
  }

  /** Whether a listener writes files while it runs. */
  get writes(): boolean {
    return this.#current.some(({ started }) => started.writes);
  }

  /** The last change. */
  get change(): PlanChange {
    return this.#change;
  }

  /** The configuration in force, as in the file, without secrets. */
  get printable(): unknown {
    return this.#config?.printable;
  }

  /**
   * Replaces the configuration in force. Unchanged listeners stay untouched,
   * new ones are started first, and nothing changes if one of them fails.
   *
   * @param config The new configuration.
   * @param trial Result of its trial (default: it is tried now).
   * @returns What has changed.
   * @throws {ConfigError} If there is a problem in it.
   */
  apply(config: Config, trial?: Trial): Promise<PlanChange> {
    const turn = this.#turn.then(() => this.#apply(config, trial));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /**
   * Applies a plan that another thread has already validated.
   *
   * @param plan The new configuration.
   * @returns What has changed.
   * @throws {ConfigError} If there is a problem in it.
   */
  async replace(plan: ServerPlan): Promise<PlanChange> {
    return await this.apply(await configOf(plan));
  }

  /**
   * Checks the files of its listeners, and ends replaced listeners without
   * connections.
   */
  async poll(): Promise<void> {
    this.#endIdle();
    await Promise.all(this.#ownFiles.map((file) => file.poll()));
  }

  /**
   * Reloads the files of its listeners.
   *
   * @returns The problem, if any.
   */
  async reload(): Promise<string | undefined> {
    return joinFaults(
      await Promise.all(this.#ownFiles.map((file) => file.reload())),
    );
  }

  /**
   * Stops accepting and lets connections finish.
   *
   * @param deadline Milliseconds until the rest is cut; 0 cuts it immediately.
   * @returns How many connections were cut.
   */
  async shutdown(deadline: number): Promise<number> {
    this.#isOver = true;
    await this.#turn;
    const cut = await Promise.all(
      this.#all.map((running) => running.shutdown(deadline)),
    );
    return cut.reduce((sum, count) => sum + count, 0);
  }

  get #all(): ConfiguredListener[] {
    return [...this.#current, ...this.#retired, ...this.#leaving];
  }

  get #ownFiles(): Reloadable[] {
    return this.#current.flatMap(({ started }) => [...started.files]);
  }

  async #apply(config: Config, tried?: Trial): Promise<PlanChange> {
    const { files } = this.#host;
    // The current configuration stays in force, whatever happens to its file.
    const trial = tried ?? await requireGood(config, {
      before: new Map(this.#current.flatMap(({ texts }) => [...texts])),
      isRunning: this.#config !== undefined || files?.isRunning === true,
    });
    if (this.#isOver) throw new SyntaxError("Sluice is about to stop");
    const { kept, fresh, leaving } = this.#compare(config);
    const { started, taken, heirs } = await this.#startAll(config, {
      ...{ fresh, leaving, trial },
    });
    for (const running of started) running.take();
    const replaced = leaving.filter((one) => this.#dismiss(one, taken, config));
    if (this.#config !== undefined) {
      this.#tellProgram(this.#config.program, config.program);
      announce(started.flatMap(({ news }) => news), this.#host.log);
    }
    this.#current = [...kept, ...started];
    this.#config = config;
    // A listener logs its own events.
    for (const { isShared, problem: { message } } of trial.loops) {
      if (isShared) this.#say("warning", "loop", message);
    }
    return this.#change = {
      added: fresh.length - heirs,
      changed: heirs,
      removed: leaving.length - replaced.length,
      unchanged: kept.length,
    };
  }

  /** Starts all listeners or none. Clients do not reach them yet. */
  async #startAll(
    config: Config,
    { fresh, leaving, trial: { files, places } }: Plan,
  ): Promise<Started> {
    const taken: Takeover["taken"] = new Set();
    const heirs = new Set<ConfiguredListener>();
    const started: ConfiguredListener[] = [];
    const failures: [ListenerConfig, error: unknown][] = [];
    const names = namesOf(config.listeners, places);
    for (const listener of fresh) {
      const predecessor = leaving.find((one) =>
        one.config.kindName === listener.kindName && !heirs.has(one) &&
        one.isAt(places.get(listener) ?? [])
      );
      if (predecessor !== undefined) heirs.add(predecessor);
      const running = new ConfiguredListener(listener);
      started.push(running);
      try {
        const peers = config.listeners.length;
        const heritage = {
          ...{ leaving, taken, predecessor, peers },
          ...names.get(listener)!,
          texts: files.get(listener),
        };
        await running.start(heritage, this.#host);
      } catch (error) {
        failures.push([listener, error]);
      }
    }
    if (failures.length === 0) return { started, taken, heirs: heirs.size };
    await Promise.all(started.map((one) => one.abandon(taken)));
    // If the first start fails, the program ends in the usual way.
    if (this.#config === undefined) throw failures[0]![1];
    throw new ConfigError(
      failures.map(([listener, error]) =>
        startProblem(config, listener, error)
      ),
    );
  }

  /** Unchanged listeners are kept. */
  #compare(config: Config): {
    kept: ConfiguredListener[];
    fresh: ListenerConfig[];
    leaving: ConfiguredListener[];
  } {
    const leaving = [...this.#current];
    const kept: ConfiguredListener[] = [];
    const fresh = config.listeners.filter((listener) => {
      const { fingerprint } = new ConfiguredListener(listener);
      const index = leaving.findIndex((one) => one.fingerprint === fingerprint);
      if (index >= 0) kept.push(...leaving.splice(index, 1));
      return index < 0;
    });
    return { kept, fresh, leaving };
  }

  /** Returns whether another one replaces it; if none does, it drains. */
  #dismiss(
    running: ConfiguredListener,
    taken: Takeover["taken"],
    { program }: Config,
  ): boolean {
    const isReplaced = running.leave(taken);
    const drainTimeout = program["drain-timeout"];
    if (!isReplaced || !running.config.kind.canRetire) {
      this.#end(running, drainTimeout);
      return isReplaced;
    }
    this.#retired.add(running);
    this.#endIdle();
    const [oldest] = this.#retired;
    if (this.#retired.size > this.#mostRetired) {
      this.#end(oldest!, drainTimeout);
    }
    return true;
  }

  #endIdle(): void {
    for (const running of this.#retired) {
      if (running.connections === 0) this.#end(running, 0);
    }
  }

  #end(running: ConfiguredListener, deadline: number): void {
    this.#retired.delete(running);
    this.#leaving.add(running);
    const { connections } = running;
    if (connections > 0) {
      const message = `A removed listener drains: ${
        countOf(connections, "connection")
      } may finish within ${formatDuration(deadline)}`;
      this.#say("info", "listener-draining", message);
    }
    void running.shutdown(deadline).then((cut) => {
      this.#leaving.delete(running);
      if (cut === 0) return;
      const message = `A removed listener: ${countOf(cut, "connection")} cut`;
      this.#say("warning", "listener-cut", message);
    });
  }

  /** Log format and signals remain those of the program's start. */
  #tellProgram(
    before: Readonly<Record<string, unknown>>,
    after: Readonly<Record<string, unknown>>,
  ): void {
    const changed = Object.keys(PROGRAM_OPTIONS).filter((name) =>
      JSON.stringify(before[name]) !== JSON.stringify(after[name])
    );
    if (changed.length === 0) return;
    const message = `Restart Sluice to apply ${changed.join(", ")}`;
    this.#say("warning", "restart-needed", message);
  }

  #say(...message: Parameters<typeof messageEvent>): void {
    this.#host.log(messageEvent(...message));
  }
}
