/**
 * Asks rules about the connections of a log.
 *
 * @module
 */

import type { LoggedConnection } from "../../observe/logged_connection.ts";
import { type IpAddress, parseIpAddress } from "../../wire/ip_address.ts";
import type { IsOwn } from "./address_guard.ts";
import { isPublic, parseClient, parseListener } from "./parse_question.ts";
import type { Question, RuleCommand } from "./question.ts";
import { isOfProxy, splitTarget } from "./reached_fact.ts";
import type { Rules, Verdict } from "./rules.ts";

/** How the rules compare with what happened. */
export type Change =
  /** Allowed then and now. */
  | "allowed"
  /** Denied then and now. */
  | "denied"
  | "newly denied"
  | "newly allowed"
  /** It depends on an address, and the log has none. */
  | "undecided"
  /** The rules did not decide: another refusal, or no request. */
  | "other";

/** Connections with the same change. */
export interface ReplayGroup {
  /** The change. */
  readonly change: Change;
  /** The user, if newly denied or allowed. */
  readonly user: string | undefined;
  /** The target, if newly denied or allowed. */
  readonly target: string;
  /** The rule that decides; `undefined` if none does. */
  readonly rule: string | undefined;
  /** Number of connections. */
  count: number;
}

/** Options for {@linkcode RuleReplay}. */
export interface ReplayOptions {
  /**
   * Whether the guard applies to listeners that other machines can reach
   * (default true).
   */
  isGuarded?: boolean;
  /** Tells which addresses this machine has (default: none). */
  isOwn?: IsOwn;
  /** Sets the clock of the rules, in milliseconds since 1970. */
  setTime: (time: number) => void;
  /** Most distinct groups (default 10,000). */
  most?: number;
}

/** The rules' answer for one connection. */
type Answer = Pick<Verdict, "isAllowed" | "rule"> | undefined;

/** Compares rules with a log. */
export class RuleReplay {
  /** Number of connections by change. */
  readonly counts: Record<Change, number> = {
    "allowed": 0,
    "denied": 0,
    "newly denied": 0,
    "newly allowed": 0,
    "undecided": 0,
    "other": 0,
  };
  /** Number of connections that each rule decides, by label. */
  readonly used = new Map<string, number>();
  readonly #rules: Rules;
  readonly #options: ReplayOptions;
  readonly #groups = new Map<string, ReplayGroup>();

  /**
   * Starts without connections.
   *
   * @param options Clock and guard.
   */
  constructor(rules: Rules, options: ReplayOptions) {
    this.#rules = rules;
    this.#options = options;
  }

  /**
   * Judges a connection.
   *
   * @returns Its group, which does not count it yet.
   */
  judge(connection: LoggedConnection): ReplayGroup {
    const was = wasAllowed(connection);
    if (was === undefined) return this.#group("other", connection, undefined);
    const answer = this.#answer(connection);
    if (answer === "no question") {
      return this.#group("other", connection, undefined);
    }
    if (answer === undefined) {
      return this.#group("undecided", connection, undefined);
    }
    const { isAllowed, rule } = answer;
    const kept = isAllowed ? "allowed" : "denied";
    const change = was === isAllowed ? kept : `newly ${kept}` as const;
    return this.#group(change, connection, rule);
  }

  /** Counts a connection. */
  count(group: ReplayGroup): void {
    const { change, rule } = group;
    group.count++;
    this.counts[change]++;
    if (rule === undefined) return;
    this.used.set(rule, (this.used.get(rule) ?? 0) + 1);
  }

  /**
   * Lists the groups with one change.
   *
   * @returns The groups, the largest first.
   */
  groups(change: Change): ReplayGroup[] {
    return [...this.#groups.values()]
      .filter((group) => group.change === change && group.count > 0)
      .sort((a, b) => b.count - a.count);
  }

  /** If datagrams have several targets, a denial of one decides. */
  #answer(connection: LoggedConnection): Answer | "no question" {
    const questions = questionsOf(connection, this.#options);
    if (questions.length === 0) return "no question";
    this.#options.setTime(connection.startedAt);
    const answers = questions.map(({ question, ip }) =>
      this.#rules.decideName(question) ??
        (ip && this.#rules.decideAddress(question, ip))
    );
    const denied = answers.find((answer) => answer?.isAllowed === false);
    if (denied !== undefined || answers.includes(undefined)) return denied;
    return answers[0];
  }

  #group(
    change: Change,
    { target = "", user }: LoggedConnection,
    rule: string | undefined,
  ): ReplayGroup {
    const isTold = change.startsWith("newly");
    const most = this.#options.most ?? 10_000;
    const who = isTold && this.#groups.size < most ? { user, target } : {};
    const { user: name, target: to = "" } = who as Partial<ReplayGroup>;
    const key = JSON.stringify([change, name ?? null, to, rule]);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = { change, user: name, target: to, rule, count: 0 };
    this.#groups.set(key, group);
    return group;
  }
}

/** The log names the rule only for connections that rules refused. */
function wasAllowed(
  { result, rule }: LoggedConnection,
): boolean | undefined {
  if (result === "refused") return rule === undefined ? undefined : false;
  return result === "dropped" ? undefined : true;
}

/** A question and its address. */
interface Asked {
  question: Question;
  ip: IpAddress | undefined;
}

function questionsOf(
  connection: LoggedConnection,
  { isGuarded = true, isOwn }: ReplayOptions,
): Asked[] {
  const { command, protocol, target, via } = connection;
  const place = placeOf(connection);
  if (place === undefined || !isOfProxy(protocol)) return [];
  const usual: RuleCommand = protocol === "http" ? "http" : "connect";
  const ask = {
    ...place,
    user: connection.user,
    command: command ?? usual,
    isGuarded: isGuarded && isPublic(place.listener),
    ...(isOwn && { isOwn }),
  };
  const isUdp = command === "udp";
  const reached = isUdp || via !== undefined
    ? undefined
    : splitTarget(connection.address);
  const known = reached && parseIpAddress(reached.host);
  const targets = isUdp ? connection.targets ?? [] : [target];
  const questions = targets.flatMap((text) => {
    const to = splitTarget(text);
    if (to === undefined) return [];
    const ip = parseIpAddress(to.host);
    const isPeer = command === "bind" && known !== undefined;
    const name = ip === undefined ? to.host : undefined;
    const question = { ...ask, target: { name, port: to.port } };
    return [{ question, ip: isPeer ? known : ip ?? known }];
  });
  if (!isUdp) return questions;
  // Whether any datagram may go is asked before the first one.
  const isAsked = questions.length > 0;
  const ahead = { question: { ...ask, target: undefined }, ip: undefined };
  return isAsked ? questions : [ahead];
}

/** The client and listener; `undefined` if they are not Sluice's format. */
function placeOf(
  { client, listener }: LoggedConnection,
): Pick<Question, "client" | "listener"> | undefined {
  try {
    const from = client === "unix" ? client : splitTarget(client)?.host;
    if (from === undefined) return undefined;
    return { client: parseClient(from), listener: parseListener(listener) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
