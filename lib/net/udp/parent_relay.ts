/**
 * Where a parent relays datagrams: asking for it, and what to believe.
 *
 * @module
 */

import { formatParent, type Parent } from "../../wire/parent_url.ts";
import { parseHost } from "../../wire/host_name.ts";
import type { Host } from "../../wire/host_name.ts";
import { type IpAddress, parseIpAddress } from "../../wire/ip_address.ts";
import { isSameAddress, unmapAddress } from "../../wire/ip_mapped.ts";
import { COMMAND, REPLY } from "../../wire/socks/v5.ts";
import { type BoundReply, parseBoundReply } from "../../wire/socks/v5_reply.ts";
import { encodeRequest } from "../../wire/socks/v5_request.ts";
import { ByteReader } from "../byte_reader.ts";
import { parentFailed } from "../chain.ts";
import { DialError, type DialErrorKind } from "../dial_error.ts";
import type { Duplex } from "../duplex.ts";
import { logInSocks5 } from "../socks5_login.ts";

/** Where datagrams for a parent go. */
export interface RelayPlace {
  /** Address, or the parent's name if only another parent resolves it. */
  readonly host: Host;
  /** Port, 1 to 65535. */
  readonly port: number;
}

/**
 * Tells what kind of special address one is, such as `private`; `undefined` if
 * it is an ordinary one.
 */
export type RangeOf = (ip: IpAddress) => string | undefined;

/** Codes by which a parent says that it relays no datagrams for us. */
const REFUSALS: ReadonlySet<number> = new Set([
  REPLY.NotAllowedByRuleset,
  REPLY.CommandNotSupported,
  REPLY.AddressTypeNotSupported,
]);

/** The client does not know where its datagrams will come from (RFC 1928 §4). */
const UNKNOWN = { host: Uint8Array.of(0, 0, 0, 0), port: 0 } as const;

/**
 * Asks a parent to relay datagrams for as long as the connection is open.
 *
 * @param duplex Connection to the parent, nothing said on it yet.
 * @param onAsked Called when the parent has taken us, before it is asked.
 * @returns Where it says that it relays.
 * @throws {DialError} `no udp` if it does not relay datagrams, otherwise
 *   `parent failed`.
 */
export async function askParentRelay(
  duplex: Duplex,
  parent: Parent,
  onAsked: () => void,
): Promise<BoundReply> {
  const failed = (kind: DialErrorKind, state: string) =>
    new DialError(
      kind,
      `Cannot relay datagrams through ${formatParent(parent)}: ${state}`,
    );
  try {
    const reader = new ByteReader(duplex);
    await logInSocks5(duplex, reader, parent, failed);
    onAsked();
    const command = COMMAND.UdpAssociate;
    await duplex.write(encodeRequest({ command, ...UNKNOWN }));
    const bound = await reader.parse(parseBoundReply());
    reader.release();
    if (bound.reply !== REPLY.Succeeded) {
      const kind = REFUSALS.has(bound.reply) ? "no udp" : "parent failed";
      throw failed(kind, `it refuses (REP is ${bound.reply})`);
    }
    if (bound.port === 0) throw failed("parent failed", "its port is 0");
    return bound;
  } catch (error) {
    throw parentFailed(parent, error);
  }
}

/**
 * Chooses where datagrams for a parent go. A parent may be behind NAT, or not be
 * trusted with our network: it can't send us to a private, loopback or other
 * special address unless it is itself at one of that kind.
 *
 * @param bound Where it says that it relays.
 * @param at Where the parent is: its address, or its name behind other parents.
 * @param rangeOf Tells special addresses.
 * @returns The place.
 */
export function placeOfRelay(
  { host, port }: Pick<BoundReply, "host" | "port">,
  at: string,
  rangeOf: RangeOf,
): RelayPlace {
  const own = parseIpAddress(at);
  const parent = own === undefined ? parseHost(at) : unmapAddress(own);
  if (typeof host === "string" || host.every((byte) => byte === 0)) {
    return { host: parent, port };
  }
  const said = unmapAddress(host);
  const range = rangeOf(said);
  const isPlausible = range === undefined ||
    own !== undefined &&
      (isSameAddress(said, own) || rangeOf(own) === range);
  return { host: isPlausible ? said : parent, port };
}
