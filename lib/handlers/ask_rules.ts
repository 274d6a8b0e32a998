/**
 * The rules, asked for a client: before its target is resolved, and for each
 * address.
 *
 * @module
 */

import { pathOf } from "../net/unix_socket.ts";
import { isOwnAddress } from "../net/own_addresses.ts";
import type { FoundAddresses } from "../net/resolver.ts";
import { Refusal } from "../policy/refusal.ts";
import type { Question, RuleCommand } from "../policy/rule_question.ts";
import type { Verdict } from "../policy/rules.ts";
import { waitFor } from "../sync/wait_for.ts";
import type { Host } from "../wire/host_name.ts";
import { type IpAddress, parseIpAddress } from "../wire/ip_address.ts";
import type { Services } from "./services.ts";
import type { Session } from "./session.ts";

/** What a client wants. */
export interface Wish {
  /** What for. */
  readonly command: RuleCommand;
  /** Name or address of the target; `undefined` where none is known yet. */
  readonly host: Host | undefined;
  /** Port of the target. */
  readonly port: number;
}

/** Addresses of a target that may be reached. */
export interface AllowedAddresses {
  /** Which rule allows each: one at least, and those that came late. */
  readonly verdicts: ReadonlyMap<IpAddress, Verdict>;
  /**
   * Those that a name server is still asked for, where there are any: in
   * `verdicts` as soon as they come. It never rejects.
   */
  readonly late: Promise<IpAddress[]> | undefined;
}

/**
 * Puts what a client wants to the rules.
 *
 * @param session The client; its identity is known.
 * @param wish What it wants.
 * @returns The question, good for as long as the identity is.
 */
export function questionOf(session: Session, wish: Wish): Question {
  const { identity, local, remote, services } = session;
  const { command, host, port } = wish;
  const name = typeof host === "string" ? host : undefined;
  return {
    client: isUnix(remote) ? undefined : addressOf(remote),
    user: identity?.name,
    listener: placeOf(local),
    command,
    target: host === undefined ? undefined : { name, port },
    isGuarded: services.isGuarded,
    isOwn: isOwnAddress,
  };
}

/**
 * Refuses what is denied whatever the address: no name is resolved for it.
 *
 * @param session The client.
 * @param question What is asked.
 * @returns What allows it whatever the address; `undefined` where it depends.
 * @throws {Refusal} `forbidden`, saying which rule decided.
 */
export function requireName(
  session: Session,
  question: Question,
): Verdict | undefined {
  const verdict = session.services.rules.current.decideName(question);
  if (verdict?.isAllowed === false) throw refused(session, verdict);
  return verdict;
}

/**
 * Tells whether a name may be resolved, without a word in the record.
 *
 * @param session The client.
 * @param question What is asked.
 * @returns Whether any address of it could be allowed.
 */
export function mayResolve(session: Session, question: Question): boolean {
  const { current } = session.services.rules;
  return current.decideName(question)?.isAllowed !== false;
}

/**
 * Tells the addresses that may be reached from the others. Late ones are judged
 * when they come, and waited for only where none of the others may be reached.
 *
 * @param session The client.
 * @param question What is asked.
 * @param found What the target was resolved to.
 * @returns The addresses that may be dialled, and which rule allows each.
 * @throws {Refusal} `forbidden`, where all of them must not be reached.
 */
export async function requireAddress(
  session: Session,
  question: Question,
  { addresses, late }: FoundAddresses,
): Promise<AllowedAddresses> {
  const verdicts = new Map<IpAddress, Verdict>();
  let denied: Verdict | undefined;
  function judgeAll(ips: readonly IpAddress[]): IpAddress[] {
    return ips.filter((ip) => {
      const verdict = judge(session, question, ip);
      if (verdict.isAllowed) verdicts.set(ip, verdict);
      else denied ??= verdict;
      return verdict.isAllowed;
    });
  }
  judgeAll(addresses);
  const judged = late?.then(judgeAll);
  if (verdicts.size === 0 && judged !== undefined) {
    await waitFor(judged, session.context);
  }
  if (verdicts.size === 0) throw refused(session, denied!);
  return { verdicts, late: judged };
}

/**
 * Makes of a question the one about an address that has turned out to be this
 * machine's, although no interface has it: whole networks can be.
 *
 * @param question What is asked.
 * @returns The question with that known.
 */
export function aboutThisMachine(question: Question): Question {
  return { ...question, isOwn: () => true };
}

/**
 * Decides about one address.
 *
 * @param session The client.
 * @param question What is asked.
 * @param ip The address.
 * @returns The verdict.
 */
export function judge(
  session: Session,
  question: Question,
  ip: IpAddress,
): Verdict {
  return session.services.rules.current.decideAddress(question, ip);
}

/**
 * Tells whether an address may be reached without a parent in between.
 *
 * @param session The client.
 * @param question What is asked.
 * @param ip The address.
 * @returns Whether it may.
 */
export function mayReach(
  session: Session,
  question: Question,
  ip: IpAddress,
): boolean {
  const { isAllowed, via } = judge(session, question, ip);
  return isAllowed && session.services.parents?.find(via) === undefined;
}

/**
 * Tells whether there is nothing to ask: no rule, and no guard.
 *
 * @param services What handlers work with.
 * @returns Whether everything is allowed.
 */
export function isFree({ isGuarded, parents, rules }: Services): boolean {
  return !isGuarded && rules.current.isOpen && !parents?.isDefault;
}

/**
 * Notes in the record which rule let a client through, where one did.
 *
 * @param session The client.
 * @param verdict What was decided.
 */
export function noteRule({ record }: Session, verdict: Verdict): void {
  if (verdict.rule !== "default") record.rule = verdict.rule;
}

function refused({ record }: Session, { reason, rule }: Verdict): Refusal {
  record.rule = rule;
  return new Refusal("forbidden", reason);
}

function placeOf(local: Deno.NetAddr): Question["listener"] {
  const path = pathOf(local);
  if (path !== undefined) return { path };
  return { ip: addressOf(local), port: local.port };
}

function isUnix(addr: Deno.NetAddr): boolean {
  return pathOf(addr) !== undefined;
}

function addressOf({ hostname }: Deno.NetAddr): IpAddress {
  // A link-local address of IPv6 has its zone behind it.
  const zone = hostname.indexOf("%");
  const ip = parseIpAddress(zone < 0 ? hostname : hostname.slice(0, zone));
  if (ip === undefined) throw new TypeError(`Not an address: ${hostname}`);
  return ip;
}
