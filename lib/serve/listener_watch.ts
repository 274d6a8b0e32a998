/**
 * Counts and times the connections of one listener.
 *
 * @module
 */

import type { ConnectionEvent } from "../observe/log_event.ts";
import type {
  LiveConnection,
  LiveEnds,
  TimedName,
  WatchedSession,
} from "./live_connection.ts";
import { type RefusalReason, wouldDenyReason } from "./refusal_reason.ts";

/** Products that have listeners. */
export type ListenerKind = "proxy" | "forward" | "echo" | "hub";

/** A watched listener. */
export interface WatchedListener {
  /** `HOST:PORT` or `unix:PATH`. */
  readonly name: string;
  /** Its product. */
  readonly kind: ListenerKind;
  /** Whether other machines can reach it. */
  readonly isPublic: boolean;
}

/** Receives the duration of something, in milliseconds. */
export type TimeListener = LiveEnds["onTime"];

/** How often connections of one protocol had one result. */
export interface Outcome {
  /** The protocol; `unknown` before the client has shown it. */
  readonly protocol: string;
  /** The result. */
  readonly result: string;
  /** How often. */
  count: number;
}

/** Receives events about the connections of a listener. */
export interface RegistryEnd {
  /** Whether phases of connections are timed. */
  readonly isTimed: boolean;
  /** Adds a connection. */
  add(session: WatchedSession, ends: LiveEnds): LiveConnection;
  /** Removes a connection. */
  delete(live: LiveConnection): void;
  /** Receives durations. */
  time: TimeListener;
  /** Receives each log event of a connection. */
  end(live: LiveConnection, record: ConnectionEvent): void;
  /** Throws if an operator has banned the client. */
  requireUnbanned(client: string): void;
}

/** The connections of one listener. */
export class ListenerWatch implements WatchedListener, LiveEnds {
  readonly name: string;
  readonly kind: ListenerKind;
  readonly isPublic: boolean;
  /** Number of sockets in use: 0 after the end, 2 during a handover. */
  uses = 1;
  /** Number of open connections. */
  open = 0;
  /** Number of connections accepted so far. */
  total = 0;
  /** Bytes of the connections that have ended. */
  readonly ended = { sent: 0, received: 0 };
  /** Datagrams of the UDP associations that have ended. */
  readonly datagrams = { sent: 0, received: 0, dropped: 0 };
  /** Number of refused or failed connections and requests, by reason. */
  readonly refusals = new Map<RefusalReason, number>();
  /**
   * Number of connections and requests that would have been refused, by reason.
   */
  readonly wouldDeny = new Map<RefusalReason, number>();

  /** Ended connections by protocol and result. */
  readonly connections = new Map<string, Outcome>();
  /** Ended HTTP requests by result. */
  readonly requests = new Map<string, number>();

  readonly #registry: RegistryEnd;

  /**
   * Starts with zero counts. Only {@linkcode Registry.listen} calls it.
   *
   * @param registry Receives the events of its connections.
   */
  constructor(listener: WatchedListener, registry: RegistryEnd) {
    this.name = listener.name;
    this.kind = listener.kind;
    this.isPublic = listener.isPublic;
    this.#registry = registry;
  }

  /** Whether phases of connections are timed. */
  get isTimed(): boolean {
    return this.#registry.isTimed;
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

  /** Notes that one socket of the listener is closed. */
  close(): void {
    this.uses--;
  }

  /**
   * Adds an accepted connection.
   *
   * @param session The connection.
   * @returns Receives the connection's events, and removes it at the end.
   */
  enter(session: WatchedSession): LiveConnection {
    this.open++;
    this.total++;
    return this.#registry.add(session, this);
  }

  /**
   * Passes on a duration.
   *
   * @param name What was timed.
   * @param milliseconds The duration.
   */
  onTime(name: TimedName, milliseconds: number): void {
    this.#registry.time(name, milliseconds);
  }

  /**
   * Counts an ended request whose connection stays open.
   *
   * @param event The log event of the request.
   */
  onRequest(live: LiveConnection, event: ConnectionEvent): void {
    countOne(this.requests, event.result);
    this.#end(live, event);
  }

  /** Removes a closed connection. */
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
   * @param isTold Whether its requests have already reported everything.
   */
  onConclude(live: LiveConnection, isTold: boolean): void {
    const { record } = live.session;
    this.#countConnection(record);
    this.#countDatagrams(record);
    if (isTold) return;
    // Bytes sent before the meter started are only in the record.
    const { sent, received } = live.carried;
    this.ended.sent += Math.max(0, record.sent - sent);
    this.ended.received += Math.max(0, record.received - received);
    if (record.protocol === "http") countOne(this.requests, record.result);
    this.#end(live, record);
  }

  #countConnection({ protocol = "unknown", result }: ConnectionEvent): void {
    const key = `${protocol} ${result}`;
    const known = this.connections.get(key);
    if (known !== undefined) known.count++;
    else this.connections.set(key, { protocol, result, count: 1 });
  }

  #end(live: LiveConnection, event: ConnectionEvent): void {
    const wouldDeny = wouldDenyReason(event);
    if (live.reason !== undefined) countOne(this.refusals, live.reason);
    if (wouldDeny !== undefined) countOne(this.wouldDeny, wouldDeny);
    this.#registry.end(live, event);
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
