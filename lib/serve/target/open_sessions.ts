/**
 * Judges open connections again when users, certificates or rules change.
 *
 * @module
 */

import { countOf } from "../../observe/count_of.ts";
import type { ConnectionEvent, LogEvent } from "../../observe/log_event.ts";
import { messageEvent } from "../../observe/message_event.ts";
import { Refusal } from "../../policy/limits/refusal.ts";
import type { Rules, Verdict } from "../../policy/rules/rules.ts";
import type { Identity } from "../../policy/users/identity.ts";
import { Bag, type BagEntry } from "../../sync/bag.ts";
import type { Context } from "../../sync/context.ts";

/** Milliseconds of judging until other work gets its turn. */
const SLICE = 8;

/** The permission of a connection, which the rules can judge again. */
export interface Permit {
  /**
   * Asks rules about the dialled target.
   *
   * @returns The verdict; `undefined` if it depends on an unknown address.
   */
  judge(rules: Rules): Verdict | undefined;
}

/** A connection that can be judged again. */
export interface JudgedSession {
  /** The client's identity. */
  readonly identity: Identity | undefined;
  /** Its permission; `undefined` before the request. */
  readonly permit: Permit | undefined;
  /** Its log record. */
  readonly record: ConnectionEvent;
  /** Cancelling it ends the connection. */
  readonly context: Context;
}

/** Why a connection would be refused now. */
export interface Revocation {
  /** Label of the deciding rule, if any. */
  readonly rule?: string;
  /** The reason in words. */
  readonly reason: string;
}

/**
 * Judges a connection by the settings in force.
 *
 * @param session The connection.
 * @returns The reason for a refusal; `undefined` if it is allowed.
 */
export type JudgeSession = (
  session: JudgedSession,
) => Revocation | undefined | Promise<Revocation | undefined>;

/** The open connections of a server and of its predecessors. */
export class OpenSessions {
  readonly #sessions = new Bag<JudgedSession>();
  readonly #judge: JudgeSession;
  readonly #log: (event: LogEvent) => void;
  /** Connections of its predecessors. */
  #before: OpenSessions[] = [];
  #review: Promise<void> | undefined;
  #isStale = false;

  /**
   * Starts without connections.
   *
   * @param judge Judges one connection.
   * @param log Receives log events.
   */
  constructor(judge: JudgeSession, log: (event: LogEvent) => void) {
    this.#judge = judge;
    this.#log = log;
  }

  /**
   * Adds a connection.
   *
   * @param session The connection.
   * @returns Its entry, which removes it.
   */
  add(session: JudgedSession): BagEntry {
    return this.#sessions.add(session);
  }

  /**
   * Takes over the connections of a predecessor, and judges them by this
   * server's settings.
   *
   * @param other The predecessor's connections.
   * @returns Resolves once they are judged.
   */
  follow(other: OpenSessions): Promise<void> {
    this.#before = [...this.#before, ...other.#before, other]
      .filter((one) => !one.#sessions.isEmpty);
    other.#before = [];
    return this.review();
  }

  /**
   * Judges all connections in slices of a few milliseconds, and ends those that
   * are no longer allowed. Another change restarts it.
   *
   * @returns Resolves once all are judged.
   */
  review(): Promise<void> {
    this.#isStale = true;
    return this.#review ??= this.#reviewAll().finally(() => {
      this.#review = undefined;
    });
  }

  async #reviewAll(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      await this.#reviewOnce();
    }
  }

  async #reviewOnce(): Promise<void> {
    const all = [this, ...this.#before]
      .flatMap((one) => one.#sessions.toArray());
    let cut = 0;
    let start = performance.now();
    for (const session of all) {
      // It may have ended in the meantime.
      if (session.context.cancelled) continue;
      const judging = this.#judge(session);
      const why = judging instanceof Promise ? await judging : judging;
      if (why !== undefined && revoke(session, why)) cut++;
      if (performance.now() - start < SLICE) continue;
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      start = performance.now();
    }
    if (cut === 0) return;
    const message = `Cut ${cut} of ${
      countOf(all.length, "connection")
    }, because users, certificates or rules refuse ${
      cut === 1 ? "it" : "them"
    } now`;
    this.#log(messageEvent("info", "tunnels-cut", message));
  }
}

function revoke(
  { context, record }: JudgedSession,
  { reason, rule }: Revocation,
): boolean {
  if (context.cancelled) return false;
  if (rule !== undefined) record.rule = rule;
  context.cancel(new Refusal("revoked", `revoked: ${reason}`));
  return true;
}
