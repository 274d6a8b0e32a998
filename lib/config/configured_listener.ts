/**
 * One configured listener while it runs, with fixed settings. When they change,
 * a new one takes over its sockets.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import { messageEvent } from "../observe/message_event.ts";
import {
  type Endpoint,
  formatEndpoint,
  isUnixPath,
  type UnixPath,
} from "../wire/endpoint.ts";
import type { Listener } from "../net/listen.ts";
import type { Announcement } from "../serve/announcement.ts";
import { formatPath } from "../cli/config_error.ts";
import type { ListenerConfig } from "./load.ts";
import type { RunningServer } from "../serve/running_server.ts";
import { KeptValues } from "../serve/kept_values.ts";
import { ServerFiles } from "../serve/server_files.ts";
import type { OpenEndpoint, ServerHost } from "../serve/server_host.ts";
import type { FileText } from "../cli/settled_text.ts";
import { HandoverListener } from "./handover_listener.ts";
import { startListener } from "./start_listener.ts";

/** A socket and its configured address. */
interface Socket {
  endpoint: Endpoint;
  where: string;
  open: OpenEndpoint;
  shared: HandoverListener;
  borrowed: Listener;
  /** Whether it was taken over from earlier settings. */
  isTakenOver: boolean;
}

/** Parts of earlier listeners that a new one may take over. */
export interface Takeover {
  /** Replaced or removed listeners, whose sockets are available. */
  leaving: readonly ConfiguredListener[];
  /** Sockets that were taken over. */
  taken: Set<HandoverListener>;
  /** The listener that it continues. It keeps that one's counts. */
  predecessor: ConfiguredListener | undefined;
  /** Its name, which is the same in all threads. */
  name: string;
  /** Its name on all machines of a fleet. */
  scope: string;
  /** Number of configured listeners. */
  peers: number;
  /** Contents of files that it may open, by path. */
  texts: ReadonlyMap<string, FileText> | undefined;
}

/** One configured listener while it runs. */
export class ConfiguredListener {
  /** Its configuration. */
  readonly config: ListenerConfig;
  /** The settings as text, for comparison; contains secrets. */
  readonly fingerprint: string;
  readonly #sockets: Socket[] = [];
  readonly #kept = new KeptValues();
  #files = new ServerFiles();
  /** Parts that it may take over during its start. */
  #heritage: Takeover | undefined;
  #started: RunningServer | undefined;
  /** The listener that it replaces, until that is done. */
  #predecessor: ConfiguredListener | undefined;
  #log: ServerHost["log"] | undefined;

  /** Creates a listener that is not started. */
  constructor(config: ListenerConfig) {
    this.config = config;
    this.fingerprint = JSON.stringify([config.kindName, ...config.given]);
  }

  /** The running server. */
  get started(): RunningServer {
    return this.#started!;
  }

  /** Its announcements; events name its place in the file. */
  get banner(): Announcement[] {
    const config = formatPath(["listeners", this.config.index]);
    return this.started.banner.map((one) =>
      typeof one === "string" ? one : { ...one, config }
    );
  }

  /** The announcements after a reload, without sockets that listened before. */
  get news(): Announcement[] {
    // A server opens its sockets in the order of its announcements.
    const sockets = this.#sockets.values();
    return this.banner.filter((one) =>
      typeof one === "string" || !sockets.next().value?.isTakenOver
    );
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#started?.connections ?? 0;
  }

  /**
   * Starts the server. It gets connections only after {@linkcode take}.
   *
   * @param heritage What it may take over.
   * @param outer The program's host.
   * @throws {UsageError} If options conflict.
   * @throws {StartError} If the machine lacks or forbids what it needs.
   */
  async start(heritage: Takeover, outer: ServerHost): Promise<void> {
    this.#log = outer.log;
    this.#heritage = heritage;
    this.#predecessor = heritage.predecessor;
    const own = outer.forListener?.(heritage.name, heritage.scope);
    const base = own ?? outer;
    const { peers, predecessor, texts: before } = heritage;
    // The first listener has no earlier counts.
    const from = predecessor === undefined
      ? new KeptValues()
      : predecessor.#kept;
    const files = this.#files = new ServerFiles({ before, isRunning: true });
    const host: ServerHost = {
      ...base,
      ...{ files, peers },
      open: (where, open, backlog) =>
        this.#open(where, open, () => base.open(where, open, backlog)),
      // Threads that must agree also share this state.
      keep: own?.keep ??
        ((what, given, make) =>
          this.#kept.take({ what, given, from, make: () => make() })),
    };
    try {
      const { kind: { command }, given } = this.config;
      this.#started = await startListener(command, given, host);
    } finally {
      files.endStart();
      this.#heritage = undefined; // Frees all earlier listeners.
    }
  }

  /** Contents in force of its files, by path. */
  get texts(): ReadonlyMap<string, FileText> {
    return this.#files.taken;
  }

  /** Receives the connections of its sockets from now on. */
  take(): void {
    for (const { endpoint, shared, borrowed } of this.#sockets) {
      if (isUnixPath(endpoint)) this.#setMode(endpoint, shared);
      shared.give(borrowed);
    }
    const before = this.#predecessor?.started.sessions;
    if (before !== undefined) void this.started.sessions?.follow(before);
    this.#predecessor = undefined; // Frees all earlier listeners.
  }

  /** Sets the permissions, because the file may already exist with others. */
  #setMode(endpoint: UnixPath, shared: HandoverListener): void {
    try {
      shared.setMode(endpoint.mode);
    } catch (error) {
      const message = `Cannot change the permissions of ${
        formatEndpoint(endpoint)
      }: ${describeError(error)}`;
      this.#log?.(messageEvent("warning", "socket-mode", message));
    }
  }

  /**
   * Gives up its sockets, and closes those that were not taken over.
   *
   * @param taken Sockets that were taken over.
   * @returns Whether one of its sockets was taken over.
   */
  leave(taken: ReadonlySet<HandoverListener>): boolean {
    for (const { shared } of this.#sockets) {
      if (!taken.has(shared)) shared.close();
    }
    return this.#sockets.some(({ shared }) => taken.has(shared));
  }

  /**
   * Undoes a failed start.
   *
   * @param taken Sockets that were taken over; they stay open.
   */
  async abandon(taken: ReadonlySet<HandoverListener>): Promise<void> {
    this.leave(taken);
    await this.#started?.shutdown(0);
  }

  /**
   * Tells whether it has one of the given addresses.
   *
   * @param places Addresses of another listener.
   * @returns Whether one of them is the same.
   */
  isAt(places: readonly string[]): boolean {
    return this.#sockets.some(({ where }) => places.includes(where));
  }

  /**
   * Ends it.
   *
   * @param deadline Milliseconds until remaining connections are cut.
   * @returns How many connections were cut.
   */
  async shutdown(deadline: number): Promise<number> {
    return await this.#started!.shutdown(deadline);
  }

  async #open(
    endpoint: Endpoint,
    open: OpenEndpoint,
    openNew: () => Promise<Listener>,
  ): Promise<Listener> {
    const { leaving, taken } = this.#heritage!;
    const where = formatEndpoint(endpoint);
    const found = leaving.flatMap((one) => one.#sockets).find((socket) =>
      socket.where === where && socket.open === open &&
      !taken.has(socket.shared)
    );
    if (found !== undefined) taken.add(found.shared);
    const shared = found?.shared ??
      new HandoverListener(await openNew());
    const borrowed = shared.borrow();
    const isTakenOver = found !== undefined;
    this.#sockets.push({
      ...{ endpoint, where, open, shared, borrowed, isTakenOver },
    });
    return borrowed;
  }
}
