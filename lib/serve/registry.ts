/**
 * All open connections and the totals of ended ones, for metrics, the admin
 * listener and traces. A connection costs one entry in a list; a byte costs
 * nothing.
 *
 * @module
 */

import type { PoolFigures } from "../net/pool/figures.ts";
import type { ConnectionEvent } from "../observe/log_event.ts";
import { Bans } from "../policy/users/bans.ts";
import { Bag } from "../sync/bag.ts";
import {
  type Carried,
  LiveConnection,
  type LiveEnds,
  type WatchedSession,
} from "./live_connection.ts";
import {
  ListenerWatch,
  type TimeListener,
  type WatchedListener,
} from "./listener_watch.ts";

/** Facts about an upstream. */
export interface UpstreamFacts {
  /** Its name. */
  readonly name: string;
  /** Connections that are open. */
  readonly connections: number;
  /** Whether it receives connections. */
  readonly health: { readonly isUp: boolean };
  /** Its pool. */
  readonly pool: { readonly figures: PoolFigures };
}

/** An upstream of a relay. */
export interface WatchedUpstream {
  /** Name of the listener or of the TLS server name. */
  readonly listener: string;
  /** The upstream. */
  readonly upstream: UpstreamFacts;
}

/** An ended connection, or an ended request of an open one. */
export interface EndedConnection extends Carried {
  /** Number of the connection. */
  readonly id: number;
  /** Its listener. */
  readonly listener: ListenerWatch;
  /** The log event. */
  readonly record: ConnectionEvent;
  /** When it ended, in milliseconds since 1970. */
  readonly endedAt: number;
}

/** Called for each log line about a connection. */
export type EndListener = (
  ended: EndedConnection,
  live: LiveConnection,
) => void;

/** Totals since the start. */
export interface Totals extends Carried {
  /** Connections that are open. */
  readonly open: number;
  /** Connections accepted so far. */
  readonly total: number;
}

/** Options for {@linkcode Registry}. */
export interface RegistryOptions {
  /**
   * Returns a unique number for each connection (default: counted from 1).
   * Threads of one program share the counter.
   */
  nextId?: () => number;
  /**
   * Whether it times the phases of connections, which costs each of them 4 us
   * (default true).
   */
  isTimed?: boolean;
}

/** An open connection and its listener. */
export type OpenConnection = readonly [
  listener: ListenerWatch,
  live: LiveConnection,
];

/** All connections of the program, or of one thread. */
export class Registry {
  readonly #nextId: () => number;
  readonly #isTimed: boolean;
  readonly #listeners = new Map<string, ListenerWatch>();
  readonly #open = new Bag<OpenConnection>();
  #size = 0;
  /** Bans by an operator. Failures do not add to them. */
  readonly #banned = new Bans({ after: 0 });
  readonly #bans: Bans[] = [this.#banned];
  readonly #upstreams: WatchedUpstream[] = [];
  readonly #onEnd: EndListener[] = [];
  readonly #onTime: TimeListener[] = [];

  /**
   * Starts empty.
   *
   * @param options The source of numbers, and what to measure.
   */
  constructor(
    { isTimed = true, nextId = countFromOne() }: RegistryOptions = {},
  ) {
    this.#isTimed = isTimed;
    this.#nextId = nextId;
  }

  /** The open connections at this moment, the oldest first. */
  get open(): readonly OpenConnection[] {
    return this.#open.toArray();
  }

  /** Number of open connections. */
  get size(): number {
    return this.#size;
  }

