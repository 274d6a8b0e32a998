/**
 * Extracts from log events what clients reached, for learning rules.
 *
 * @module
 */

import type { ConnectionEvent } from "../../observe/log_event.ts";
import { parseAskedHost, plainName } from "../../wire/host_name.ts";
import { type HostPort, parseHostPort } from "../../wire/host_port.ts";
import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "../../wire/ip_address.ts";
import type { RuleCommand } from "./question.ts";

/** A target that a client reached. */
export interface ReachedFact {
  /** The authenticated user name; `undefined` without one. */
  readonly user: string | undefined;
  /** Name in lower case without a final dot, or an IP address as text. */
  readonly host: string;
  /** Port of the target, 1 to 65535; with BIND 0 means any. */
  readonly port: number;
  /** The client's command. */
  readonly command: RuleCommand;
  /** The dialled address; `undefined` if a parent resolved the name. */
  readonly address: IpAddress | undefined;
  /**
   * Whether the client showed no name where names are checked, so that a rule
   * needs `any-protocol` (default false).
   */
  readonly isHidden?: boolean;
}

/** The fields of a log event that a fact needs. */
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
 * Matches ordinary addresses before their port. For a name they make no
 * difference to a fact, so a log with millions of lines yields few facts. It
 * does not match networks that contain any special address.
 */
export const ORDINARY_ADDRESS =
  /(?!(?:0|10|100|127|169|172|192|198|203|22[4-9]|2[345]\d)\.)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?=:)/y;

/** Client protocols of a proxy. */
const PROTOCOLS = ["socks5", "socks4", "socks4a", "http", "http-connect"];

/**
 * Creates facts from a connection that has ended. An allowed connection that
 * failed counts too, because the client needed it.
 *
 * @param event The log event.
 * @returns A fact, or one for each target of datagrams; none if the connection
 *   was refused, or the line names no target.
 */
export function reachedFacts(event: ReachedEvent): ReachedFact[] {
  const { command = "connect", protocol = "", result, user } = event;
  if (result === "refused" || result === "dropped") return [];
  if (!isOfProxy(protocol)) return [];
  if (command === "bind") return bindFacts(event);
  const targets = command === "udp" ? event.targets : [event.target];
  // With parents the address is the nearest parent's.
  const isDirect = command !== "udp" && event.via === undefined;
  const address = isDirect ? addressOf(event.address) : undefined;
  return (targets ?? []).flatMap((target) => {
    const to = splitTarget(target);
    if (to === undefined || to.port === 0) return [];
    const how = protocol === "http" ? "http" : command;
    return [{ ...to, user, command: how, address, ...hidden(event) }];
  });
}

/** The peer that connected: rules must allow it with the requested port. */
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

/**
 * No rule allows a mismatched name; `any-protocol` only allows a missing one.
 */
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
 * Tells whether an event is a proxy's, because other servers log too.
 *
 * @param protocol The client's protocol.
 */
export function isOfProxy(protocol = ""): boolean {
  return protocol === "" || PROTOCOLS.includes(protocol);
}

/**
 * Splits a host and port of the log.
 *
 * @param text `HOST:PORT`.
 * @returns Both; `undefined` for anything else, such as a shortened name.
 */
export function splitTarget(text: string | undefined): HostPort | undefined {
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
