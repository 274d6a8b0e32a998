/**
 * Connections that are judged again when what they were let in by changes:
 * users, certificates or rules.
 *
 * @module
 */

import { countOf } from "../../observe/count_of.ts";
import type { ConnectionEvent, LogEvent } from "../../observe/log_event.ts";
import { Refusal } from "../../policy/limits/refusal.ts";
import type { Rules, Verdict } from "../../policy/rules/rules.ts";
import type { Identity } from "../../policy/users/identity.ts";
import { Bag, type BagEntry } from "../../sync/bag.ts";
import type { Context } from "../../sync/context.ts";

/** Milliseconds of judging until everything else has its turn. */
const SLICE = 8;

/** What a connection was allowed, as far as the rules can be asked again. */
export interface Permit {
  /**
   * Asks the rules about what was dialled.
   *
   * @param rules The rules.
   * @returns The verdict; `undefined` if they cannot tell without an address.
   */
  judge(rules: Rules): Verdict | undefined;
}

/** A connection that can be judged again. */
export interface JudgedSession {
  /** Who the client is. */
  readonly identity: Identity | undefined;
  /** What it was allowed; `undefined` before that. */
  readonly permit: Permit | undefined;
  /** What will be logged. */
  readonly record: ConnectionEvent;
  /** Ends it when cancelled. */
  readonly context: Context;
}

/** Why a connection would be refused now. */
export interface Revocation {
  /** Label of the rule, if a rule decides. */
  readonly rule?: string;
  /** Why, in words. */
  readonly reason: string;
}

/**
 * Judges a connection by what is in force now.
 *
 * @param session The connection.
 * @returns Why it would be refused; `undefined` if it would not.
 */
export type JudgeSession = (
  session: JudgedSession,
) => Revocation | undefined | Promise<Revocation | undefined>;

/** The open connections of a server, and of those whose place it has taken. */
export class OpenSessions {
  readonly #sessions = new Bag<JudgedSession>();
  readonly #judge: JudgeSession;
  readonly #log: (event: LogEvent) => void;
  /** Those of servers whose place this one has taken. */
  #before: OpenSessions[] = [];
  #review: Promise<void> | undefined;
  #isStale = false;

  /**
   * Begins with none.
   *
   * @param judge Judges one.
   * @param log Takes what there is to log.
   */
  constructor(judge: JudgeSession, log: (event: LogEvent) => void) {
    this.#judge = judge;
    this.#log = log;
  }

  /**
   * Takes in a connection.
   *
   * @param session The connection.
   * @returns Its place, to take it out again.
   */
  add(session: JudgedSession): BagEntry {
    return this.#sessions.add(session);
  }

  /**
   * Takes the place of another server: its connections are judged by what is in
   * force here from now on.
   *
   * @param other The connections of that server.
   * @returns When they are judged.
   */
  follow(other: OpenSessions): Promise<void> {
    this.#before = [...this.#before, ...other.#before, other]
      .filter((one) => !one.#sessions.isEmpty);
    other.#before = [];
    return this.review();
  }

  /**
   * Judges all of them, in slices of a few milliseconds, and ends those that
   * would be refused. A change meanwhile begins again.
   *
   * @returns When all are judged.
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
      // It may have ended in another's turn.
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
    this.#log({
      event: "message",
      level: "info",
      code: "tunnels-cut",
      message,
    });
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
