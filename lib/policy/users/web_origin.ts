/**
 * Which web pages may speak to a server through the browser of who looks at
 * them.
 *
 * @module
 */

import { parseIpAddress } from "../../wire/ip_address.ts";

/** What a browser says about a request, as sent. */
export interface WebRequest {
  /** Values of `Origin`; programs that are no browsers send none. */
  readonly origins: readonly string[];
  /** Value of `Host`. */
  readonly host: string;
  /** Whether it came by TLS. */
  readonly isSecure: boolean;
}

/**
 * Tells why a page may not connect. Browsers let any page connect to any
 * WebSocket server, and leave it to the server to look where the page is from
 * (RFC 6455 §10.2).
 *
 * A page of the same host is let in by address only, and as `localhost`: a name
 * could belong to a stranger who has made it resolve to this machine (DNS
 * rebinding).
 *
 * @param request What the browser says.
 * @param allowed Origins that are let in whatever the host.
 * @returns Why not, in one line; `undefined` where it may.
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
  return `pages of ${origin} may not connect; --ws-origin lets them`;
}

/** Whether nobody can make the name resolve to what they like (RFC 6761 §6.3). */
function isFixed(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, "$1");
  return host === "localhost" || host.endsWith(".localhost") ||
    parseIpAddress(address) !== undefined;
}
