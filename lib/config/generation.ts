/**
 * One configured listener while it runs, with the settings of one time: when
 * they change, another generation takes its sockets over.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
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
import { ServerFiles } from "../serve/server_files.ts";
import type { OpenEndpoint, ServerHost } from "../serve/server_host.ts";
import type { FileText } from "../cli/settled_text.ts";
import { type BorrowedListener, SharedListener } from "./shared_listener.ts";
import { startListener } from "./start_listener.ts";

/** A socket, and where it was asked for. */
interface Socket {
  where: string;
  open: OpenEndpoint;
  shared: SharedListener;
  /** Whether it listened before, for settings of before. */
  isTakenOver: boolean;
}

/** A socket that it has while others leave it. */
interface Borrowing {
  endpoint: Endpoint;
  shared: SharedListener;
  borrowed: BorrowedListener;
}

/** How a socket is had. */
interface Opening {
  open: OpenEndpoint;
  openNew: ServerHost["open"];
  backlog: number | undefined;
}

/** What outlives a generation. */
interface Kept {
  settings: string;
  value: object;
}

/** What a generation may take over. */
export interface Heritage {
  /** What is replaced, or will be gone; its sockets are to be had. */
  leaving: readonly Generation[];
  /** Sockets that have been taken over. */
  taken: Set<SharedListener>;
  /** The one that it continues: what was counted is counted on. */
  predecessor: Generation | undefined;
  /** What it is called where several threads run the same. */
  name: string;
  /** Listeners that are configured, this one too. */
  peers: number;
  /** What files hold that it may open, by path. */
  texts: ReadonlyMap<string, FileText> | undefined;
}

/** One configured listener while it runs. */
export class Generation {
  /** What it was started with. */
  readonly config: ListenerConfig;
  /** The settings as text, to be compared; it holds secrets. */
  readonly fingerprint: string;
  readonly #sockets: Socket[] = [];
  readonly #borrowed: Borrowing[] = [];
  readonly #kept = new Map<string, Kept>();
  #files = new ServerFiles();
  /** What it may take over, as long as it starts. */
  #heritage: Heritage | undefined;
  #started: RunningServer | undefined;
  #log: ServerHost["log"] | undefined;

  /**
   * Creates what has not been started.
   *
   * @param config What it is to be.
   */
  constructor(config: ListenerConfig) {
    this.config = config;
    this.fingerprint = JSON.stringify([config.kindName, ...config.given]);
  }

  /** The server. */
  get started(): RunningServer {
    return this.#started!;
  }

  /** What to say of it; events name its place in the file. */
  get banner(): Announcement[] {
    const config = formatPath(["listeners", this.config.index]);
    return this.started.banner.map((one) =>
      typeof one === "string" ? one : { ...one, config }
    );
  }

  /** The same after a reload: sockets that listened before are no news. */
  get news(): Announcement[] {
    // A server opens its sockets in the order in which it announces them.
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
   * Starts the server. It gets no connection before {@linkcode take}.
   *
   * @param heritage What it may take over.
   * @param outer The program.
   * @throws {UsageError} If options don't go together.
   * @throws {StartError} If the machine does not have or allow what it needs.
   */
  async start(heritage: Heritage, outer: ServerHost): Promise<void> {
    this.#log = outer.log;
    this.#heritage = heritage;
    const own = outer.forListener?.(heritage.name);
    const openNew: ServerHost["open"] = (where, open, backlog) =>
      (own ?? outer).open(where, open, backlog);
    const before = heritage.texts;
    const files = this.#files = new ServerFiles({ before, isRunning: true });
    const host: ServerHost = {
      ...(own ?? outer),
      files,
      peers: heritage.peers,
      open: (where, open, backlog) =>
        this.#open(where, { open, backlog, openNew }),
      // Where threads have to agree, they agree on what is kept too.
      keep: own?.keep ??
        ((what, settings, make) => this.#keep(what, settings, make)),
    };
    try {
      const { kind: { command }, given } = this.config;
      this.#started = await startListener(command, given, host);
    } finally {
      files.endStart();
      this.#heritage = undefined; // Or every one before would be kept.
    }
  }

  /** What is in force of its files, by path. */
  get texts(): ReadonlyMap<string, FileText> {
    return this.#files.taken;
  }

  /** Takes the connections of its sockets from now on. */
  take(): void {
    for (const { endpoint, shared, borrowed } of this.#borrowed) {
      if (isUnixPath(endpoint)) this.#setMode(endpoint, shared);
      shared.give(borrowed);
    }
  }

  /** The file may have been there before, with other permissions. */
  #setMode(endpoint: UnixPath, shared: SharedListener): void {
    try {
      shared.setMode(endpoint.mode);
    } catch (error) {
      const message = `Cannot change the permissions of ${
        formatEndpoint(endpoint)
      }: ${describeError(error)}`;
      this.#log?.({ event: "message", level: "warning", message });
    }
  }

  /**
   * Gives up its sockets, and closes those that nobody has taken over.
   *
   * @param taken Sockets that were taken over.
   * @returns Whether one of its was.
   */
  leave(taken: ReadonlySet<SharedListener>): boolean {
    for (const { shared } of this.#sockets) {
      if (!taken.has(shared)) shared.close();
    }
    return this.#sockets.some(({ shared }) => taken.has(shared));
  }

  /**
   * Undoes the start, wherever it has failed.
   *
   * @param taken Sockets that were taken over; they stay where they are.
   */
  async abandon(taken: ReadonlySet<SharedListener>): Promise<void> {
    for (const { shared } of this.#sockets) {
      if (!taken.has(shared)) shared.close();
    }
    await this.#started?.shutdown(0);
  }

  /**
   * Tells whether it listens where another is to.
   *
   * @param places What the other listens on.
   * @returns Whether one of them is its too.
   */
  isAt(places: readonly string[]): boolean {
    return this.#sockets.some(({ where }) => places.includes(where));
  }

  /**
   * Ends it.
   *
   * @param deadline Milliseconds until what is left is cut.
   * @returns How many connections were cut.
   */
  async shutdown(deadline: number): Promise<number> {
    return await this.#started!.shutdown(deadline);
  }

  async #open(
    endpoint: Endpoint,
    { open, backlog, openNew }: Opening,
  ): Promise<Listener> {
    const { leaving, taken } = this.#heritage!;
    const where = formatEndpoint(endpoint);
    const found = leaving.flatMap((one) => one.#sockets).find((socket) =>
      socket.where === where && socket.open === open &&
      !taken.has(socket.shared)
    );
    if (found !== undefined) taken.add(found.shared);
    const shared = found?.shared ??
      new SharedListener(await openNew(endpoint, open, backlog));
    const borrowed = shared.borrow();
    const isTakenOver = found !== undefined;
    this.#sockets.push({ where, open, shared, isTakenOver });
    this.#borrowed.push({ endpoint, shared, borrowed });
    return borrowed;
  }

  #keep<T extends object>(
    what: string,
    given: unknown,
    make: () => T,
  ): T {
    const predecessor = this.#heritage?.predecessor;
    const settings = JSON.stringify(given);
    const before = predecessor === undefined
      ? undefined
      : predecessor.#kept.get(what);
    const value = before?.settings === settings ? before.value : make();
    this.#kept.set(what, { settings, value });
    return value as T;
  }
}
