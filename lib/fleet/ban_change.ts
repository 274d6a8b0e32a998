/**
 * What machines of a fleet tell each other about bans.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { formatSpan } from "../observe/span.ts";
import type { FailureOutcome } from "../policy/users/bans.ts";
import type { FailureRules } from "../policy/users/failure_table.ts";
import type { BanAction } from "../policy/users/replicated_bans.ts";
import { banEvents } from "../serve/limits/ban_events.ts";
import type { FleetChange } from "./pulse.ts";

/** What begins with a decision; empty for nothing. */
export interface BegunBans {
  /** Key of the client; empty for none. */
  readonly client: string;
  /** Name as sent; empty for none. */
  readonly user: string;
  /** The ban that begins: duration and failures. */
  readonly ban: string | null | false;
  /** The attack that begins: duration and failures. */
  readonly attack: string | null | false;
}

/** A change of bans, from any machine. */
export interface BanChange extends FleetChange {
  /** Name of the list. */
  readonly scope: string;
  /** What has happened. */
  readonly act: BanAction["act"];
  /** Key of the client; empty for none. */
  readonly client: string;
  /** Name as sent; empty for none. */
  readonly user: string;
  /** State of the client afterwards. */
  readonly ofClient: string | false;
  /** State of the name afterwards. */
  readonly ofUser: string | false;
  /** The ban that begins: duration and failures. */
  readonly ban: string | false;
  /** The attack that begins: duration and failures. */
  readonly attack: string | false;
  /** Milliseconds for which an operator bans the client; 0 without such an order. */
  readonly order: number;
}

/**
 * Lists what to log of a change of another machine.
 *
 * @param change The change.
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

/** What an operator has ordered there. */
function orderOf({ act, client, node, order, user }: BanChange): LogEvent[] {
  const say = (
    code: "fleet-ban-lifted" | "fleet-client-banned",
    what: string,
  ): LogEvent[] => {
    const message = `An operator of ${node} ${what}`;
    return [{ event: "message", level: "info", code, message }];
  };
  if (act === "ban") {
    return say(
      "fleet-client-banned",
      `banned ${client} for ${formatSpan(order)}`,
    );
  }
  if (act === "lift") {
    return say(
      "fleet-ban-lifted",
      `ended the ban of ${JSON.stringify(client)}`,
    );
  }
  return act === "calm"
    ? say("fleet-ban-lifted", `ended the attack on ${JSON.stringify(user)}`)
    : [];
}

/**
 * Reads what has begun with a decision of Redis.
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
