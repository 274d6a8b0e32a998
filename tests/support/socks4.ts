/**
 * SOCKS4 from the client's side.
 *
 * @module
 */

import { parseIpAddress } from "../../lib/wire/ip_address.ts";
import { COMMAND } from "../../lib/wire/socks/v4.ts";
import { encodeRequest } from "../../lib/wire/socks/v4_request.ts";
import type { Bytes } from "./dialogue.ts";

/** The only form of a refusal: eight bytes. */
export const REJECTED: Bytes = Uint8Array.of(0, 91, 0, 0, 0, 0, 0, 0);

/** The reply to a CONNECT that was granted. */
export const GRANTED: Bytes = Uint8Array.of(0, 90, 0, 0, 0, 0, 0, 0);

/** Deviations of a request (default: a CONNECT without a user). */
export interface Socks4Options {
  command?: number;
  userId?: string;
  /** Sends an address as a name. */
  isNamed?: boolean;
}

/** A request as bytes. IPv4 as text is sent as an address. */
export function socks4Request(
  host: string,
  port: number,
  options: Socks4Options = {},
): Bytes {
  const { command = COMMAND.Connect, userId = "", isNamed = false } = options;
  const ip = isNamed ? undefined : parseIpAddress(host);
  const isIpv4 = ip?.length === 4;
  return encodeRequest({
    command,
    host: isIpv4 ? ip : host,
    port,
    userId,
    isNamed: !isIpv4,
  });
}
