/**
 * All connections that are open, and what those that have ended add up to: what
 * figures, the admin listener and traces read. It costs a connection one entry
 * in a map, and nothing for a byte.
 *
 * @module
 */

import type { PoolFigures } from "../net/pool/figures.ts";
import type { ConnectionEvent } from "../observe/log_event.ts";
import type { Bans } from "../policy/users/bans.ts";
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

/** Connections that have ended and are still remembered. */
export const MOST_CLOSED = 500;

/** What is told of an upstream. */
export interface UpstreamFacts {
  /** What it is called. */
  readonly name: string;
  /** Connections that are open. */
  readonly connections: number;
  /** Whether connections are sent there. */
  readonly health: { readonly isUp: boolean };
  /** Its pool. */
  readonly pool: { readonly figures: PoolFigures };
}

/** An upstream of a relay. */
export interface WatchedUpstream {
  /** Name of the listener, or of the server that clients ask for. */
  readonly listener: string;
  /** The upstream. */
  readonly upstream: UpstreamFacts;
}

/** A connection, or a request of one, that has ended. */
export interface EndedConnection extends Carried {
  /** Number of the connection. */
  readonly id: number;
  /** Where it came in. */
  readonly listener: ListenerWatch;
  /** What was logged. */
  readonly record: ConnectionEvent;
  /** When, in milliseconds since 1970. */
  readonly endedAt: number;
  /** Counts those that have ended, from 1. */
  readonly order: number;
}

/** Told of each line of the log that is about a connection. */
export type EndListener = (
  ended: EndedConnection,
  live: LiveConnection,
) => void;

/** Sums since the start. */
export interface Totals extends Carried {
  /** Connections that are open. */
  readonly open: number;
  /** Connections that have come. */
  readonly total: number;
}

/** Options for {@linkcode Registry}. */
export interface RegistryOptions {
  /**
   * Gives each connection its number, which no other has (default: they are
   * counted from 1). Threads that are shown as one take them from one counter.
   */
  nextId?: () => number;
}

/** All connections of the program, or of one of its threads. */
export class Registry {
  readonly #nextId: () => number;
  readonly #listeners = new Map<string, ListenerWatch>();
  readonly #open = new Map<number, [ListenerWatch, LiveConnection]>();
  readonly #closed: EndedConnection[] = [];
  readonly #bans: Bans[] = [];
  readonly #upstreams: WatchedUpstream[] = [];
  readonly #onEnd: EndListener[] = [];
  readonly #onTime: TimeListener[] = [];
  #ended = 0;

  /**
   * Begins with nothing.
   *
   * @param options Where numbers come from.
   */
  constructor({ nextId = countFromOne() }: RegistryOptions = {}) {
    this.#nextId = nextId;
  }

  /** Connections that are open, the oldest first. */
  get open(): Iterable<
    readonly [listener: ListenerWatch, live: LiveConnection]
  > {
    return this.#open.values();
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** How many have ended, requests that are told for themselves included. */
  get ended(): number {
    return this.#ended;
  }

  /** Who is banned, where clients can be. */
  get bans(): readonly Bans[] {
    return [...new Set(this.#bans)];
  }

  /** Upstreams of relays. */
  get upstreams(): readonly WatchedUpstream[] {
    return this.#upstreams;
  }

  /** Listeners that are or were there, in the order in which they came. */
  get listeners(): readonly ListenerWatch[] {
    return [...this.#listeners.values()];
  }

  /** Sums over all listeners. */
  get totals(): Totals {
    const sum = { open: this.#open.size, total: 0, sent: 0, received: 0 };
    for (const { total, ended } of this.#listeners.values()) {
      sum.total += total;
      sum.sent += ended.sent;
      sum.received += ended.received;
    }
    for (const [, live] of this.#open.values()) {
      const { sent, received } = live.carried;
      sum.sent += sent;
      sum.received += received;
    }
    return sum;
  }

  /**
   * Watches a listener. One that was there before goes on counting.
   *
   * @param listener The listener.
   * @returns What its connections are told to.
   */
  listen(listener: WatchedListener): ListenerWatch {
    const key = `${listener.kind} ${listener.name}`;
    const known = this.#listeners.get(key);
    if (known !== undefined) {
      known.uses++;
      return known;
    }
    const watch: ListenerWatch = new ListenerWatch(listener, {
      add: (session, ends) => this.#add(watch, session, ends),
      delete: (live) => this.#open.delete(live.id),
      time: (name, milliseconds) => {
        for (const tell of this.#onTime) tell(name, milliseconds);
      },
      end: (live, record, carried) => this.#end(watch, live, record, carried),
    });
    this.#listeners.set(key, watch);
    return watch;
  }

  /**
   * Shows bans.
   *
   * @param bans The bans.
   * @returns No longer shows them.
   */
  showBans(bans: Bans): () => void {
    this.#bans.push(bans);
    return () => remove(this.#bans, bans);
  }

  /**
   * Shows an upstream.
   *
   * @param upstream The upstream.
   * @returns No longer shows it.
   */
  showUpstream(upstream: WatchedUpstream): () => void {
    this.#upstreams.push(upstream);
    return () => remove(this.#upstreams, upstream);
  }

  /**
   * Finds a connection that is open.
   *
   * @param id Number of it.
   * @returns The connection, or `undefined`.
   */
  get(id: number): LiveConnection | undefined {
    return this.#open.get(id)?.[1];
  }

  /**
   * Lists connections that have ended, {@linkcode MOST_CLOSED} at most.
   *
   * @param since Only those whose `order` is greater.
   * @returns The oldest first.
   */
  closed(since = 0): EndedConnection[] {
    const count = Math.min(this.#ended - since, this.#closed.length);
    const first = this.#ended - count;
    return Array.from(
      { length: Math.max(0, count) },
      (_, n) => this.#closed[(first + n) % MOST_CLOSED]!,
    );
  }

  /**
   * Asks to be told how long things take.
   *
   * @param listener Told of each when it is done; must not throw.
   */
  onTime(listener: TimeListener): void {
    this.#onTime.push(listener);
  }

  /**
   * Asks to be told of what has ended.
   *
   * @param listener Told in the turn in which it ends; must not throw.
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
    this.#open.set(live.id, [watch, live]);
    return live;
  }

  #end(
    listener: ListenerWatch,
    live: LiveConnection,
    record: ConnectionEvent,
    { sent, received }: Carried,
  ): void {
    const ended: EndedConnection = {
      id: live.id,
      listener,
      record,
      endedAt: Date.now(),
      sent,
      received,
      order: this.#ended + 1,
    };
    this.#closed[this.#ended % MOST_CLOSED] = ended;
    this.#ended++;
    for (const listener of this.#onEnd) listener(ended, live);
  }
}

function countFromOne(): () => number {
  let last = 0;
  return () => ++last;
}

/** Once: the same may be there for others too. */
function remove<T>(list: T[], value: T): void {
  const index = list.indexOf(value);
  if (index >= 0) list.splice(index, 1);
}
