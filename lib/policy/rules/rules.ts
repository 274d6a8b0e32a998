/**
 * An ordered list of rules: the first one that matches decides, then the
 * address guard, then the default.
 *
 * @module
 */

import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import type { Default, Rule, RuleWords } from "./parse_rule.ts";
import type { Action } from "./extras.ts";
import { type Question, Subject } from "./question.ts";

/** Options for {@linkcode Rules}. */
export interface RulesOptions extends RuleWords {
  /** The default action (default `allow`). */
  fallback?: Action;
  /** Whether all rules only report denials (default false). */
  isReport?: boolean;
  /** Clock in milliseconds since 1970 (default `Date.now`). */
  now?: () => number;
}

/** A denial that is only reported. */
export interface WouldDeny {
  /** The rule's label, `default` or `name-mismatch`. */
  readonly rule: string;
  /** The reason in words, for the log. */
  readonly reason: string;
}

/** An answer. */
export interface Verdict {
  /** Whether the request is allowed. */
  readonly isAllowed: boolean;
  /** The deciding rule's label, `guard` or `default`. */
  readonly rule: string;
  /** The reason in words, for the client and the log. */
  readonly reason: string;
  /** Name of the parent, or `direct`; `undefined` without `via`. */
  readonly via?: string | undefined;
  /** Whether connections without a name are allowed while names are checked. */
  readonly isAnyProtocol?: boolean;
  /** Whether it denies because of a missing or mismatched name. */
  readonly isMismatch?: boolean;
  /** The denial, if it is only reported. */
  readonly wouldDeny?: WouldDeny;
}

/** A row of a listing. */
export interface RuleRow {
  /** The rule's label. */
  readonly label: string;
  /** The rule's text. */
  readonly text: string;
}

const ALLOWED: Verdict = {
  isAllowed: true,
  rule: "default",
  reason: "Allowed by default",
};

/** An immutable ordered list of rules. */
export class Rules {
  /** Whether a rule has a condition on the target's name. */
  readonly asksNames: boolean;
  /** The rules in their order. */
  readonly rules: readonly Rule[];
  /** The default action. */
  readonly fallback: Action;
  readonly #fallbackMessage: string | undefined;
  readonly #isFallbackReported: boolean;
  readonly #isReport: boolean;
  readonly #now: () => number;

  /**
   * Creates a list.
   *
   * @param rules The rules in their order.
   * @param options Default and clock.
   * @param written The default in their text, which overrides the options.
   */
  constructor(
    rules: readonly Rule[] = [],
    options: RulesOptions = {},
    written?: Default,
  ) {
    this.rules = rules;
    this.asksNames = rules.some(({ asksName }) => asksName);
    const { fallback = "allow", isReport = false } = options;
    this.fallback = written?.fallback ?? fallback;
    this.#fallbackMessage = written?.message;
    this.#isFallbackReported = isReport || written?.isReport === true;
    this.#isReport = isReport;
    this.#now = options.now ?? Date.now;
  }

  /** How many rules there are, without the guard and the default. */
  get size(): number {
    return this.rules.length;
  }

  /** Whether it allows everything that the guard does not refuse. */
  get isOpen(): boolean {
    return this.rules.length === 0 && this.fallback === "allow";
  }

  /**
   * Decides before the address is known, if possible. A denial here applies to
   * every address, so the name need not be resolved.
   *
   * @returns The verdict; `undefined` if it depends on the address.
   */
  decideName(question: Question): Verdict | undefined {
    return this.#walk(new Subject(question, undefined, this.#now));
  }

  /**
   * Decides about one address.
   *
   * @param question The question, with a known target.
   * @param ip The address to dial.
   */
  decideAddress(question: Question, ip: IpAddress): Verdict {
    // With the address, nothing is unknown.
    return this.#walk(new Subject(question, ip, this.#now))!;
  }

  /**
   * Lists the rules in order of precedence.
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
      ...this.rules.map((rule) => ({
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
    const isReported = this.fallback === "deny" && this.#isFallbackReported;
    const message = this.#fallbackMessage;
    return `${isReported ? "report " : ""}${this.fallback}${
      message === undefined ? "" : ` message "${message}"`
    }`;
  }

  /** Whether a rule only reports its denials. */
  #reports({ action, isReport }: Rule): boolean {
    return isReport || this.#isReport && action === "deny";
  }

  #walk(subject: Subject): Verdict | undefined {
    let mayAllow = false;
    let mayDeny = false;
    let wouldDeny: WouldDeny | undefined;
    for (const rule of this.rules) {
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
    if (this.fallback === "deny") {
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

/** The rules in force, replaced by assignment. Open connections stay open. */
export interface RuleBook {
  /** The rules in force. */
  current: Rules;
}

/** Whether a rule matches; `undefined` if that depends on an unknown value. */
function matches(rule: Rule, subject: Subject): boolean | undefined {
  let all: true | undefined = true;
  for (const test of rule.tests) {
    const holds = test(subject);
    if (holds === false) return false;
    if (holds === undefined) all = undefined;
  }
  if (all === undefined || rule.action === "deny") return all;
  // A rule that allows everything does not lift the guard.
  if (isGuardAhead(subject)) return undefined;
  return subject.guarded === undefined || rule.lifts?.(subject) === true;
}

/** Whether the guard may refuse the address once it is known. */
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
