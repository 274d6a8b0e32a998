/**
 * All connections that are open, and what those that have ended add up to: what
 * figures, the admin listener and traces read. It costs a connection one entry
 * in a map, and nothing for a byte.
 *
 * @module
 */

import type { ConnectionEvent } from "../observe/log_event.ts";
import type { Bans } from "../policy/bans.ts";
import {
  type Carried,
  LiveConnection,
  type LiveEnds,
  type TimedName,
  type WatchedSession,
} from "./live_connection.ts";
import type { RefusalReason } from "./refusal_reason.ts";
import type { Upstream } from "./upstream.ts";

/** Connections that have ended and are still remembered. */
export const MOST_CLOSED = 500;

/** What a listener is for. */
export type ListenerKind = "proxy" | "forward" | "echo" | "hub";

/** A listener, as far as it is watched. */
export interface WatchedListener {
  /** `HOST:PORT` or `unix:PATH`. */
  readonly name: string;
  /** What it is for. */
  readonly kind: ListenerKind;
  /** Whether others than this machine can reach it. */
  readonly isPublic: boolean;
}

/** An upstream of a relay. */
export interface WatchedUpstream {
  /** Name of the listener, or of the server that clients ask for. */
  readonly listener: string;
  /** The upstream. */
  readonly upstream: Upstream;
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

/** Told how long something took, in milliseconds. */
export type TimeListener = LiveEnds["onTime"];

/** Sums since the start. */
export interface Totals extends Carried {
  /** Connections that are open. */
  readonly open: number;
  /** Connections that have come. */
  readonly total: number;
}

/** How often something was, by protocol and result. */
export type Outcomes = ReadonlyMap<
  string,
  { readonly protocol: string; readonly result: string; count: number }
>;

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

interface RegistryEnd {
  add(session: WatchedSession, ends: LiveEnds): LiveConnection;
  delete(live: LiveConnection): void;
  time: TimeListener;
  end(live: LiveConnection, record: ConnectionEvent, carried: Carried): void;
}

/** The connections of one listener. */
export class ListenerWatch implements WatchedListener, LiveEnds {
  readonly name: string;
  readonly kind: ListenerKind;
  readonly isPublic: boolean;
  /** How many listen there: none any more, or two while one takes over. */
  uses = 1;
  /** Connections that are open. */
  open = 0;
  /** Connections that have come. */
  total = 0;
  /** What those that have ended have carried. */
  readonly ended = { sent: 0, received: 0 };
  /** Datagrams of the UDP associations that have ended. */
  readonly datagrams = { sent: 0, received: 0, dropped: 0 };
  /** Why connections and requests were refused or failed, and how often. */
  readonly refusals = new Map<RefusalReason, number>();

  readonly #registry: RegistryEnd;
  readonly #connections: Map<
    string,
    { protocol: string; result: string; count: number }
  > = new Map();
  readonly #requests = new Map<string, number>();

  /**
   * Begins with nothing; made by {@linkcode Registry.listen}.
   *
   * @param listener The listener.
   * @param registry Told of what comes and goes.
   */
  constructor(listener: WatchedListener, registry: RegistryEnd) {
    this.name = listener.name;
    this.kind = listener.kind;
    this.isPublic = listener.isPublic;
    this.#registry = registry;
  }

  /** How connections have ended. */
  get connections(): Outcomes {
    return this.#connections;
  }

  /** How HTTP requests have ended, by result. */
  get requests(): ReadonlyMap<string, number> {
    return this.#requests;
  }

  /** Says that one listens there no more. */
  close(): void {
    this.uses--;
  }

  /**
   * Takes in a connection that was accepted.
   *
   * @param session The connection.
   * @returns What it tells how it goes on; it leaves in the end.
   */
  enter(session: WatchedSession): LiveConnection {
    this.open++;
    this.total++;
    return this.#registry.add(session, this);
  }

  /**
   * Passes on how long something took.
   *
   * @param name What.
   * @param milliseconds How long.
   */
  onTime(name: TimedName, milliseconds: number): void {
    this.#registry.time(name, milliseconds);
  }

  /**
   * Counts a request that has ended, while its connection goes on.
   *
   * @param live The connection.
   * @param event What was logged.
   */
  onRequest(live: LiveConnection, event: ConnectionEvent): void {
    this.#countRequest(event);
    this.#countRefusal(live);
    this.#registry.end(live, event, event);
  }

  /**
   * Takes out a connection that is closed.
   *
   * @param live The connection.
   */
  onLeave(live: LiveConnection): void {
    this.open--;
    this.#registry.delete(live);
    const { sent, received } = live.carried;
    this.ended.sent += sent;
    this.ended.received += received;
  }

  /**
   * Counts a connection whose record is complete.
   *
   * @param live The connection.
   * @param isTold Whether all there is to tell was told by its requests.
   */
  onConclude(live: LiveConnection, isTold: boolean): void {
    const { record } = live.session;
    this.#countConnection(record);
    this.#countDatagrams(record);
    if (isTold) return;
    // What was sent before the meter began is in the record alone.
    const { sent, received } = live.carried;
    this.ended.sent += Math.max(0, record.sent - sent);
    this.ended.received += Math.max(0, record.received - received);
    if (record.protocol === "http") this.#countRequest(record);
    this.#countRefusal(live);
    this.#registry.end(live, record, record);
  }

  #countConnection({ protocol = "unknown", result }: ConnectionEvent): void {
    const key = `${protocol} ${result}`;
    const known = this.#connections.get(key);
    if (known !== undefined) known.count++;
    else this.#connections.set(key, { protocol, result, count: 1 });
  }

  #countRequest({ result }: ConnectionEvent): void {
    this.#requests.set(result, (this.#requests.get(result) ?? 0) + 1);
  }

  #countRefusal({ reason }: LiveConnection): void {
    if (reason === undefined) return;
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
  }

  #countDatagrams({ datagrams }: ConnectionEvent): void {
    if (datagrams === undefined) return;
    this.datagrams.sent += datagrams.sent;
    this.datagrams.received += datagrams.received;
    this.datagrams.dropped += datagrams.dropped;
  }
}
