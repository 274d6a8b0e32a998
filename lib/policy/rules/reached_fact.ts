/**
 * What a line of the log says a client reached: the food of learnt rules.
 *
 * @module
 */

import type { ConnectionEvent } from "../../observe/log_event.ts";
import { parseAskedHost } from "../../wire/host_name.ts";
import { parseHostPort } from "../../wire/host_port.ts";
import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "../../wire/ip_address.ts";
import { plainName } from "../../wire/host_name.ts";
import type { RuleCommand } from "./question.ts";

/** Somewhere a client went. */
export interface ReachedFact {
  /** Name that the client proved; `undefined` if it proved none. */
  readonly user: string | undefined;
  /** Name in small letters without a final dot, or an IP address as text. */
  readonly host: string;
  /** Port of the target, 1 to 65535; 0 with BIND is any. */
  readonly port: number;
  /** What the client asked for. */
  readonly command: RuleCommand;
  /** The address that was dialled; `undefined` if a parent resolved the name. */
  readonly address: IpAddress | undefined;
  /**
   * Whether the client showed no name where names are checked, so that a rule
   * needs `any-protocol` (default false).
   */
  readonly isHidden?: boolean;
}

/** The fields of a log line that a fact is made from. */
export type ReachedEvent = Pick<
  ConnectionEvent,
  | "address"
  | "command"
  | "name"
  | "protocol"
  | "result"
  | "target"
  | "targets"
  | "user"
  | "via"
  | "wouldDeny"
>;

/**
 * Addresses that the guard lets pass, as they stand before the port. With names
 * they make no difference to facts, of which a log may have millions. More are
 * ordinary: this leaves out whole networks in which some address is special.
 */
export const ORDINARY_ADDRESS =
  /(?!(?:0|10|100|127|169|172|192|198|203|22[4-9]|2[345]\d)\.)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?=:)/y;

/** What clients of a proxy speak. */
const PROTOCOLS = ["socks5", "socks4", "socks4a", "http", "http-connect"];

/**
 * Makes facts from the end of a connection. A connection that was allowed and
 * then failed counts too: the client wanted it, and a rule has to allow it.
 *
 * @param event The line of the log.
 * @returns A fact, or one for each target of datagrams; none if the connection
 *   was refused, or the line names no target.
 */
export function reachedFacts(event: ReachedEvent): ReachedFact[] {
  const { command = "connect", protocol = "", result, user } = event;
  if (result === "refused" || result === "dropped") return [];
  if (!isOfProxy(protocol)) return [];
  if (command === "bind") return bindFacts(event);
  const targets = command === "udp" ? event.targets : [event.target];
  // With parents the address is that of the nearest one.
  const isDirect = command !== "udp" && event.via === undefined;
  const address = isDirect ? addressOf(event.address) : undefined;
  return (targets ?? []).flatMap((target) => {
    const to = splitTarget(target);
    if (to === undefined || to.port === 0) return [];
    const how = protocol === "http" ? "http" : command;
    return [{ ...to, user, command: how, address, ...hidden(event) }];
  });
}

/** Whoever came: the rules have to let it in, by the port that was asked for. */
function bindFacts(event: ReachedEvent): ReachedFact[] {
  const { address, target, user } = event;
  const [peer, asked] = [splitTarget(address), splitTarget(target)];
  if (peer === undefined || asked === undefined) return [];
  const isNamed = parseIpAddress(asked.host) === undefined;
  const { host } = isNamed ? asked : peer;
  const { port } = asked;
  const known = addressOf(address);
  const fact = { host, port, user, command: "bind", address: known } as const;
  return [{ ...fact, ...hidden(event) }];
}

/** A name that was shown and does not fit is denied under every rule. */
function hidden(
  { name, wouldDeny }: ReachedEvent,
): Pick<ReachedFact, "isHidden"> {
  const isHidden = name === undefined && wouldDeny?.rule === "name-mismatch";
  return isHidden ? { isHidden } : {};
}

function addressOf(text: string | undefined): IpAddress | undefined {
  const place = splitTarget(text);
  return place && parseIpAddress(place.host);
}

/**
 * Tells whether a line is a proxy's: other servers have logs as well.
 *
 * @param protocol What the client spoke.
 */
export function isOfProxy(protocol = ""): boolean {
  return protocol === "" || PROTOCOLS.includes(protocol);
}

/** A place as a log line has it. */
export interface LoggedPlace {
  /** Name in small letters without a final dot, or an IP address as text. */
  readonly host: string;
  /** Port, 0 to 65535. */
  readonly port: number;
}

/**
 * Splits a host and port of the log.
 *
 * @param text `HOST:PORT`.
 * @returns The two; `undefined` for anything else, such as a name cut short.
 */
export function splitTarget(text: string | undefined): LoggedPlace | undefined {
  if (text === undefined) return undefined;
  try {
    const { host, port } = parseHostPort(text, "");
    const parsed = parseAskedHost(host);
    const name = typeof parsed === "string"
      ? plainName(parsed)
      : formatIpAddress(parsed);
    return { host: name, port };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
