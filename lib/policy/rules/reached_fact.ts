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
  /** Port of the target, 1 to 65535. */
  readonly port: number;
  /** What the client asked for. */
  readonly command: RuleCommand;
  /** The address that was dialled; `undefined` if a parent resolved the name. */
  readonly address: IpAddress | undefined;
}

/** The fields of a log line that a fact is made from. */
export type ReachedEvent = Pick<
  ConnectionEvent,
  "address" | "datagrams" | "protocol" | "result" | "target" | "user"
>;

/**
 * Makes a fact from the end of a connection. A connection that was allowed and
 * then failed counts too: the client wanted it, and a rule has to allow it.
 *
 * @param event The line of the log.
 * @returns The fact; `undefined` if the connection was refused, or the line
 *   names no target.
 */
export function reachedFact(event: ReachedEvent): ReachedFact | undefined {
  const { address, datagrams, protocol, result, target, user } = event;
  if (result === "refused" || result === "dropped") return undefined;
  const to = target === undefined ? undefined : splitTarget(target);
  if (to === undefined || to.port === 0) return undefined;
  const dialled = address === undefined ? undefined : splitTarget(address);
  return {
    ...to,
    user,
    command: commandOf(protocol, datagrams !== undefined),
    address: dialled && parseIpAddress(dialled.host),
  };
}

function commandOf(protocol: string | undefined, isUdp: boolean): RuleCommand {
  if (isUdp) return "udp";
  return protocol === "http" ? "http" : "connect";
}

/** `undefined` for what is no host and port, such as a name cut short. */
function splitTarget(text: string): { host: string; port: number } | undefined {
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
