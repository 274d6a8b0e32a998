/**
 * One ordered list that says who may go where: the first rule that matches
 * decides, behind the last one the address guard, then the default.
 *
 * @module
 */

import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import type { Rule, RuleWords } from "./parse_rule.ts";
import type { Action } from "./rule_extras.ts";
import { type Question, Subject } from "./question.ts";

/** Options for {@linkcode Rules}. */
export interface RulesOptions extends RuleWords {
  /** What holds where no rule matches (default `allow`). */
  fallback?: Action;
  /** What is told when that denies (default nothing more). */
  fallbackMessage?: string;
  /** Whether that only reports what it would deny (default false). */
  isFallbackReported?: boolean;
  /** Whether all rules only report what they would deny (default false). */
  isReport?: boolean;
  /** Tells the time in milliseconds since 1970 (default `Date.now`). */
  now?: () => number;
}

/** What rules would deny if they did not only report it. */
export interface WouldDeny {
  /** Which rule says so: its label, `default` or `name-mismatch`. */
  readonly rule: string;
  /** That in words, for the log. */
  readonly reason: string;
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
  /** Whether what shows no name is allowed too, where names are checked. */
  readonly isAnyProtocol?: boolean;
  /** Whether it denies because a name is not shown, or is another one. */
  readonly isMismatch?: boolean;
  /** What would be denied if it was not only reported. */
  readonly wouldDeny?: WouldDeny;
}

/** A row of a listing. */
export interface RuleRow {
  /** What the rule is called. */
  readonly label: string;
  /** What it says. */
  readonly text: string;
}

const ALLOWED: Verdict = {
  isAllowed: true,
  rule: "default",
  reason: "Allowed by default",
};

/** An ordered list of rules. It never changes. */
export class Rules {
  /** Whether a rule asks for the name of the target. */
  readonly asksNames: boolean;
  readonly #rules: readonly Rule[];
  readonly #fallback: Action;
  readonly #fallbackMessage: string | undefined;
  readonly #isFallbackReported: boolean;
  readonly #isReport: boolean;
  readonly #now: () => number;

  /**
   * Makes a list.
   *
   * @param rules The rules in their order.
   * @param options Default and clock.
   */
  constructor(rules: readonly Rule[] = [], options: RulesOptions = {}) {
    this.#rules = rules;
    this.asksNames = rules.some(({ asksName }) => asksName);
    const { fallback = "allow", isReport = false } = options;
    this.#fallback = fallback;
    this.#fallbackMessage = options.fallbackMessage;
    this.#isFallbackReported = isReport || options.isFallbackReported === true;
    this.#isReport = isReport;
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
      ...this.#rules.map((rule) => ({
        label: rule.label,
        text: this.#reports(rule) && !rule.isReport
          ? `report ${rule.text}`
          : rule.text,
      })),
      ...(isGuarded ? [guard] : []),
      { label: "default", text: this.#fallbackText },
    ];
  }

  get #fallbackText(): string {
    const isReported = this.#fallback === "deny" && this.#isFallbackReported;
    const message = this.#fallbackMessage;
    return `${isReported ? "report " : ""}${this.#fallback}${
      message === undefined ? "" : ` message "${message}"`
    }`;
  }

  /** Whether what a rule denies is only reported. */
  #reports({ action, isReport }: Rule): boolean {
    return isReport || this.#isReport && action === "deny";
  }

  #walk(subject: Subject): Verdict | undefined {
    let mayAllow = false;
    let mayDeny = false;
    let wouldDeny: WouldDeny | undefined;
    for (const rule of this.#rules) {
      const match = matches(rule, subject);
      if (match === false) continue;
      if (match === true && this.#reports(rule)) {
        wouldDeny ??= verdictOf(rule);
      } else if (match === undefined) {
        if (rule.action === "allow") mayAllow = true;
        else mayDeny = true;
      } else if (rule.action === "deny") {
        return mayAllow ? undefined : verdictOf(rule);
      } else {
        return mayAllow || mayDeny
          ? undefined
          : reporting(verdictOf(rule), wouldDeny);
      }
    }
    const range = subject.guarded;
    if (range !== undefined) return guardVerdict(subject.address!, range);
    if (this.#fallback === "deny") {
      if (!this.#isFallbackReported) {
        return mayAllow ? undefined : this.#denial;
      }
      if (!mayAllow) wouldDeny ??= this.#denial;
    }
    return mayAllow || mayDeny || isGuardAhead(subject)
      ? undefined
      : reporting(ALLOWED, wouldDeny);
  }

  get #denial(): Verdict {
    return {
      isAllowed: false,
      rule: "default",
      reason: withMessage(
        "Denied by default: no rule allows it",
        this.#fallbackMessage,
      ),
    };
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

function verdictOf(
  { action, isAnyProtocol, label, message, via }: Rule,
): Verdict {
  return action === "allow"
    ? {
      isAllowed: true,
      rule: label,
      reason: `Allowed by rule ${label}`,
      ...(via === undefined ? {} : { via }),
      ...(isAnyProtocol ? { isAnyProtocol } : {}),
    }
    : {
      isAllowed: false,
      rule: label,
      reason: withMessage(`Denied by rule ${label}`, message),
    };
}

function withMessage(reason: string, message: string | undefined): string {
  return message === undefined ? reason : `${reason}: ${message}`;
}

function reporting(
  verdict: Verdict,
  denial: WouldDeny | undefined,
): Verdict {
  if (denial === undefined) return verdict;
  const { rule, reason } = denial;
  return { ...verdict, wouldDeny: { rule, reason } };
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
