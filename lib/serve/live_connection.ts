/**
 * An open connection as an operator sees it: its state, its bytes, its timings.
 * It exists only if something watches.
 *
 * @module
 */

import type { ConnectionEvent } from "../observe/log_event.ts";
import type { BagEntry } from "../sync/bag.ts";
import type { Context } from "../sync/context.ts";
import type { RefusalReason } from "./refusal_reason.ts";

/** The timed phases of a connection. */
export type PhaseName = "auth" | "rule" | "resolve" | "dial" | "tunnel";

/** A phase; its times are those of `performance.now()`. */
export interface Phase {
  /** Name of the phase. */
  readonly name: PhaseName;
  /** When it started. */
  readonly start: number;
  /** When it ended; `undefined` while it lasts. */
  end: number | undefined;
  /** Whether it failed. */
  hasFailed: boolean;
}

/** State of a connection. */
export type LiveState =
  | "handshake"
  | "connecting"
  | "open"
  | "half-closed"
  | "closing";

/** Bytes each way: to the target, and from it. */
export interface Carried {
  /** To the target. */
  readonly sent: number;
  /** From it. */
  readonly received: number;
}

/** The watched session. */
export interface WatchedSession {
  /** Its log record. */
  readonly record: ConnectionEvent;
  /** Cancelling it ends the connection. */
  readonly context: Context;
}

/** What is timed: a successful phase, or the whole handshake. */
export type TimedName = PhaseName | "handshake";

/** Receives the events of a connection. */
export interface LiveEnds {
  /** Whether its phases are timed. */
  readonly isTimed: boolean;
  /** A phase ended after this many milliseconds. */
  onTime(name: TimedName, milliseconds: number): void;
  /** One of its requests has ended. */
  onRequest(live: LiveConnection, event: ConnectionEvent): void;
  /** It is closed. */
  onLeave(live: LiveConnection): void;
  /**
   * Its record is complete: when it is closed, or before its farewell.
   *
   * @param isTold Whether its requests have reported everything.
   */
  onConclude(live: LiveConnection, isTold: boolean): void;
}

/** Most phases kept; a connection with more is in a loop. */
const MOST_PHASES = 16;

const NOTHING: Carried = { sent: 0, received: 0 };

/** A connection while it is open. */
export class LiveConnection {
  /** Its number. */
  readonly id: number;
  /** The session behind it. */
  readonly session: WatchedSession;
  /** Why it was refused, if it was. */
  reason: RefusalReason | undefined;
  /** Whether one direction of its tunnel has ended. */
  isHalfClosed = false;
  /** Its place among the open connections; `undefined` once it is closed. */
  place: BagEntry | undefined;
  /** Bytes that rankings have counted. */
  rankedBytes = 0;
  /** Whether rankings have counted it, or its current request. */
  isRanked = false;

  readonly #ends: LiveEnds;
  #isOpen = false;
  readonly #accepted: number;
  #handshake: number | undefined;
  #isAsked = false;
  #phases: Phase[] = [];
  #before = NOTHING;
  #read: (() => Carried) | undefined;
  #isConcluded = false;

  /**
   * Starts to watch a connection.
   *
   * @param ends Receives its events.
   */
  constructor(id: number, session: WatchedSession, ends: LiveEnds) {
    this.id = id;
    this.session = session;
    this.#ends = ends;
    this.#accepted = ends.isTimed ? performance.now() : 0;
  }

  /** Its state. */
  get state(): LiveState {
    const { context, record } = this.session;
    // Its duration is known, so only the farewell remains.
    if (context.cancelled || record.duration > 0) return "closing";
    if (this.isHalfClosed) return "half-closed";
    if (this.#isOpen || record.address !== undefined) return "open";
    return record.target === undefined ? "handshake" : "connecting";
  }

  /** Bytes in each direction so far. */
  get carried(): Carried {
    if (this.#read === undefined) return this.#before;
    const { sent, received } = this.#read();
    const before = this.#before;
    return { sent: before.sent + sent, received: before.received + received };
  }

  /** Its phases so far, in order; none unless they are timed. */
  get phases(): readonly Phase[] {
    return this.#phases;
  }

  /**
   * Sets where to read its bytes from now on.
   *
   * @param read Reads bytes each way, from 0.
   */
  meter(read: () => Carried): void {
    this.#before = this.carried;
    this.#read = read;
  }

  /**
   * Adds bytes that no meter has counted.
   *
   * @param sent To the target.
   * @param received From it.
   */
  add(sent: number, received: number): void {
    const { sent: up, received: down } = this.#before;
    this.#before = { sent: up + sent, received: down + received };
  }

  /** Notes that the tunnel is open. */
  open(): void {
    this.#isOpen = true;
    this.#tellHandshake();
  }

  /** Notes that the request is known. */
  endHandshake(): void {
    if (!this.#ends.isTimed) return;
    this.#handshake ??= performance.now() - this.#accepted;
  }

  /**
   * Begins a phase and ends the one before.
   *
   * @param name What is done.
   */
  begin(name: PhaseName): void {
    if (!this.#ends.isTimed) return;
    this.end();
    // Authentication is part of the handshake; all other phases follow it.
    if (name !== "auth") this.#tellHandshake();
    if (this.#phases.length === MOST_PHASES) return;
    const start = performance.now();
    this.#phases.push({ name, start, end: undefined, hasFailed: false });
  }

  /** Ends the current phase, if any. */
  end(): void {
    const phase = this.#phases.at(-1);
    if (phase === undefined || phase.end !== undefined) return;
    phase.end = performance.now();
    if (phase.hasFailed) return;
    this.#ends.onTime(phase.name, phase.end - phase.start);
  }

  /**
   * Notes that it failed in its current phase.
   *
   * @param reason The reason for the refusal, if it is refused.
   */
  fail(reason: RefusalReason | undefined): void {
    const phase = this.#phases.at(-1);
    if (phase !== undefined && phase.end === undefined) phase.hasFailed = true;
    this.end();
    this.reason = reason;
  }

  /** Resets it for the next request of the same connection. */
  restart(): void {
    this.#isAsked = true;
    this.#phases = [];
    this.reason = undefined;
    this.isRanked = false;
  }

  /**
   * Reports a request that has ended.
   *
   * @param event Its log event.
   */
  endRequest(event: ConnectionEvent): void {
    this.end();
    this.#ends.onRequest(this, event);
  }

  /**
   * Reports how it ended, although it is not closed yet. Only the first call
   * counts.
   *
   * @param isTold Whether its requests have reported everything.
   */
  conclude(isTold: boolean): void {
    if (this.#isConcluded) return;
    this.#isConcluded = true;
    this.end();
    this.#ends.onConclude(this, isTold);
  }

  /**
   * Reports that it is closed, and how it ended unless already reported.
   *
   * @param isTold Whether its requests have reported everything.
   */
  leave(isTold: boolean): void {
    this.end();
    this.#ends.onLeave(this);
    this.conclude(isTold);
  }

  /**
   * Ends the connection.
   *
   * @param reason The reason for the log.
   */
  kill(reason: Error): void {
    this.session.context.cancel(reason);
  }

  /** Reports the handshake once, and only if the request is known. */
  #tellHandshake(): void {
    if (this.#isAsked || this.#handshake === undefined) return;
    this.#isAsked = true;
    this.#ends.onTime("handshake", this.#handshake);
  }
}
