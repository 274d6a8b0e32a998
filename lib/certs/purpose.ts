/**
 * Describes the purpose of a certificate.
 *
 * @module
 */

import { escape } from "../observe/escape.ts";
import type { CertificateInfo } from "./info.ts";

/** Characters of names to show; further names are only counted. */
const ENOUGH = 40;

/**
 * Describes the purpose of a certificate.
 *
 * @returns For example `localhost, 127.0.0.1 and 3 more; a client`.
 */
export function describePurpose(info: CertificateInfo): string {
  if (info.isAuthority) return `authority '${escape(info.name)}'`;
  const parts = [
    ...info.servers.length > 0 ? [describeServers(info.servers)] : [],
    ...info.isClient ? ["a client"] : [],
  ];
  return parts.join("; ") || "nothing";
}

function describeServers(servers: readonly string[]): string {
  const shown: string[] = [];
  for (const server of servers) {
    const text = [...shown, escape(server)].join(", ");
    if (shown.length > 0 && text.length > ENOUGH) break;
    shown.push(escape(server));
  }
  const more = servers.length - shown.length;
  return shown.join(", ") + (more === 0 ? "" : ` and ${more} more`);
}
