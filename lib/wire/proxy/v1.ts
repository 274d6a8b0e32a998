/**
 * Version 1 of the PROXY protocol: a line of text (proxy-protocol.txt §2.1).
 *
 * ```text
 * PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n
 * PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n
 * PROXY UNKNOWN\r\n
 * ```
 *
 * @module
 */

import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "../ip_address.ts";
import type { Parser } from "../parser.ts";
import {
  ofOneFamily,
  type ProxyEndpoints,
  type ProxyHeader,
} from "./endpoints.ts";

/** The start of every line. */
export const V1_PREFIX: Uint8Array = new TextEncoder().encode("PROXY ");

/** Bytes of the longest line, including its line end (§2.1). */
const MOST_BYTES = 107;

const CR = 0x0d;
const LF = 0x0a;

/** Without a sign or leading zeros (§2.1). */
const PORT = /^(?:0|[1-9]\d{0,4})$/;

const ADDRESS_LENGTH: Readonly<Record<string, number>> = { TCP4: 4, TCP6: 16 };

/**
 * Parses a line after its prefix, up to its end.
 *
 * @throws {SyntaxError} If it is malformed or longer than 107 bytes.
 */
export function* parseProxyV1(): Parser<ProxyHeader> {
  const line = yield* parseLine();
  const [family, ...fields] = line.split(" ");
  // Receivers ignore everything after UNKNOWN (§2.1).
  if (family === "UNKNOWN") return { endpoints: undefined };
  const length = Object.hasOwn(ADDRESS_LENGTH, family!)
    ? ADDRESS_LENGTH[family!]!
    : undefined;
  if (length === undefined) {
    throw malformed("its family is not one of TCP4, TCP6, UNKNOWN");
  }
  if (fields.length !== 4) {
    throw malformed("it does not have two addresses and two ports");
  }
  const [source, destination, sourcePort, destinationPort] = fields;
  return {
    endpoints: {
      source: {
        ip: parseAddress(source!, length),
        port: parsePort(sourcePort!),
      },
      destination: {
        ip: parseAddress(destination!, length),
        port: parsePort(destinationPort!),
      },
    },
  };
}

/**
 * Encodes a line.
 *
 * @param endpoints Both ends; `undefined` if they are unknown.
 * @returns The whole line.
 */
export function encodeProxyV1(
  endpoints: ProxyEndpoints | undefined,
): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`PROXY ${describe(endpoints)}\r\n`);
}

function describe(endpoints: ProxyEndpoints | undefined): string {
  if (endpoints === undefined) return "UNKNOWN";
  const { source, destination } = ofOneFamily(endpoints);
  const family = source.ip.length === 4 ? "TCP4" : "TCP6";
  const addresses = `${formatIpAddress(source.ip)} ${
    formatIpAddress(destination.ip)
  }`;
  return `${family} ${addresses} ${source.port} ${destination.port}`;
}

/** Only the line end marks the end, so this reads byte by byte. */
function* parseLine(): Parser<string> {
  let line = "";
  for (let left = MOST_BYTES - V1_PREFIX.length; left > 0; left--) {
    const [byte] = yield 1;
    if (byte === LF && line.endsWith("\r")) return line.slice(0, -1);
    if (line.endsWith("\r")) throw malformed("CR without LF");
    if (byte !== CR && (byte! < 0x20 || byte! > 0x7e)) {
      throw malformed(`byte ${byte} is not printable`);
    }
    line += String.fromCharCode(byte!);
  }
  throw malformed(`it has more than ${MOST_BYTES} bytes`);
}

function parseAddress(text: string, length: number): IpAddress {
  const ip = parseIpAddress(text);
  if (ip?.length === length) return ip;
  throw malformed(`'${text}' is not an address of its family`);
}

function parsePort(text: string): number {
  if (PORT.test(text) && Number(text) <= 65535) return Number(text);
  throw malformed(`'${text}' is not a port`);
}

function malformed(state: string): SyntaxError {
  return new SyntaxError(`Cannot parse PROXY header: ${state}`);
}
