/**
 * What the rules say of one wish of a client: first of the name, then of each
 * address. Every way to a target asks here.
 *
 * @module
 */

import { isOwnAddress } from "../../net/own_addresses.ts";
import { Refusal } from "../../policy/limits/refusal.ts";
import type { Question, RuleCommand } from "../../policy/rules/question.ts";
import type { Rules, Verdict } from "../../policy/rules/rules.ts";
import { waitFor } from "../../sync/wait_for.ts";
import type { Host } from "../../wire/host_name.ts";
import { formatHostPort } from "../../wire/host_port.ts";
import type { IpAddress } from "../../wire/ip_address.ts";
import { askerOf } from "./asker.ts";
import type { Permit } from "./open_sessions.ts";
import { NAME_MISMATCH } from "../refusal_reason.ts";
import type { ProxySession } from "../services.ts";

/** Characters of a name in the record: all that SOCKS5 can send. */
const MOST_NAME = 255;

/** What a client wants. */
export interface Wish {
  /** What for. */
  readonly command: RuleCommand;
  /** Name or address of the target. */
  readonly host: Host;
  /** Port of the target, 0 to 65535. */
  readonly port: number;
  /**
   * Whether the operator gave a port of Sluice this one target, so that the
   * client may speak any protocol to it (default false).
   */
  readonly isFixed?: boolean;
}

/** Addresses of a target that the rules allow. */
export interface AllowedAddresses {
  /** Which rule allows each: at least one, and those that came late. */
  readonly verdicts: ReadonlyMap<IpAddress, Verdict>;
  /**
   * The addresses that a name server still owes, if any: `verdicts` has them as
   * soon as they come. It never rejects.
   */
  readonly late: Promise<IpAddress[]> | undefined;
}

/** The rules' answers to one wish of a client. */
export class Decision implements Permit {
  /** The client. */
  readonly session: ProxySession;
  readonly #question: Question;
  readonly #isFixed: boolean;
  /** Address that was dialled, once one was. */
  #address: IpAddress | undefined;
  /** The rules that were asked last. */
  #asked: Rules | undefined;
  /** Whether it got through because a rule says `any-protocol`. */
  #isHidden = false;

  /**
   * Prepares the answers.
   *
   * @param session The client; its identity is known and stays the same.
   * @param question The wish as the rules know it.
   * @param isFixed As {@linkcode Wish.isFixed} (default false).
   */
  constructor(session: ProxySession, question: Question, isFixed = false) {
    this.session = session;
    this.#question = question;
    this.#isFixed = isFixed;
  }

  /** Whether no rule, guard or parent applies, so that everything is allowed. */
  get isFree(): boolean {
    const { isGuarded, names, parents, rules } = this.session.services;
    return !isGuarded && rules.current.isOpen && !parents?.isDefault &&
      names === undefined;
  }

