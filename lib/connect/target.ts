/**
 * The target of `sluice connect`.
 *
 * @module
 */

import {
  formatEndpoint,
  parseEndpoint,
  type UnixPath,
} from "../wire/endpoint.ts";
import { type Host, parseConfiguredHost } from "../wire/host_name.ts";
import { formatHostPort, parseHostPort } from "../wire/host_port.ts";

/** A host and a port, or the path of a Unix socket. */
export type ConnectTarget = { host: Host; port: number } | UnixPath;

/**
 * Parses a target.
 *
 * @param given The operands on the command line.
 * @throws {SyntaxError} If they are not one target; the message says why.
 */
export function parseConnectTarget(given: readonly string[]): ConnectTarget {
  const [text, ...more] = given;
  if (text === undefined) {
    throw new SyntaxError("it is missing; give HOST:PORT or unix:PATH");
  }
  if (more.length > 0) {
    const [port] = more;
    const hint = /^\d+$/.test(port!) && !text.includes(":")
      ? `: write ${text}:${port}`
      : `, not ${given.length}`;
    throw new SyntaxError(`it is one word${hint}`);
  }
  if (text.startsWith("unix:")) return parseEndpoint(text, "") as UnixPath;
  if (!/\d/.test(text) || !/:|^\d+$/.test(text)) {
    throw new SyntaxError(
      `'${text}' is not HOST:PORT, such as localhost:8080`,
    );
  }
  const { host, port } = parseHostPort(text, "127.0.0.1");
  if (port === 0) {
    throw new SyntaxError(`'${text}' has port 0; give one from 1 to 65535`);
  }
  return { host: parseConfiguredHost(host), port };
}

/**
 * Formats a target.
 *
 * @returns The text that {@linkcode parseConnectTarget} accepts.
 */
export function formatConnectTarget(target: ConnectTarget): string {
  if ("path" in target) return formatEndpoint(target);
  return formatHostPort(target.host, target.port);
}
