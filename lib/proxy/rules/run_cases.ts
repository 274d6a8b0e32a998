/**
 * Asks rules all questions of a table.
 *
 * @module
 */

import { DialError } from "../../net/dial_error.ts";
import { isOwnAddress } from "../../net/own_addresses.ts";
import { isPublic } from "../../policy/rules/parse_question.ts";
import type { RuleCase } from "../../policy/rules/case_table.ts";
import type { Question } from "../../policy/rules/question.ts";
import type { Rules, Verdict } from "../../policy/rules/rules.ts";
import { formatHostPort } from "../../wire/host_port.ts";
import { type IpAddress, parseIpAddress } from "../../wire/ip_address.ts";

/** The context of the questions. */
export interface CaseSurroundings {
  /** Default values of a question; its target is ignored. */
  defaults: Question;
  /** Whether the guard applies to listeners that other machines can reach. */
  isGuarded: boolean;
  /** Whether the guard applies to all listeners. */
  isAlwaysGuarded: boolean;
  /** Default time, in milliseconds since 1970. */
  now: number;
  /** Sets the clock of the rules. */
  setTime: (time: number) => void;
  /** Resolves a name, or returns the error. */
  lookUp: (name: string) => Promise<IpAddress[] | DialError>;
}

/** The rules' answer to a question. */
type Answer = Pick<Verdict, "isAllowed" | "reason"> | DialError;

/**
 * Asks rules every question of a table.
 *
 * @param cases The table.
 * @param surroundings The context of the questions.
 * @returns One line for each unexpected answer.
 */
export async function runCases(
  rules: Rules,
  cases: readonly RuleCase[],
  surroundings: CaseSurroundings,
): Promise<string[]> {
  const differences: string[] = [];
  for (const one of cases) {
    surroundings.setTime(one.time ?? surroundings.now);
    const answer = await answerTo(rules, one, surroundings);
    const what = describe(one);
    if (answer instanceof DialError) {
      differences.push(
        `${what}: expected ${one.expect}, but it depends on the address: ${answer.message}; a column 'address' can tell it`,
      );
    } else if (answer.isAllowed !== (one.expect === "allow")) {
      differences.push(`${what}: expected ${one.expect}: ${answer.reason}`);
    }
  }
  return differences;
}

async function answerTo(
  rules: Rules,
  one: RuleCase,
  surroundings: CaseSurroundings,
): Promise<Answer> {
  const ip = parseIpAddress(one.target);
  const question = questionOf(one, surroundings);
  if (ip !== undefined) return rules.decideAddress(question, ip);
  const early = rules.decideName(question);
  if (early !== undefined) return early;
  const found = one.address === undefined
    ? await surroundings.lookUp(one.target)
    : [one.address];
  if (found instanceof DialError) return found;
  const verdicts = found.map((ip) => rules.decideAddress(question, ip));
  return verdicts.find(({ isAllowed }) => isAllowed) ?? verdicts[0]!;
}

function questionOf(
  { client, command, listener, port, target, user }: RuleCase,
  { defaults, isAlwaysGuarded, isGuarded }: CaseSurroundings,
): Question {
  const place = listener ?? defaults.listener;
  const name = parseIpAddress(target) === undefined ? target : undefined;
  return {
    client: client === "unix" ? undefined : client ?? defaults.client,
    user: typeof user === "object" ? undefined : user ?? defaults.user,
    listener: place,
    command: command ?? defaults.command,
    target: { name, port },
    isGuarded: isGuarded && (isAlwaysGuarded || isPublic(place)),
    isOwn: isOwnAddress,
  };
}

function describe({ place, port, target, user }: RuleCase): string {
  const to = formatHostPort(parseIpAddress(target) ?? target, port);
  return typeof user === "string"
    ? `${place}: ${user} > ${to}`
    : `${place}: ${to}`;
}
