/**
 * Sends the client's address to the target (PROXY protocol).
 *
 * ```text
 * client              load balancer            sluice                 target
 *   | -- connect to B ----> |                     |                      |
 *   |                       | -- PROXY C to B --> | -- PROXY C to B ---> |
 *   | -- connect to S --------------------------> | -- PROXY C to S ---> |
 * ```
 *
 * @module
 */

import type { ConnectionEvent } from "../observe/log_event.ts";
import { parseIpAddress, type SocketAddress } from "../wire/ip_address.ts";
import { encodeProxyV1 } from "../wire/proxy/v1.ts";
import { encodeProxyV2 } from "../wire/proxy/v2.ts";

/** Versions of the header. */
export const PROXY_VERSIONS = ["v1", "v2"] as const;

/** A version of the header. */
export type ProxyVersion = typeof PROXY_VERSIONS[number];

/** A client that a header announces. */
export interface AnnouncedClient {
  /** Address of the client. */
  readonly remote: Deno.NetAddr;
  /** The address that the client connected to. */
  readonly reached: Deno.NetAddr;
  /** Its log record, which gets the id of version 2. */
  readonly record: ConnectionEvent;
}

/** Bytes of the id that identifies a connection in both logs. */
const ID_BYTES = 8;

/**
 * Encodes the header in front of a client's bytes. It contains the client's
 * address and the address that the client connected to: the load balancer's, if
 * a PROXY header announced the client. A client of a Unix socket without such a
 * header has no address: the header says `UNKNOWN` or `LOCAL`. Version 2 also
 * carries a unique id, which is added to the record.
 *
 * @param version The version; `undefined` sends no header.
 * @param authority The host name in the request, if any.
 * @returns The header; empty without a version.
 */
export function encodeProxyHeader(
  { reached, record, remote }: AnnouncedClient,
  version: ProxyVersion | undefined,
  authority?: string,
): Uint8Array {
  if (version === undefined) return new Uint8Array();
  const source = endpointOf(remote);
  const destination = endpointOf(reached);
  const endpoints = source && destination && { source, destination };
  if (version === "v1") return encodeProxyV1(endpoints);
  record.id ??= crypto.getRandomValues(new Uint8Array(ID_BYTES)).toHex();
  const uniqueId = new TextEncoder().encode(record.id);
  return encodeProxyV2(endpoints, {
    uniqueId,
    ...authority === undefined ? {} : { authority },
  });
}

/**
 * Encodes the header of a connection without a client, such as a health check.
 *
 * @param version The version; `undefined` sends no header.
 * @returns `LOCAL` in version 2, `UNKNOWN` in version 1, or nothing.
 */
export function encodeOwnHeader(version: ProxyVersion | undefined): Uint8Array {
  if (version === undefined) return new Uint8Array();
  return version === "v1" ? encodeProxyV1(undefined) : encodeProxyV2(undefined);
}

/** A client of a Unix socket has no address. */
function endpointOf(
  { hostname, port }: Deno.NetAddr,
): SocketAddress | undefined {
  const ip = parseIpAddress(hostname);
  return ip && { ip, port };
}
