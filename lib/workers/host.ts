/**
 * The host of a server in one of several threads: sockets on ports that all
 * threads share, and shared counters.
 *
 * @module
 */

import type { Registry } from "../serve/registry.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { BACKLOG } from "../net/system/backlog.ts";
import type { Listener } from "../net/listen.ts";
import type { Bans, BansOptions, BanState } from "../policy/users/bans.ts";
import { ReplicatedBans } from "../policy/users/replicated_bans.ts";
import type { ThreadLink } from "../sync/thread_link.ts";
import { type Endpoint, formatEndpoint } from "../wire/endpoint.ts";
import { knownPipes, knowPipes } from "../cli/read_file.ts";
import { type FleetMemory, FleetView } from "../serve/counts/fleet_view.ts";
import { SharedCountKeeper } from "../serve/counts/shared_counts.ts";
import { ServerFiles } from "../serve/server_files.ts";
import type { OpenEndpoint, ServerHost } from "../serve/server_host.ts";
import type { Agreement, BoundPlace, SupervisorActs } from "./message.ts";
import type { Share, ThreadInfo } from "../serve/worker_share.ts";
import { requireShareable } from "../serve/worker_socket.ts";

/** Options for {@linkcode WorkerHost}. */
export interface WorkerHostOptions {
  /** The thread. */
  thread: ThreadInfo;
  /** Registers connections for watchers. */
  registry: Registry | undefined;
  /** Receives log events. */
  log: (event: LogEvent) => void;
  /** Sends messages to the supervisor. */
  link: Pick<ThreadLink<SupervisorActs>, "tell">;
  /** Clock in milliseconds, the same in all threads. */
  now: () => number;
  /** Whether other threads already serve (default false). */
  isRunning?: boolean;
  /** The fleet (default: none). */
  fleet?: FleetMemory | undefined;
  /** Place of a program's only listener in a fleet (default: none). */
  scope?: string;
}

/** How to open a socket. */
interface Opening {
  open: OpenEndpoint;
  backlog: number | undefined;
}

/** The host of one thread. */
export class WorkerHost implements ServerHost {
  readonly isTrial = false;
  readonly files: ServerFiles;
  readonly thread: ThreadInfo;
  readonly registry: Registry | undefined;
  readonly log: (event: LogEvent) => void;
  readonly #options: WorkerHostOptions;
  readonly #places = new Map<string, BoundPlace>();
  /** Names of this thread's open sockets. */
  readonly #open = new Set<string>();
  readonly #counts: SharedCountKeeper;
  readonly #bans = new Map<string, ReplicatedBans>();
  readonly #last = Promise.withResolvers<void>();
  #isEnding = false;

