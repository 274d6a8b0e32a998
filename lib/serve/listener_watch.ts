/**
 * The connections of one listener, as they are counted and timed.
 *
 * @module
 */

import type { ConnectionEvent } from "../observe/log_event.ts";
import type {
  Carried,
  LiveConnection,
  LiveEnds,
  TimedName,
  WatchedSession,
} from "./live_connection.ts";
import { type RefusalReason, wouldDenyReason } from "./refusal_reason.ts";

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

/** Told how long something took, in milliseconds. */
export type TimeListener = LiveEnds["onTime"];

/** How often something was, by protocol and result. */
export type Outcomes = ReadonlyMap<
  string,
  { readonly protocol: string; readonly result: string; count: number }
>;

/** Told of the connections of a listener. */
export interface RegistryEnd {
  /** Takes in a connection. */
  add(session: WatchedSession, ends: LiveEnds): LiveConnection;
  /** Takes it out again. */
  delete(live: LiveConnection): void;
  /** Told how long things take. */
  time: TimeListener;
  /** Told of each line of the log. */
  end(live: LiveConnection, record: ConnectionEvent, carried: Carried): void;
  /** Throws if an operator has banned the client. */
  requireUnbanned(client: string): void;
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
  /** Why connections and requests would have been refused, and how often. */
  readonly wouldDeny = new Map<RefusalReason, number>();

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

  /**
   * Refuses a client that an operator has banned.
   *
   * @param client Address without port.
   * @throws {Refusal} `banned`, with the remaining time.
   */
  requireUnbanned(client: string): void {
    this.#registry.requireUnbanned(client);
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
    this.#countWouldDeny(event);
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
    this.#countWouldDeny(record);
    this.#registry.end(live, record, record);
  }

  #countConnection({ protocol = "unknown", result }: ConnectionEvent): void {
    const key = `${protocol} ${result}`;
    const known = this.#connections.get(key);
    if (known !== undefined) known.count++;
    else this.#connections.set(key, { protocol, result, count: 1 });
  }

  #countRequest({ result }: ConnectionEvent): void {
    countOne(this.#requests, result);
  }

  #countRefusal({ reason }: LiveConnection): void {
    if (reason !== undefined) countOne(this.refusals, reason);
  }

  #countWouldDeny(event: ConnectionEvent): void {
    const reason = wouldDenyReason(event);
    if (reason !== undefined) countOne(this.wouldDeny, reason);
  }

  #countDatagrams({ datagrams }: ConnectionEvent): void {
    if (datagrams === undefined) return;
    this.datagrams.sent += datagrams.sent;
    this.datagrams.received += datagrams.received;
    this.datagrams.dropped += datagrams.dropped;
  }
}

function countOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
