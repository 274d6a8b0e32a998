/**
 * Decides which web pages may talk to a server through a visitor's browser.
 *
 * @module
 */

import { parseIpAddress } from "../../wire/ip_address.ts";

/** The relevant headers of a browser's request, as sent. */
export interface WebRequest {
  /** Values of `Origin`; other programs than browsers send none. */
  readonly origins: readonly string[];
  /** Value of `Host`. */
  readonly host: string;
  /** Whether the request came over TLS. */
  readonly isSecure: boolean;
}

/**
 * Explains why a page may not connect. Browsers let any page connect to any
 * WebSocket server, and leave it to the server to check the page's origin (RFC
 * 6455 §10.2).
 *
 * A page of the same host may connect only by address or as `localhost`: any
 * other name could belong to a stranger who makes it resolve to this machine
 * (DNS rebinding).
 *
 * @param request The browser's headers.
 * @param allowed Origins that may connect, whatever the host.
 * @returns The reason, in one line; `undefined` if the page may connect.
 */
export function refuseOrigin(
  { origins, host, isSecure }: WebRequest,
  allowed: ReadonlySet<string>,
): string | undefined {
  if (origins.length === 0) return undefined;
  const [origin] = origins as [string];
  if (origins.length > 1) return "Origin is given twice";
  if (allowed.has(origin)) return undefined;
  const own = URL.parse(`${isSecure ? "https" : "http"}://${host}`);
  if (own !== null && own.origin === origin && isFixed(own.hostname)) {
    return undefined;
  }
  return `pages of ${origin} may not connect; allow them with --ws-origin`;
}

/**
 * Whether nobody can make the name resolve to another address (RFC 6761 §6.3).
 */
function isFixed(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, "$1");
  return host === "localhost" || host.endsWith(".localhost") ||
    parseIpAddress(address) !== undefined;
}
