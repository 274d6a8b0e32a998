/**
 * What a certificate is for, in words.
 *
 * @module
 */

import { escape } from "../observe/escape.ts";
import type { CertificateInfo } from "./info.ts";

/** Characters of names that are shown before the rest is only counted. */
const ENOUGH = 40;

/**
 * Describes what a certificate is for.
 *
 * @param info What it says.
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
