/**
 * One ordered list that says who may go where: the first rule that matches
 * decides, behind the last one the address guard, then the default.
 *
 * @module
 */

import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import type { Action, Rule } from "./parse_rule.ts";
import { type Question, Subject } from "./question.ts";

/** Options for {@linkcode Rules}. */
export interface RulesOptions {
  /** What holds where no rule matches (default `allow`). */
  fallback?: Action;
  /** Tells the time in milliseconds since 1970 (default `Date.now`). */
  now?: () => number;
  /** Names of parents that rules can name; `any` to judge a file alone (default none). */
  parents?: ReadonlySet<string> | "any";
}

/** An answer. */
export interface Verdict {
  /** Whether the client may. */
  readonly isAllowed: boolean;
  /** Which rule says so: its label, `guard` or `default`. */
  readonly rule: string;
  /** That in words, for the client and the log. */
  readonly reason: string;
  /** Name of the parent to go through, or `direct`; where the rule says so. */
  readonly via?: string | undefined;
}

/** A row of a listing. */
export interface RuleRow {
  /** What the rule is called. */
  readonly label: string;
  /** What it says. */
  readonly text: string;
}

const DEFAULTS: Readonly<Record<Action, Verdict>> = {
  allow: { isAllowed: true, rule: "default", reason: "Allowed by default" },
  deny: {
    isAllowed: false,
    rule: "default",
    reason: "Denied by default: no rule allows it",
  },
};

/** An ordered list of rules. It never changes. */
export class Rules {
  readonly #rules: readonly Rule[];
  readonly #fallback: Action;
  readonly #now: () => number;

  /**
   * Makes a list.
   *
   * @param rules The rules in their order.
   * @param options Default and clock.
   */
  constructor(rules: readonly Rule[] = [], options: RulesOptions = {}) {
    this.#rules = rules;
    this.#fallback = options.fallback ?? "allow";
    this.#now = options.now ?? Date.now;
  }

  /** How many rules there are, without the guard and the default. */
  get size(): number {
    return this.#rules.length;
  }

  /** The rules in their order. */
  get rules(): readonly Rule[] {
    return this.#rules;
  }

  /** What holds if no rule matches. */
  get fallback(): Action {
    return this.#fallback;
  }

  /** Whether it allows everything, but for what the guard refuses. */
  get isOpen(): boolean {
    return this.#rules.length === 0 && this.#fallback === "allow";
  }

  /**
   * Decides as far as that can be done before the address is known. What is
   * denied here is denied for every address, so that a name need not be
   * resolved.
   *
   * @param question What is asked.
   * @returns The verdict, or `undefined` where it depends on the address.
   */
  decideName(question: Question): Verdict | undefined {
    return this.#walk(new Subject(question, undefined, this.#now));
  }

  /**
   * Decides about one address.
   *
   * @param question What is asked, its target known.
   * @param ip Address that would be dialled.
   * @returns The verdict.
   */
  decideAddress(question: Question, ip: IpAddress): Verdict {
    // With the address there is nothing left that it could depend on.
    return this.#walk(new Subject(question, ip, this.#now))!;
  }

  /**
   * Lists the rules as they hold.
   *
   * @param isGuarded Whether to list the address guard.
   * @returns The rules in their order, the default last.
   */
  list(isGuarded: boolean): RuleRow[] {
    const guard = {
      label: "guard",
      text:
        "deny this machine's own addresses and special ones: loopback, private, link-local and others",
    };
    return [
      ...this.#rules.map(({ label, text }) => ({ label, text })),
      ...(isGuarded ? [guard] : []),
      { label: "default", text: this.#fallback },
    ];
  }

  #walk(subject: Subject): Verdict | undefined {
    let mayAllow = false;
    let mayDeny = false;
    for (const rule of this.#rules) {
      const match = matches(rule, subject);
      if (match === false) continue;
      if (match === undefined) {
        if (rule.action === "allow") mayAllow = true;
        else mayDeny = true;
      } else if (rule.action === "deny") {
        return mayAllow ? undefined : verdictOf(rule);
      } else {
        return mayAllow || mayDeny ? undefined : verdictOf(rule);
      }
    }
    const range = subject.guarded;
    if (range !== undefined) return guardVerdict(subject.address!, range);
    if (this.#fallback === "deny") return mayAllow ? undefined : DEFAULTS.deny;
    return mayAllow || mayDeny || isGuardAhead(subject)
      ? undefined
      : DEFAULTS.allow;
  }
}

/** The list in force. Replacing it is one assignment; what is open stays so. */
export interface RuleBook {
  /** The list that is asked from now on. */
  current: Rules;
}

/** Whether a rule matches; `undefined` where that depends on what is unknown. */
function matches(rule: Rule, subject: Subject): boolean | undefined {
  let all: true | undefined = true;
  for (const test of rule.tests) {
    const holds = test(subject);
    if (holds === false) return false;
    if (holds === undefined) all = undefined;
  }
  if (all === undefined || rule.action === "deny") return all;
  // To allow everything is not to allow the metadata service.
  if (isGuardAhead(subject)) return undefined;
  return subject.guarded === undefined || rule.lifts?.(subject) === true;
}

/** Whether the guard may refuse the address, once that is known. */
function isGuardAhead({ address, question }: Subject): boolean {
  return question.isGuarded && address === undefined;
}

function verdictOf({ action, label, via }: Rule): Verdict {
  return action === "allow"
    ? {
      isAllowed: true,
      rule: label,
      reason: `Allowed by rule ${label}`,
      ...(via === undefined ? {} : { via }),
    }
    : { isAllowed: false, rule: label, reason: `Denied by rule ${label}` };
}

function guardVerdict(ip: IpAddress, range: string): Verdict {
  return {
    isAllowed: false,
    rule: "guard",
    reason: `Address ${
      formatIpAddress(ip)
    } is ${range} (guard); a rule with 'to' that covers it would allow it`,
  };
}
