/**
 * One connection as an operator sees it while it is open: how far it is, what
 * it has carried, what took how long. There is one only where somebody watches.
 *
 * @module
 */

import type { ConnectionEvent } from "../observe/log_event.ts";
import type { Context } from "../sync/context.ts";
import type { RefusalReason } from "./refusal_reason.ts";

/** What a connection does one after the other, as far as it is timed. */
export type PhaseName = "auth" | "rule" | "resolve" | "dial" | "tunnel";

/** One of them, by `performance.now()`. */
export interface Phase {
  /** What was done. */
  readonly name: PhaseName;
  /** When it began. */
  readonly start: number;
  /** When it ended; `undefined` while it goes on. */
  end: number | undefined;
  /** Whether it ended by failing. */
  hasFailed: boolean;
}

/** How far a connection is. */
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

/** What is watched. */
export interface WatchedSession {
  /** What will be logged. */
  readonly record: ConnectionEvent;
  /** Ends it when cancelled. */
  readonly context: Context;
}

/** What is timed: a phase that succeeded, or all until a whole request. */
export type TimedName = PhaseName | "handshake";

/** Told how a connection goes on. */
export interface LiveEnds {
  /** Something of it is done, and took so many milliseconds. */
  onTime(name: TimedName, milliseconds: number): void;
  /** A request of it has ended, which is told for itself. */
  onRequest(live: LiveConnection, event: ConnectionEvent): void;
  /** It is closed. */
  onLeave(live: LiveConnection): void;
  /**
   * Its record is complete: when it is closed, or before its farewell.
   *
   * @param isTold Whether all there is to tell was told by its requests.
   */
  onConclude(live: LiveConnection, isTold: boolean): void;
}

/** Phases that are kept; a connection that has more is in a loop. */
const MOST_PHASES = 16;

const NOTHING: Carried = { sent: 0, received: 0 };

/** A connection while it is open. */
export class LiveConnection {
  /** Number of it. */
  readonly id: number;
  /** What it is. */
  readonly session: WatchedSession;
  /** What it was refused for, once it was. */
  reason: RefusalReason | undefined;
  /** Whether one direction of its tunnel has ended. */
  isHalfClosed = false;

  readonly #ends: LiveEnds;
  #isOpen = false;
  readonly #accepted = performance.now();
  #handshake: number | undefined;
  #isAsked = false;
  #phases: Phase[] = [];
  #before = NOTHING;
  #read: (() => Carried) | undefined;
  #isConcluded = false;

  /**
   * Begins to watch a connection.
   *
   * @param ends Told how it goes on.
   */
  constructor(id: number, session: WatchedSession, ends: LiveEnds) {
    this.id = id;
    this.session = session;
    this.#ends = ends;
  }

  /** How far it is. */
  get state(): LiveState {
    const { context, record } = this.session;
    // With its duration known, only the farewell is left.
    if (context.cancelled || record.duration > 0) return "closing";
    if (this.isHalfClosed) return "half-closed";
    if (this.#isOpen || record.address !== undefined) return "open";
    return record.target === undefined ? "handshake" : "connecting";
  }

  /** Bytes that it has carried so far. */
  get carried(): Carried {
    if (this.#read === undefined) return this.#before;
    const { sent, received } = this.#read();
    const before = this.#before;
    return { sent: before.sent + sent, received: before.received + received };
  }

  /** What it has done so far, in order. */
  get phases(): readonly Phase[] {
    return this.#phases;
  }

  /**
   * Says where to read what it carries, from now on.
   *
   * @param read Reads bytes each way, from 0.
   */
  meter(read: () => Carried): void {
    this.#before = this.carried;
    this.#read = read;
  }

  /**
   * Adds bytes that no meter has seen.
   *
   * @param sent To the target.
   * @param received From it.
   */
  add(sent: number, received: number): void {
    const { sent: up, received: down } = this.#before;
    this.#before = { sent: up + sent, received: down + received };
  }

  /** Says that it carries bytes from now on. */
  open(): void {
    this.#isOpen = true;
    this.#tellHandshake();
  }

  /** Says that what the client wants is known. */
  endHandshake(): void {
    this.#handshake ??= performance.now() - this.#accepted;
  }

  /**
   * Begins a phase; the one before ends.
   *
   * @param name What is done.
   */
  begin(name: PhaseName): void {
    this.end();
    // Logging in is part of the handshake; what else there is comes after.
    if (name !== "auth") this.#tellHandshake();
    if (this.#phases.length === MOST_PHASES) return;
    const start = performance.now();
    this.#phases.push({ name, start, end: undefined, hasFailed: false });
  }

  /** Ends the phase that goes on, where one does. */
  end(): void {
    const phase = this.#phases.at(-1);
    if (phase === undefined || phase.end !== undefined) return;
    phase.end = performance.now();
    if (phase.hasFailed) return;
    this.#ends.onTime(phase.name, phase.end - phase.start);
  }

  /**
   * Notes that it failed; so did the phase that goes on.
   *
   * @param reason What it is refused for, where it is.
   */
  fail(reason: RefusalReason | undefined): void {
    const phase = this.#phases.at(-1);
    if (phase !== undefined && phase.end === undefined) phase.hasFailed = true;
    this.end();
    this.reason = reason;
  }

  /** Begins anew, for the next request of the same connection. */
  restart(): void {
    this.#isAsked = true;
    this.#phases = [];
    this.reason = undefined;
  }

  /**
   * Tells of a request that has ended.
   *
   * @param event What was logged of it.
   */
  endRequest(event: ConnectionEvent): void {
    this.end();
    this.#ends.onRequest(this, event);
  }

  /**
   * Tells how it has ended, although it is not closed yet. Only the first call
   * counts.
   *
   * @param isTold Whether its requests have told all.
   */
  conclude(isTold: boolean): void {
    if (this.#isConcluded) return;
    this.#isConcluded = true;
    this.end();
    this.#ends.onConclude(this, isTold);
  }

  /**
   * Tells that it is closed, and how it has ended where that was not told.
   *
   * @param isTold Whether its requests have told all.
   */
  leave(isTold: boolean): void {
    this.end();
    this.#ends.onLeave(this);
    this.conclude(isTold);
  }

  /**
   * Ends it.
   *
   * @param reason Why, for the log.
   */
  kill(reason: Error): void {
    this.session.context.cancel(reason);
  }

  /** Once, and only where the client has said what it wants. */
  #tellHandshake(): void {
    if (this.#isAsked || this.#handshake === undefined) return;
    this.#isAsked = true;
    this.#ends.onTime("handshake", this.#handshake);
  }
}
