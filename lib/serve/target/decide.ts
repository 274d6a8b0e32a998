/**
 * Asks the rules about a client's request: first about the name, then about
 * each address. Every path to a target goes through here.
 *
 * @module
 */

import { isOwnAddress } from "../../net/own_addresses.ts";
import { Refusal } from "../../policy/limits/refusal.ts";
import type { Question, RuleCommand } from "../../policy/rules/question.ts";
import type { Rules, Verdict } from "../../policy/rules/rules.ts";
import { waitFor } from "../../sync/wait_for.ts";
import type { Destination, Host } from "../../wire/host_name.ts";
import { formatHostPort } from "../../wire/host_port.ts";
import type { IpAddress } from "../../wire/ip_address.ts";
import { askerOf } from "./asker.ts";
import type { Permit } from "./open_sessions.ts";
import { NAME_MISMATCH } from "../refusal_reason.ts";
import type { ProxySession } from "../proxy_services.ts";

/** Most characters of a name in the record, as many as SOCKS5 can send. */
const MOST_NAME = 255;

/** A client's request. */
export interface Wish extends Destination {
  /** The command. */
  readonly command: RuleCommand;
  /**
   * Whether the operator gave a port of Sluice this one target, so that the
   * client may speak any protocol to it (default false).
   */
  readonly isFixed?: boolean;
}

/** The allowed addresses of a target. */
export interface AllowedAddresses {
  /** The verdict for each address; at least one. Late addresses are added. */
  readonly verdicts: ReadonlyMap<IpAddress, Verdict>;
  /**
   * The late addresses, if an answer is still pending. They are in `verdicts`
   * once they arrive. It never rejects.
   */
  readonly late: Promise<IpAddress[]> | undefined;
}

/** The rules' answers to one request of a client. */
export class Decision implements Permit {
  /** The client. */
  readonly session: ProxySession;
  readonly #question: Question;
  readonly #isFixed: boolean;
  /** The dialled address, once known. */
  #address: IpAddress | undefined;
  /** The rules of the last answer. */
  #asked: Rules | undefined;
  /** Whether it was only allowed because a rule says `any-protocol`. */
  #isHidden = false;

  /**
   * Prepares the answers.
   *
   * @param session The client, whose identity is known and stays the same.
   * @param question The request as a question to rules.
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
   * @param isHere Whether the address has proved to be this machine's although
   *   no interface has it, because this machine owns a whole network (default
   *   false).
   * @returns The verdict; `undefined` only if it depends on the address.
   */
  of(ip: IpAddress | undefined, isHere = false): Verdict | undefined {
    this.#asked = this.session.services.rules.current;
    return this.by(this.#asked, ip, isHere);
  }

  /**
   * Asks other rules than those in force.
   *
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

  /** UDP and BIND show no name, so a rule must allow any protocol. */
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
   * Records the dialled address, so that the client can be judged again.
   *
   * @param address The dialled address; `undefined` if a parent resolved the
   *   name.
   * @throws {Refusal} If the rules have changed meanwhile and now deny it.
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

  /** Records that the client shows no name and a rule allows that. */
  noteHidden(): void {
    this.#isHidden = true;
  }

  /** Asks other rules about the dialled address. */
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
    // The client asked for an address and has shown this name.
    return this.about(name, target.port).by(rules, this.#address);
  }

  /**
   * Refuses a name that the rules deny for every address, without resolving it.
   *
   * @returns The verdict if it allows every address; `undefined` if it depends
   *   on the address.
   * @throws {Refusal} `forbidden`, with the rule.
   */
  requireName(): Verdict | undefined {
    const verdict = this.of(undefined);
    return verdict && this.#require(verdict);
  }

  /**
   * Refuses an address of this machine that no interface has.
   *
   * @throws {Refusal} `forbidden`, with the rule.
   */
  requireHere(ip: IpAddress): void {
    this.#require(this.of(ip, true)!);
  }

  /**
   * Resolves a host whose name is not denied, and judges its addresses. It
   * waits for late addresses only if the rules allow no other. Dial only the
   * returned addresses, so that a different second answer (DNS rebinding) has
   * no effect.
   *
   * @param host Name or address of the target.
   * @returns The addresses to dial, with a verdict for each.
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
   * Tells whether the client may reach an address directly, without a parent.
   * The record does not change.
   *
   * @param ip The address; `undefined` asks whether some address of the name
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
   * Records the rule that allowed the client, and the one that only reports.
   */
  note(verdict: Verdict): void {
    if (verdict.rule !== "default") this.session.record.rule = verdict.rule;
    this.#noteReport(verdict);
  }

  #noteReport({ wouldDeny }: Verdict): void {
    if (wouldDeny !== undefined) this.session.record.wouldDeny ??= wouldDeny;
  }

  /**
   * Prepares the answers about another target of the same client.
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
 * Creates the refusal for a verdict.
 *
 * @param verdict A verdict that denies.
 * @returns The error to throw.
 */
export function refusalOf({ isMismatch, reason }: Verdict): Refusal {
  return new Refusal(isMismatch ? "name mismatch" : "forbidden", reason);
}

/**
 * Records a client's request, and prepares the rules' answers.
 *
 * @param session The client, with known identity.
 * @param wish The request.
 * @returns The answers, valid while the identity stays the same.
 */
export function decide(
  session: ProxySession,
  { command, host, isFixed, port }: Wish,
): Decision {
  const name = nameOf(host);
  // A name in an HTTP request can be as long as the start line.
  const shown = name === undefined || name.length <= MOST_NAME
    ? host
    : `${name.slice(0, MOST_NAME)}…`;
  session.record.target = formatHostPort(shown, port);
  return decisionOf(session, command, { name, port }, isFixed);
}

/**
 * Prepares the rules' answers for a client that names its targets later.
 *
 * @param session The client, with known identity.
 * @returns The answers that apply to every target.
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