  /** The lists of bans. */
  get bans(): readonly Bans[] {
    return [...new Set(this.#bans)];
  }

  /** The upstreams of relays. */
  get upstreams(): readonly WatchedUpstream[] {
    return this.#upstreams;
  }

  /** Current and former listeners, in the order of their start. */
  get listeners(): readonly ListenerWatch[] {
    return [...this.#listeners.values()];
  }

  /** Totals of all listeners. */
  get totals(): Totals {
    const sum = { open: this.#size, total: 0, sent: 0, received: 0 };
    for (const { total, ended } of this.#listeners.values()) {
      sum.total += total;
      sum.sent += ended.sent;
      sum.received += ended.received;
    }
    for (const [, live] of this.open) {
      const { sent, received } = live.carried;
      sum.sent += sent;
      sum.received += received;
    }
    return sum;
  }

  /**
   * Watches a listener. A former one continues its counts.
   *
   * @returns The watch for its connections.
   */
  listen(listener: WatchedListener): ListenerWatch {
    const key = `${listener.kind} ${listener.name}`;
    const known = this.#listeners.get(key);
    if (known !== undefined) {
      known.uses++;
      return known;
    }
    const watch: ListenerWatch = new ListenerWatch(listener, {
      isTimed: this.#isTimed,
      add: (session, ends) => this.#add(watch, session, ends),
      delete: (live) => this.#delete(live),
      time: (name, milliseconds) => {
        for (const tell of this.#onTime) tell(name, milliseconds);
      },
      end: (live, record) => this.#end(watch, live, record),
      requireUnbanned: (client) => {
        if (this.#banned.size > 0) this.#banned.check(client);
      },
    });
    this.#listeners.set(key, watch);
    return watch;
  }

  /**
   * Adds bans to the list.
   *
   * @returns A function that removes them.
   */
  showBans(bans: Bans): () => void {
    this.#bans.push(bans);
    return () => remove(this.#bans, bans);
  }

  /**
   * Adds an upstream to the list.
   *
   * @returns A function that removes it.
   */
  showUpstream(upstream: WatchedUpstream): () => void {
    this.#upstreams.push(upstream);
    return () => remove(this.#upstreams, upstream);
  }

  /**
   * Finds an open connection. It looks at all of them.
   *
   * @returns The connection, or `undefined`.
   */
  get(id: number): LiveConnection | undefined {
    return this.open.find(([, live]) => live.id === id)?.[1];
  }

  /**
   * Bans a client from all listeners.
   *
   * @param client Address without port.
   * @param milliseconds Length of the ban.
   */
  ban(client: string, milliseconds: number): void {
    this.#banned.ban(client, milliseconds);
  }

  /**
   * Ends a ban set by {@linkcode ban}, but no automatic one.
   *
   * @param client Address or key.
   * @returns Whether the client was banned.
   */
  unban(client: string): boolean {
    return this.#banned.lift(client);
  }

  /**
   * Subscribes to durations.
   *
   * @param listener Called at the end of each phase; must not throw.
   */
  onTime(listener: TimeListener): void {
    this.#onTime.push(listener);
  }

  /**
   * Subscribes to ended connections and requests.
   *
   * @param listener Called synchronously at each end; must not throw.
   */
  onEnd(listener: EndListener): void {
    this.#onEnd.push(listener);
  }

  #add(
    watch: ListenerWatch,
    session: WatchedSession,
    ends: LiveEnds,
  ): LiveConnection {
    const live = new LiveConnection(this.#nextId(), session, ends);
    live.place = this.#open.add([watch, live]);
    this.#size++;
    return live;
  }

  #delete(live: LiveConnection): void {
    if (live.place === undefined) return;
    live.place.remove();
    live.place = undefined;
    this.#size--;
  }

  #end(
    listener: ListenerWatch,
    live: LiveConnection,
    record: ConnectionEvent,
  ): void {
    if (this.#onEnd.length === 0) return;
    const { id } = live;
    const { sent, received } = record;
    const endedAt = Date.now();
    const ended = { id, listener, record, endedAt, sent, received };
    for (const listener of this.#onEnd) listener(ended, live);
  }
}

function countFromOne(): () => number {
  let last = 0;
  return () => ++last;
}

/** Removes one entry; the list may contain it more than once. */
function remove<T>(list: T[], value: T): void {
  const index = list.indexOf(value);
  if (index >= 0) list.splice(index, 1);
}
