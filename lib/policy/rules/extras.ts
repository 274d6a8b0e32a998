/**
 * The clauses of a rule that are not conditions: the parent, the message and
 * the protocol.
 *
 * @module
 */

import { quote } from "../../wire/quote.ts";
import type { Clause } from "./clauses.ts";
import { LineError } from "./line.ts";

const VIA = "via";
const MESSAGE = "message";
const ANY_PROTOCOL = "any-protocol";

/** Most characters of a message, so that it fits a log line. */
const MOST_MESSAGE = 200;

/** Actions of rules. */
export type Action = "allow" | "deny";

/** Names allowed after `via`; `any` accepts all, to check a file alone. */
export type KnownParents = ReadonlySet<string> | "any";

/** The clauses of a rule that are not conditions. */
export interface RuleExtras {
  /** Name of the parent, or `direct`; `undefined` without `via`. */
  readonly via: string | undefined;
  /** Message for the client and the log if it denies. */
  readonly message: string | undefined;
  /** Whether it allows connections without a name while names are checked. */
  readonly isAnyProtocol: boolean;
}

/**
 * Parses the clauses that are not conditions.
 *
 * @param clauses All clauses of the rule.
 * @param action The rule's action.
 * @param parents Names allowed after `via`, besides `direct`.
 * @throws {LineError} If a clause is malformed or does not fit the action.
 */
export function parseExtras(
  clauses: readonly Clause[],
  action: Action,
  parents: KnownParents = new Set(),
): RuleExtras {
  const find = (name: string) => clauses.find(({ word }) => word === name);
  const anyProtocol = find(ANY_PROTOCOL);
  if (anyProtocol !== undefined && action === "deny") {
    throw new LineError(
      anyProtocol.column,
      "expected no 'any-protocol': only rules that allow can have it",
    );
  }
  return {
    via: parseVia(find(VIA), action, parents),
    message: parseMessage(find(MESSAGE), action),
    isAnyProtocol: anyProtocol !== undefined,
  };
}

function parseVia(
  via: Clause | undefined,
  action: Action,
  parents: KnownParents,
): string | undefined {
  if (via === undefined) return undefined;
  const [{ text, column }, second] = via.values;
  if (action === "deny") {
    throw new LineError(
      via.column,
      "expected no 'via': a rule that denies sends nothing anywhere",
    );
  }
  if (second !== undefined) {
    throw new LineError(second.column, "expected one parent");
  }
  if (text === "direct" || parents === "any" || parents.has(text)) return text;
  const known = ["direct", ...parents].join(", ");
  throw new LineError(
    column,
    `${quote(text)} is not a parent: expected ${known}`,
  );
}

function parseMessage(
  message: Clause | undefined,
  action: Action,
): string | undefined {
  if (message === undefined) return undefined;
  if (action === "allow") {
    throw new LineError(
      message.column,
      "expected no 'message': only rules that deny can have one",
    );
  }
  const [{ text, column, isQuoted }, second] = message.values;
  if (!isQuoted || second !== undefined) {
    throw new LineError(
      second?.column ?? column,
      'expected one text in quotes, as in message "Ask the help desk"',
    );
  }
  // deno-lint-ignore no-control-regex
  if (text === "" || /[\u0000-\u001f\u007f-\u009f]/.test(text)) {
    throw new LineError(column, "expected a text without control characters");
  }
  if (text.length <= MOST_MESSAGE) return text;
  throw new LineError(
    column,
    `the message has ${text.length} characters; at most ${MOST_MESSAGE} are allowed`,
  );
}
