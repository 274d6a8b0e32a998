/**
 * The extensions of a ClientHello that name the server, the protocols and the
 * versions.
 *
 * @module
 */

import { parseHost } from "../host_name.ts";
import { ALERT, helloError, type TlsAlertError } from "./alert.ts";
import type { TlsCursor } from "./cursor.ts";

/** Type of `server_name` (RFC 6066 §3). */
export const SERVER_NAME = 0;

/** Type of `application_layer_protocol_negotiation` (RFC 7301 §3.1). */
export const ALPN = 16;

/** Type of `supported_versions` (RFC 8446 §4.2.1). */
export const SUPPORTED_VERSIONS = 43;

const HOST_NAME = 0;

/**
 * Parses the requested server.
 *
 * @param extension Contents of the extension; `undefined` if it is missing.
 * @returns The name in lower case; `undefined` for an address, which is not
 *   allowed (RFC 6066 §3) but some clients send it.
 * @throws {TlsAlertError} If it is malformed or names two servers.
 */
export function parseServerName(
  extension: TlsCursor | undefined,
): string | undefined {
  if (extension === undefined) return undefined;
  const list = extension.vector(2, { least: 1 });
  extension.end();
  const names: string[] = [];
  while (!list.isAtEnd) {
    const type = list.number(1);
    const name = list.vector(2, { least: 1 }).rest();
    if (type === HOST_NAME) names.push(String.fromCharCode(...name));
  }
  if (names.length > 1) throw illegal("it names two servers");
  return names.length === 0 ? undefined : hostOf(names[0]!);
}

/**
 * Parses the protocols that the client offers.
 *
 * @param extension Contents of the extension; `undefined` if it is missing.
 * @returns Protocol names, one character for each byte; empty if it is missing.
 * @throws {TlsAlertError} If it is malformed.
 */
export function parseAlpn(extension: TlsCursor | undefined): string[] {
  if (extension === undefined) return [];
  const list = extension.vector(2, { least: 2 });
  extension.end();
  const protocols: string[] = [];
  while (!list.isAtEnd) {
    const name = list.vector(1, { least: 1 }).rest();
    protocols.push(String.fromCharCode(...name));
  }
  return protocols;
}

/**
 * Parses the versions that the client supports.
 *
 * @param extension Contents of the extension; `undefined` if it is missing.
 * @returns The versions as sent; `undefined` if it is missing.
 * @throws {TlsAlertError} If it is malformed.
 */
export function parseVersions(
  extension: TlsCursor | undefined,
): number[] | undefined {
  if (extension === undefined) return undefined;
  const list = extension.vector(1, { least: 2 });
  extension.end();
  const versions: number[] = [];
  while (!list.isAtEnd) versions.push(list.number(2));
  return versions;
}

function hostOf(name: string): string | undefined {
  try {
    const host = parseHost(name);
    // A final dot is not allowed (RFC 6066 §3), but does no harm.
    return typeof host === "string"
      ? host.toLowerCase().replace(/\.$/, "")
      : undefined;
  } catch {
    throw illegal("the server's name is not a valid name");
  }
}

function illegal(state: string): TlsAlertError {
  return helloError(ALERT.IllegalParameter, state);
}
