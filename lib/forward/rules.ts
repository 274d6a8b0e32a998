/**
 * The rules of a relay: on the client's address, its certificate, the time and
 * the server that it asks for in TLS.
 *
 * @module
 */

import { Refusal } from "../policy/limits/refusal.ts";
import type { Question } from "../policy/rules/question.ts";
import type { RuleBook, Rules } from "../policy/rules/rules.ts";
import type { ConnectionServices } from "../serve/connection_services.ts";
import type { Session } from "../serve/session.ts";
import { askerOf } from "../serve/target/asker.ts";

/** What a relay with rules works with. */
export interface RuledServices extends ConnectionServices {
  /** Who may come; `undefined` is everyone. */
  rules?: RuleBook | undefined;
}

/** What a rule of a relay can say: the rest is fixed by its configuration. */
export const FORWARD_WORDS: readonly string[] = [
  "client",
  "user",
  "listener",
  "name",
  "day",
  "time",
  "zone",
  "message",
];

/**
 * Refuses a client that the rules deny.
 *
 * @param session The client; its identity and its server name are known.
 * @throws {Refusal} `forbidden`, saying which rule decided.
 */
export function requireAllowed(session: Session<RuledServices>): void {
  const { local, record, serverName, services } = session;
  const { rules, sessions } = services;
  if (rules === undefined) return;
  const question: Question = {
    ...askerOf(session),
    command: "connect",
    target: { name: serverName, port: local.port },
    isGuarded: false,
  };
  // No rule of a relay depends on an address, so that there is a verdict.
  const judge = (current: Rules) => current.decideName(question)!;
  const { isAllowed, reason, rule, wouldDeny } = judge(rules.current);
  if (serverName !== undefined) record.name = serverName;
  if (!isAllowed || rule !== "default") record.rule = rule;
  if (!isAllowed) throw new Refusal("forbidden", reason);
  if (wouldDeny !== undefined) record.wouldDeny = wouldDeny;
  if (sessions !== undefined) session.permit = { judge };
}
