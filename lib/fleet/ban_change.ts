/**
 * Changes of bans that the machines of a fleet send each other.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import { formatSpan } from "../observe/format_span.ts";
import type { FailureOutcome } from "../policy/users/bans.ts";
import type { FailureRules } from "../policy/users/failure_table.ts";
import type { BanAction } from "../policy/users/replicated_bans.ts";
import { banEvents } from "../serve/limits/ban_events.ts";
import type { FleetChange } from "./pulse.ts";

/** The bans and attacks that begin with a decision; empty if none do. */
export interface BegunBans {
  /** Key of the client; empty if no client is concerned. */
  readonly client: string;
  /** Name as sent; empty if no user is concerned. */
  readonly user: string;
  /**
   * Duration and failures of the ban that begins; otherwise `null` or `false`.
   */
  readonly ban: string | null | false;
  /**
   * Duration and failures of the attack that begins; otherwise `null` or
   * `false`.
   */
  readonly attack: string | null | false;
}

/** A change of bans on any machine. */
export interface BanChange extends FleetChange, BegunBans {
  /** Name of the list. */
  readonly scope: string;
  /** The event that caused it. */
  readonly act: BanAction["act"];
  /** State of the client afterwards; `false` if nothing is stored. */
  readonly ofClient: string | false;
  /** State of the name afterwards; `false` if nothing is stored. */
  readonly ofUser: string | false;
  /**
   * Milliseconds of a ban by an operator; 0 if no operator banned the client.
   */
  readonly order: number;
}

/**
 * Returns the log events for a change on another machine.
 *
 * @param rules The rules of its list.
 */
export function changeEvents(
  change: BanChange,
  rules: FailureRules,
): LogEvent[] {
  const { node } = change;
  const events = banEvents(outcomeOf(change, rules));
  return [
    ...events.map((event) => fromNode(event, node)),
    ...orderOf(change),
  ];
}

/** Returns the log events for an order of an operator on that machine. */
function orderOf(change: BanChange): LogEvent[] {
  const what = describeOrder(change);
  if (what === undefined) return [];
  const message = `An operator of ${change.node} ${what}`;
  const code = change.act === "ban"
    ? "fleet-client-banned"
    : "fleet-ban-lifted";
  return [messageEvent("info", code, message)];
}

function describeOrder(
  { act, client, order, user }: BanChange,
): string | undefined {
  if (act === "ban") return `banned ${client} for ${formatSpan(order)}`;
  if (act === "lift") return `ended the ban of ${JSON.stringify(client)}`;
  return act === "calm"
    ? `ended the attack on ${JSON.stringify(user)}`
    : undefined;
}

/**
 * Reads the bans and attacks that begin with a decision of Redis.
 *
 * @param decision The decision; each text is a duration and a number.
 * @param rules The rules that it followed.
 */
export function outcomeOf(
  { attack, ban, client, user }: BegunBans,
  { after, window }: FailureRules,
): FailureOutcome {
  const begun = parseBegun(ban);
  const attacked = parseBegun(attack);
  const isForName = begun !== undefined && begun.failures < after;
  return {
    ban: begun && {
      event: "ban",
      code: isForName ? "guesser-banned" : "client-banned",
      ...{ client, ...begun, window },
      ...isForName ? { user } : {},
    },
    attack: attacked && { user, ...attacked, window },
  };
}

function parseBegun(
  text: string | null | false,
): { duration: number; failures: number } | undefined {
  if (!text) return undefined;
  const [duration, failures] = text.split(" ").map(Number);
  return { duration: duration!, failures: failures! };
}

function fromNode(event: LogEvent, node: string): LogEvent {
  if (event.event === "ban") return { ...event, node };
  if (event.event !== "message") return event;
  return { ...event, message: `${event.message} (from ${node})` };
}
