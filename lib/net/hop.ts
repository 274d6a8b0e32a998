/**
 * Asking another proxy to connect us: the client's side of SOCKS5, SOCKS4 and
 * HTTP CONNECT.
 *
 * @module
 */

import { encodeHead } from "../wire/http1/head.ts";
import { encodeBasicCredentials } from "../wire/http1/credentials.ts";
import { HttpError } from "../wire/http1/http_error.ts";
import type { Field } from "../wire/http1/fields.ts";
import { parseResponseHead } from "../wire/http1/response.ts";
import type { Host } from "../wire/host_name.ts";
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

/** Where a proxy is to connect us to. */
export interface HopTarget {
  /** Name, or address where the proxy's scheme takes no names. */
  host: Host;
  /** Port, 1 to 65535. */
  port: number;
}

/**
 * Asks a proxy for a connection, and leaves the stream at its first byte.
 *
 * @param duplex Connection to the proxy, nothing said on it yet.
 * @param parent How the proxy is spoken to.
 * @param target Where it is to connect us to.
 * @param onAsked Called when the proxy has taken us, just before it learns of
 *   the target: what fails from then on may be the target's fault.
 * @throws {DialError} What the proxy said; `parent failed` where it is the
 *   proxy itself that would not have us.
 * @throws {Deno.errors.UnexpectedEof} If it ended the connection instead.
 */
export async function openHop(
  duplex: Duplex,
  parent: Parent,
  target: HopTarget,
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
    // What is no answer at all says that it is not the proxy we take it for.
    if (error instanceof SyntaxError || error instanceof HttpError) {
      throw hop.failed("parent failed", error.message);
    }
    throw error;
  }
}

interface Hop {
  duplex: Duplex;
  parent: Parent;
  target: HopTarget;
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

/** Kinds by `REP` (RFC 1928 §6), as far as they say more than that it failed. */
const KIND_BY_REPLY: Readonly<Record<number, DialErrorKind>> = {
  [REPLY.NotAllowedByRuleset]: "forbidden",
  [REPLY.NetworkUnreachable]: "network unreachable",
  [REPLY.HostUnreachable]: "host unreachable",
  [REPLY.ConnectionRefused]: "refused",
  [REPLY.TtlExpired]: "timeout",
};

/** What a reply code means, for people. */
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
  // 92 and 93 are about our user name (SOCKS4 §1).
  const kind = reply === SOCKS4.Rejected ? "failed" : "parent failed";
  throw failed(kind, `${WORDS[kind]} (CD is ${reply})`);
}

/** Kinds by status (RFC 9110 §15), as far as they say more than that it failed. */
const KIND_BY_STATUS: Readonly<Record<number, DialErrorKind>> = {
  403: "forbidden",
  407: "parent failed",
  504: "timeout",
};

/**
 * Makes the fields by which a request logs in at an HTTP parent (RFC 9110
 * §11.7.2).
 *
 * @param parent The parent.
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

/** Interim answers come before the one that counts (RFC 9110 §15.2). */
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

/** Interim answers that are passed over. */
const MOST_INTERIM = 8;
