/**
 * SOCKS4 from the client's side.
 *
 * @module
 */

import { parseIpAddress } from "../../lib/wire/ip_address.ts";
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

/**
 * A request as bytes (the SOCKS4 memo, and 4a). IPv4 as text is sent as an
 * address.
 */
export function socks4Request(
  host: string,
  port: number,
  { command = 1, userId = "", isNamed = false }: Socks4Options = {},
): Bytes {
  const ip = isNamed ? undefined : parseIpAddress(host);
  const isIpv4 = ip?.length === 4;
  const text = new TextEncoder();
  return Uint8Array.of(
    4,
    command,
    port >> 8,
    port & 0xff,
    ...(isIpv4 ? ip : [0, 0, 0, 1]),
    ...text.encode(userId),
    0,
    ...(isIpv4 ? [] : [...text.encode(host), 0]),
  );
}
