/**
 * Parses `--allow HOST[:PORT]`, `--allow-preset` and `--forward`.
 *
 * @module
 */

import { PRESET_NAMES, type PresetName } from "../policy/rules/presets.ts";
import { parseNamePattern } from "../policy/rules/name_pattern.ts";
import { parseHost } from "../wire/host_name.ts";
import {
  formatHostPort,
  type HostPort,
  parseHostPort,
} from "../wire/host_port.ts";
import { formatIpAddress, parseIpAddress } from "../wire/ip_address.ts";
import { quote } from "../wire/quote.ts";

/** A rule of the command line. */
export interface AllowedHost {
  /** The option's value as typed, for the rule's label. */
  readonly text: string;
  /** The rule. */
  readonly rule: string;
}

/** A port inside that leads to one target. */
export interface ForwardedPort {
  /** The port on 127.0.0.1. */
  readonly port: number;
  /** Where it leads. */
  readonly target: HostPort;
}

/** Ports of a host that is given without one. */
const PORTS = "80,443";

const PORT = /^(.*):(\d{1,5}(?:-\d{1,5})?|\*)$/s;

/** Names that are this machine's own (RFC 6761 §6.3). */
const LOCAL = /^(?:.*\.)?localhost\.?$/i;

/**
 * Parses a value of `--allow`.
 *
 * @param text `HOST`, `HOST:PORT`, `HOST:FIRST-LAST` or `HOST:*`; a host is a
 *   name, a pattern such as `*.example.com`, or an address, with brackets
 *   around IPv6 if a port follows.
 * @throws {SyntaxError} If the host or port is malformed.
 */
export function parseAllowed(text: string): AllowedHost {
  const isBare = parseIpAddress(text) !== undefined;
  const [, before, after] = isBare ? [] : PORT.exec(text) ?? [];
  const host = (before ?? text).replace(/^\[(.*)\]$/s, "$1");
  const port = portCondition(text, after ?? PORTS);
  return {
    text,
    rule: `allow ${hostCondition(text, host)}${port} command connect,http`,
  };
}

function hostCondition(text: string, host: string): string {
  const ip = parseIpAddress(host);
  if (ip !== undefined) return `to ${formatIpAddress(ip)}`;
  if (/[:/@]/.test(host) && !host.startsWith("/")) {
    throw new SyntaxError(
      `${quote(text)} is not a host; write HOST or HOST:PORT, without http://`,
    );
  }
  parseNamePattern(host);
  if (/[\s,"#]/.test(host)) {
    throw new SyntaxError(
      `${quote(text)} is not a host such as *.example.com:443`,
    );
  }
  return LOCAL.test(host) ? `name ${host} to loopback` : `name ${host}`;
}

function portCondition(text: string, ports: string): string {
  if (ports === "*") return "";
  if (ports === PORTS) return ` port ${ports}`;
  const [first, last = first] = ports.split("-").map(Number);
  if (first! >= 1 && first! <= last! && last! <= 65535) return ` port ${ports}`;
  throw new SyntaxError(
    `${quote(text)} has no port from 1 to 65535, or range such as 8000-8099`,
  );
}

/**
 * Parses values of `--allow-preset`.
 *
 * @param given Names with commas between them.
 * @returns Each name once.
 * @throws {SyntaxError} If one is unknown.
 */
export function parsePresets(given: readonly string[]): PresetName[] {
  const names = given.flatMap((text) => text.split(",")).map((name) => {
    const known = PRESET_NAMES.find((preset) => preset === name.trim());
    if (known !== undefined) return known;
    throw new SyntaxError(
      `${quote(name)} is not a preset: expected ${PRESET_NAMES.join(", ")}`,
    );
  });
  return [...new Set(names)];
}

/**
 * Parses a value of `--forward`.
 *
 * @param text `PORT=HOST:PORT`.
 * @returns The port and where it leads.
 * @throws {SyntaxError} If it is malformed, or a port is not 1 to 65535.
 */
export function parseForwarded(text: string): ForwardedPort {
  const [, left, right] = /^(\d{1,5})=(.+)$/s.exec(text) ?? [];
  if (left === undefined) {
    throw new SyntaxError(
      `${quote(text)} is not PORT=HOST:PORT, such as 5432=db.example:5432`,
    );
  }
  const port = Number(left);
  const target = parseHostPort(right!, "");
  parseHost(target.host);
  if (port >= 1 && port <= 65535 && target.port !== 0) return { port, target };
  throw new SyntaxError(`${quote(text)} has a port that is not 1 to 65535`);
}

/**
 * Checks that no port is used twice.
 *
 * @throws {SyntaxError} If a port is used twice.
 */
export function requireApart(ports: readonly ForwardedPort[]): void {
  for (const [index, { port }] of ports.entries()) {
    const other = ports.find((one, at) => at < index && one.port === port);
    if (other === undefined) continue;
    const { host, port: to } = other.target;
    throw new SyntaxError(
      `port ${port} already leads to ${
        formatHostPort(host, to)
      }; choose another`,
    );
  }
}