  /**
   * Creates the host of a new thread.
   *
   * @param options The thread and its links.
   */
  constructor(options: WorkerHostOptions) {
    this.#options = options;
    this.thread = options.thread;
    this.registry = options.registry;
    this.log = options.log;
    const { fleet, isRunning = false, now, thread } = options;
    this.files = new ServerFiles({ isRunning });
    this.#counts = new SharedCountKeeper({
      ...{ thread, now, fleet: fleet && new FleetView(fleet, now) },
      copyBans: (name, scope, settings) =>
        this.#copyBans(name, scope, settings),
      forgetBans: (name) => this.#bans.delete(name),
      othersEnded: () =>
        this.#isEnding ? this.#last.promise : Promise.resolve(),
    });
  }

  /** What other threads must know. */
  get agreement(): Agreement {
    const isOpen = ([name]: [string, BoundPlace]) => this.#open.has(name);
    return {
      places: new Map([...this.#places].filter(isOpen)),
      tables: this.#counts.tables,
      pipes: knownPipes(),
    };
  }

  /** Takes the agreement of other threads. */
  agree({ pipes, places, tables }: Agreement): void {
    knowPipes(pipes);
    for (const [name, place] of places) this.#places.set(name, place);
    this.#counts.agree(tables);
  }

  /**
   * Takes bans that the supervisor has decided.
   *
   * @param states The current state.
   */
  takeBans(name: string, states: readonly BanState[]): void {
    this.#bans.get(name)?.replace(states);
  }

  /** Notes that the whole program is shutting down. */
  end(): void {
    this.#isEnding = true;
  }

  /** Notes that no other thread serves any more. */
  beLast(): void {
    this.#last.resolve();
  }

  /**
   * Opens a listener of a program with one server.
   *
   * @param open Opens it as a single thread would.
   * @param backlog Most connections that may wait for it (default 4,096).
   * @throws {UsageError} If threads cannot share the socket.
   */
  open(
    where: Endpoint,
    open: OpenEndpoint,
    backlog?: number,
  ): Promise<Listener> {
    return this.#openAs("", where, { open, backlog });
  }

  /** Throws the reason that forbids the start. */
  refuse(error: unknown): never {
    throw error;
  }

  /**
   * Returns kept state of a program with one server.
   *
   * @typeParam T What it is.
   * @param what Its name.
   * @returns The kept state, or a new one.
   */
  keep<T extends object>(
    what: string,
    settings: unknown,
    make: (share?: Share) => T,
  ): T {
    const { scope = "" } = this.#options;
    return this.#counts.keep({ listener: "", scope, what }, settings, make);
  }

  /**
   * Returns the host for one of the listeners.
   *
   * @param listener Its name, the same in all threads.
   * @param scope The same on all machines.
   * @returns The host for that listener.
   */
  forListener(listener: string, scope: string): ServerHost {
    const { log, registry, thread } = this;
    return {
      ...{ log, registry, thread, isTrial: false },
      refuse: (error) => this.refuse(error),
      open: (where, open, backlog) =>
        this.#openAs(listener, where, { open, backlog }),
      keep: (what, settings, make) =>
        this.#counts.keep({ listener, scope, what }, settings, make),
    };
  }

  async #openAs(
    listener: string,
    where: Endpoint,
    { open, backlog = BACKLOG }: Opening,
  ): Promise<Listener> {
    requireShareable(where);
    const name = this.#freeName(`${listener} ${formatEndpoint(where)}`);
    this.#open.add(name);
    try {
      const socket = await this.#openSocket(
        name,
        () => open(where, backlog),
        backlog,
      );
      return closingWith(socket, () => this.#close(name));
    } catch (error) {
      this.#close(name);
      throw error;
    }
  }

  /** The next listener there must check whether another program listens. */
  #close(name: string): void {
    this.#open.delete(name);
    this.#places.delete(name);
  }

  /** The same address may be asked for twice: port 0. */
  #freeName(base: string): string {
    let name = base;
    for (let count = 2; this.#open.has(name); count++) {
      name = `${base} ${count}`;
    }
    return name;
  }

  async #openSocket(
    name: string,
    open: () => Promise<Listener>,
    backlog: number,
  ): Promise<Listener> {
    const known = this.#places.get(name);
    if (known !== undefined && !known.isInherited) {
      return listenOn(known, backlog);
    }
    // A normal open shows whether another program listens there, which
    // `reusePort` would join.
    const first = await open();
    const { hostname, port } = first.addr as Deno.NetAddr;
    const isInherited = first.isShared ?? false;
    const place = { hostname, port, isInherited };
    this.#places.set(name, place);
    if (isInherited) return first;
    first[Symbol.dispose]();
    return listenOn(place, backlog);
  }

  #copyBans(name: string, scope: string, settings: BansOptions): Bans {
    const { link } = this.#options;
    const bans = new ReplicatedBans(
      settings,
      (action) => link.tell("ban", name, action),
    );
    this.#bans.set(name, bans);
    link.tell("copy", name, scope, settings);
    return bans;
  }
}

/** A listener whose name is free again when it is closed. */
function closingWith(socket: Listener, close: () => void): Listener {
  return {
    addr: socket.addr,
    isShared: socket.isShared ?? false,
    accept: () => socket.accept(),
    [Symbol.dispose]() {
      close();
      socket[Symbol.dispose]();
    },
  };
}

function listenOn(
  { hostname, port }: BoundPlace,
  tcpBacklog: number,
): Deno.TcpListener {
  return Deno.listen({ hostname, port, reusePort: true, tcpBacklog });
}