  /**
   * Asks the rules.
   *
   * @param ip The address; `undefined` asks about the name alone.
   * @param isHere Whether the address turned out to be this machine's, although
   *   no interface has it: this machine can own whole networks (default false).
   * @returns The verdict; `undefined` only if the name alone does not decide.
   */
  of(ip: IpAddress | undefined, isHere = false): Verdict | undefined {
    this.#asked = this.session.services.rules.current;
    return this.by(this.#asked, ip, isHere);
  }

  /**
   * Asks other rules than those in force for the client.
   *
   * @param rules The rules.
   * @param ip As {@linkcode Decision.of} takes it.
   * @param isHere Likewise.
   * @returns As {@linkcode Decision.of} does.
   */
  by(
    rules: Rules,
    ip: IpAddress | undefined,
    isHere = false,
  ): Verdict | undefined {
    const question = isHere
      ? { ...this.#question, isOwn: () => true }
      : this.#question;
    const verdict = ip === undefined
      ? rules.decideName(question)
      : rules.decideAddress(question, ip);
    if (verdict === undefined) return undefined;
    if (this.#isFixed) return { ...verdict, isAnyProtocol: true };
    return this.#requireName(verdict);
  }

  /** UDP and BIND show no name: a rule has to allow them as they are. */
  #requireName(verdict: Verdict): Verdict {
    const { names } = this.session.services;
    const { command } = this.#question;
    const isSeen = command !== "udp" && command !== "bind";
    if (names === undefined || isSeen || verdict.isAnyProtocol) return verdict;
    if (!verdict.isAllowed) return verdict;
    const reason =
      `name-mismatch: ${command} shows no name, and no rule allows it with 'any-protocol'`;
    return names.mode === "report"
      ? { wouldDeny: { rule: NAME_MISMATCH, reason }, ...verdict }
      : { ...verdict, isAllowed: false, reason, isMismatch: true };
  }

  /**
   * Notes what the client has got, so that it can be judged again.
   *
   * @param address Address that was dialled; `undefined` if a parent knows it.
   * @throws {Refusal} If the rules have changed meanwhile, and deny it.
   */
  settle(address: IpAddress | undefined): void {
    const { rules, sessions } = this.session.services;
    this.#address = address;
    if (sessions === undefined) return;
    this.session.permit = this;
    if (this.#asked === rules.current) return;
    const verdict = this.judge(rules.current);
    if (verdict !== undefined) this.#require(verdict);
  }

  /** Notes that the client shows no name, and that a rule allows that. */
  noteHidden(): void {
    this.#isHidden = true;
  }

  /** Asks other rules about what the client has got. */
  judge(rules: Rules): Verdict | undefined {
    const verdict = this.by(rules, this.#address);
    if (this.#isHidden && verdict?.isAllowed && !verdict.isAnyProtocol) {
      const reason = "name-mismatch: no rule allows any protocol there now";
      return { ...verdict, isAllowed: false, isMismatch: true, reason };
    }
    const { name } = this.session.record;
    const { target } = this.#question;
    const isMore = name !== undefined && target !== undefined &&
      target.name === undefined && verdict?.isAllowed === true;
    if (!isMore) return verdict;
    // An address was asked for, and the client has shown this name.
    return this.about(name, target.port).by(rules, this.#address);
  }

  /**
   * Refuses a name that the rules deny whatever its address is, so that nobody
   * resolves it.
   *
   * @returns The verdict that allows it whatever its address is; `undefined` if
   *   that depends on the address.
   * @throws {Refusal} `forbidden`, saying which rule decided.
   */
  requireName(): Verdict | undefined {
    const verdict = this.of(undefined);
    return verdict && this.#require(verdict);
  }

  /**
   * Refuses an address of this machine that no interface has.
   *
   * @param ip The address.
   * @throws {Refusal} `forbidden`, saying which rule decided.
   */
  requireHere(ip: IpAddress): void {
    this.#require(this.of(ip, true)!);
  }

  /**
   * Resolves a host whose name is allowed so far, and judges its addresses.
   * Those that come late are awaited only if the rules allow none of the others.
   * Dial nothing else: a name that resolves differently the second time (DNS
   * rebinding) gains nothing then.
   *
   * @param host Name or address of the target.
   * @returns The addresses to dial, and the rule that allows each.
   * @throws {Refusal} `forbidden`, if the rules allow no address.
   * @throws {DialError} If the name does not resolve.
   */
  async resolve(host: Host): Promise<AllowedAddresses> {
    const { context, live, services } = this.session;
    live?.begin("resolve");
    const { addresses, late } = await services.resolver.find(host, context);
    live?.begin("rule");
    const verdicts = new Map<IpAddress, Verdict>();
    let denied: Verdict | undefined;
    const judge = (ip: IpAddress) => {
      const verdict = this.of(ip)!;
      if (verdict.isAllowed) verdicts.set(ip, verdict);
      else denied ??= verdict;
      return verdict.isAllowed;
    };
    addresses.forEach(judge);
    const judged = late?.then((more) => more.filter(judge));
    if (verdicts.size === 0) {
      if (judged !== undefined) await waitFor(judged, context);
      if (verdicts.size === 0) this.#require(denied!);
    }
    live?.end();
    return { verdicts, late: judged };
  }

  /**
   * Tells whether the client may exchange bytes with an address directly,
   * without a parent in between. The record gets no word of it.
   *
   * @param ip The address; `undefined` asks whether any address of the name
   *   could be allowed.
   * @param isHere As {@linkcode Decision.of} takes it.
   */
  mayReach(ip: IpAddress | undefined, isHere?: boolean): boolean {
    const verdict = this.of(ip, isHere);
    if (ip === undefined) return verdict?.isAllowed !== false;
    this.#noteReport(verdict!);
    return verdict!.isAllowed &&
      this.session.services.parents?.find(verdict!.via) === undefined;
  }

  /**
   * Notes in the record which rule let the client through, if one did, and
   * which one only reports.
   *
   * @param verdict The verdict.
   */
  note(verdict: Verdict): void {
    if (verdict.rule !== "default") this.session.record.rule = verdict.rule;
    this.#noteReport(verdict);
  }

  #noteReport({ wouldDeny }: Verdict): void {
    if (wouldDeny !== undefined) this.session.record.wouldDeny ??= wouldDeny;
  }

  /**
   * Prepares the answers about a target of a client that named none before.
   *
   * @param host Name or address of the target.
   * @param port Port of the target.
   */
  about(host: Host, port: number): Decision {
    const target = { name: nameOf(host), port };
    const question = { ...this.#question, target };
    return new Decision(this.session, question, this.#isFixed);
  }

  #require(verdict: Verdict): Verdict {
    if (verdict.isAllowed) return verdict;
    this.session.record.rule = verdict.rule;
    throw refusalOf(verdict);
  }
}

/**
 * Makes the refusal that a verdict asks for.
 *
 * @param verdict The verdict, which denies.
 * @returns What to throw.
 */
export function refusalOf({ isMismatch, reason }: Verdict): Refusal {
  return new Refusal(isMismatch ? "name mismatch" : "forbidden", reason);
}

/**
 * Records what a client wants, and prepares the rules' answers.
 *
 * @param session The client; its identity is known.
 * @param wish What it wants.
 * @returns The answers, good while the identity stays the same.
 */
export function decide(
  session: ProxySession,
  { command, host, isFixed, port }: Wish,
): Decision {
  const name = nameOf(host);
  // The name in an HTTP request can be as long as its start line.
  const shown = name === undefined || name.length <= MOST_NAME
    ? host
    : `${name.slice(0, MOST_NAME)}…`;
  session.record.target = formatHostPort(shown, port);
  return decisionOf(session, command, { name, port }, isFixed);
}

/**
 * Prepares the rules' answers for a client that names its targets later.
 *
 * @param session The client; its identity is known.
 * @param command What it asks for.
 * @returns The answers as far as they hold for every target.
 */
export function decideAhead(
  session: ProxySession,
  command: RuleCommand,
): Decision {
  return decisionOf(session, command, undefined);
}

function decisionOf(
  session: ProxySession,
  command: RuleCommand,
  target: Question["target"],
  isFixed?: boolean,
): Decision {
  const question = {
    ...askerOf(session),
    command,
    target,
    isGuarded: session.services.isGuarded,
    isOwn: isOwnAddress,
  };
  return new Decision(session, question, isFixed);
}

function nameOf(host: Host): string | undefined {
  return typeof host === "string" ? host : undefined;
}
