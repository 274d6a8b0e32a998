/**
 * From what a client asked for to a connection: the one way out, whatever the
 * client speaks.
 *
 * @module
 */

import { dial, type Dialled } from "../net/dial.ts";
import { DialError } from "../net/dial_error.ts";
import { Refusal } from "../policy/refusal.ts";
import type { RuleCommand } from "../policy/rule_question.ts";
import type { Verdict } from "../policy/rules.ts";
import type { Host } from "../wire/host_name.ts";
import { formatHostPort } from "../wire/host_port.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import {
  noteRule,
  questionOf,
  requireAddress,
  requireName,
  type Wish,
} from "./ask_rules.ts";
import type { CommonServices } from "./services.ts";
import type { Session } from "./session.ts";

/**
 * Opens the connection that a client asked for. Addresses are checked after
 * resolving, and the ones that were checked are the ones dialled: a name that
 * answers differently the second time (DNS rebinding) gains nothing.
 *
 * @param session The client.
 * @param host Name or address it asked for.
 * @param port Port, 0 to 65535.
 * @param command What it asked for.
 * @returns The connection; the caller closes it.
 * @throws {Refusal} If limits, rules or a drain forbid it.
 * @throws {DialError} If it can't be reached.
 */
export async function openTarget(
  session: Session,
  host: Host,
  port: number,
  command: RuleCommand = "connect",
): Promise<Dialled> {
  const { context, record, services } = session;
  beginTarget(session, host, port);
  if (port === 0) {
    throw new DialError("failed", `Cannot reach ${record.target}: port is 0`);
  }
  const allowed = await resolveAllowed(session, { command, host, port });
  const dialled = await dial(
    [...allowed.keys()],
    port,
    context,
    { timeout: services.timeouts.connect, outgoing: services.outgoing },
  );
  record.address = formatHostPort(dialled.address, port);
  noteRule(session, allowed.get(dialled.address)!);
  return dialled;
}

/**
 * Records what a client asked for, before anything is done about it.
 *
 * @param session The client.
 * @param host Name or address it asked for.
 * @param port Port, 0 to 65535.
 * @throws {Refusal} If limits or a drain forbid it.
 */
export function beginTarget(session: Session, host: Host, port: number): void {
  session.record.target = formatHostPort(host, port);
  requireAdmission(session);
}

/**
 * Refuses to begin work for a client that is over a limit, or in a drain.
 *
 * @param session The client.
 * @throws {Refusal} `limit reached` or `draining`.
 */
export function requireAdmission(session: Session<CommonServices>): void {
  session.admit();
  if (session.draining.cancelled) {
    throw new Refusal("draining", "Sluice is shutting down");
  }
}

/**
 * Resolves a host to the addresses of it that may be reached. Names are judged
 * before, so that nobody is told of one that is denied, and addresses after.
 *
 * @param session The client.
 * @param wish What it asked for.
 * @returns One address at least, and which rule allows it.
 * @throws {Refusal} `forbidden`, where none may be reached.
 * @throws {DialError} If it can't be resolved.
 */
export async function resolveAllowed(
  session: Session,
  wish: Wish & { host: Host },
): Promise<Map<IpAddress, Verdict>> {
  const { context, services } = session;
  const question = questionOf(session, wish);
  requireName(session, question);
  const addresses = await services.resolver.resolve(wish.host, context);
  return requireAddress(session, question, addresses);
}
