/**
 * Asks a parent to relay datagrams, and checks the address that it answers
 * with.
 *
 * @module
 */

import { formatParent, type Parent } from "../../wire/parent_url.ts";
import { type Destination, parseHost } from "../../wire/host_name.ts";
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

/**
 * Returns the kind of a special address, such as `private`; `undefined` for an
 * ordinary address.
 */
export type RangeOf = (ip: IpAddress) => string | undefined;

/** Reply codes of a parent that does not relay datagrams for this client. */
const REFUSALS: ReadonlySet<number> = new Set([
  REPLY.NotAllowedByRuleset,
  REPLY.CommandNotSupported,
  REPLY.AddressTypeNotSupported,
]);

/** The client does not know the source of its datagrams yet (RFC 1928 §4). */
const UNKNOWN = { host: Uint8Array.of(0, 0, 0, 0), port: 0 } as const;

/**
 * Asks a parent to relay datagrams as long as the connection is open.
 *
 * @param duplex A new connection to the parent.
 * @param onAsked Called after the login, before the request.
 * @returns The relay's address from the reply.
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
 * Chooses the address for datagrams to a parent. A parent may be behind NAT,
 * and is not trusted with the local network: its reply may name a private,
 * loopback or other special address only if the parent itself has an address of
 * that kind.
 *
 * @param bound The relay's address from the reply.
 * @param at Address of the parent, or its name behind other parents.
 * @param rangeOf Returns the kind of a special address.
 * @returns The address to send to; or the parent's name, if only another parent
 *   resolves it.
 */
export function placeOfRelay(
  { host, port }: Destination,
  at: string,
  rangeOf: RangeOf,
): Destination {
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
