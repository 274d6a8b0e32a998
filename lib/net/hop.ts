/**
 * The client's side of SOCKS5, SOCKS4 and HTTP CONNECT: asks another proxy for
 * a connection.
 *
 * @module
 */

import { encodeHead } from "../wire/http1/head.ts";
import { encodeBasicCredentials } from "../wire/http1/credentials.ts";
import { HttpError } from "../wire/http1/http_error.ts";
import type { Field } from "../wire/http1/fields.ts";
import { parseResponseHead } from "../wire/http1/response.ts";
import type { Destination } from "../wire/host_name.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { formatParent, type Parent } from "../wire/parent_url.ts";
import {
  COMMAND as SOCKS4_COMMAND,
  REPLY as SOCKS4,
} from "../wire/socks/v4.ts";
import { parseReply as parseSocks4Reply } from "../wire/socks/v4_reply.ts";
import { encodeRequest as encodeSocks4 } from "../wire/socks/v4_request.ts";
import { COMMAND, REPLY } from "../wire/socks/v5.ts";
import { parseReply } from "../wire/socks/v5_reply.ts";
import { encodeRequest } from "../wire/socks/v5_request.ts";
import { ByteReader } from "./byte_reader.ts";
import { DialError, type DialErrorKind } from "./dial_error.ts";
import type { Duplex } from "./duplex.ts";
import { HttpReader } from "./http_reader.ts";
import { logInSocks5 } from "./socks5_login.ts";

/**
 * Asks a proxy for a tunnel, and leaves the stream at the target's first byte.
 *
 * @param duplex New connection to the proxy.
 * @param parent The proxy's scheme and credentials.
 * @param target What to ask for; an address if the scheme takes no names.
 * @param onAsked Called when the proxy has accepted the client, just before it
 *   gets the target: later failures may be the target's.
 * @throws {DialError} The proxy's answer; `parent failed` if the proxy itself
 *   refuses the client.
 * @throws {Deno.errors.UnexpectedEof} If the proxy closed the connection
 *   instead.
 */
export async function openHop(
  duplex: Duplex,
  parent: Parent,
  target: Destination,
  onAsked: () => void = () => {},
): Promise<void> {
  const hop: Hop = {
    duplex,
    parent,
    target,
    onAsked,
    failed: (kind, state) =>
      new DialError(
        kind,
        `Cannot reach ${formatHostPort(target.host, target.port)} through ${
          formatParent(parent)
        }: ${state}`,
      ),
  };
  try {
    await SPEAK[parent.scheme](hop);
  } catch (error) {
    // A malformed answer means that this is not the kind of proxy that was
    // configured.
    if (error instanceof SyntaxError || error instanceof HttpError) {
      throw hop.failed("parent failed", error.message);
    }
    throw error;
  }
}

interface Hop {
  duplex: Duplex;
  parent: Parent;
  target: Destination;
  onAsked: () => void;
  failed: (kind: DialErrorKind, state: string) => DialError;
}

const SPEAK: Readonly<Record<Parent["scheme"], (hop: Hop) => Promise<void>>> = {
  "socks5": askSocks5,
  "socks5h": askSocks5,
  "socks4": askSocks4,
  "socks4a": askSocks4,
  "http": askHttp,
  "https": askHttp,
};

/** Kinds by `REP` (RFC 1928 §6), for codes that mean more than a failure. */
const KIND_BY_REPLY: Readonly<Record<number, DialErrorKind>> = {
  [REPLY.NotAllowedByRuleset]: "forbidden",
  [REPLY.NetworkUnreachable]: "network unreachable",
  [REPLY.HostUnreachable]: "host unreachable",
  [REPLY.ConnectionRefused]: "refused",
  [REPLY.TtlExpired]: "timeout",
};

/** What a reply code means, in words. */
const WORDS: Readonly<Partial<Record<DialErrorKind, string>>> = {
  "forbidden": "it forbids that",
  "network unreachable": "network unreachable",
  "host unreachable": "host unreachable, or no such name",
  "refused": "connection refused",
  "timeout": "no answer in time",
  "failed": "it can't",
  "parent failed": "it refuses our user name",
};

async function askSocks5({ duplex, parent, target, onAsked, failed }: Hop) {
  const reader = new ByteReader(duplex);
  await logInSocks5(duplex, reader, parent, failed);
  onAsked();
  await duplex.write(encodeRequest({ command: COMMAND.Connect, ...target }));
  const reply = await reader.parse(parseReply());
  reader.release();
  if (reply === REPLY.Succeeded) return;
  const kind = KIND_BY_REPLY[reply] ?? "failed";
  throw failed(kind, `${WORDS[kind]} (REP is ${reply})`);
}

async function askSocks4({ duplex, parent, target, onAsked, failed }: Hop) {
  const { host } = target;
  const isIpv4 = typeof host !== "string" && host.length === 4;
  if (!isIpv4 && parent.scheme === "socks4") {
    throw failed("failed", "SOCKS4 has IPv4 addresses only");
  }
  const reader = new ByteReader(duplex);
  onAsked();
  await duplex.write(encodeSocks4({
    command: SOCKS4_COMMAND.Connect,
    ...target,
    userId: parent.credentials?.username ?? "",
    isNamed: !isIpv4,
  }));
  const reply = await reader.parse(parseSocks4Reply());
  reader.release();
  if (reply === SOCKS4.Granted) return;
  // 92 and 93 reject the user name (SOCKS4 §1).
  const kind = reply === SOCKS4.Rejected ? "failed" : "parent failed";
  throw failed(kind, `${WORDS[kind]} (CD is ${reply})`);
}

/** Kinds by status (RFC 9110 §15), for codes that mean more than a failure. */
const KIND_BY_STATUS: Readonly<Record<number, DialErrorKind>> = {
  403: "forbidden",
  407: "parent failed",
  504: "timeout",
};

/**
 * Creates the fields with which a request logs in to an HTTP parent (RFC 9110
 * §11.7.2).
 *
 * @returns One field; none if the parent has no credentials.
 */
export function loginFields({ credentials }: Parent): Field[] {
  if (credentials === undefined) return [];
  const password = new TextEncoder().encode(credentials.password);
  const value = encodeBasicCredentials({ ...credentials, password });
  return [["Proxy-Authorization", value]];
}

async function askHttp({ duplex, parent, target, onAsked, failed }: Hop) {
  const authority = formatHostPort(target.host, target.port);
  const fields: Field[] = [["Host", authority], ...loginFields(parent)];
  onAsked();
  await duplex.write(encodeHead(`CONNECT ${authority} HTTP/1.1`, fields));
  const reader = new HttpReader(duplex);
  const { status, reason } = await readAnswer(reader);
  reader.release();
  if (status >= 200 && status < 300) return;
  throw failed(
    KIND_BY_STATUS[status] ?? "failed",
    `${status} ${reason}`.trim(),
  );
}

/** Interim answers precede the final one (RFC 9110 §15.2). */
async function readAnswer(reader: HttpReader) {
  for (let interim = 0; interim < MOST_INTERIM; interim++) {
    const head = await reader.readHead();
    if (head === undefined) {
      throw new Deno.errors.UnexpectedEof("Parent closed");
    }
    const answer = parseResponseHead(head);
    if (answer.status >= 200) return answer;
  }
  throw new HttpError(502, "it sends interim answers without end");
}

/** Most interim answers that are skipped. */
const MOST_INTERIM = 8;
