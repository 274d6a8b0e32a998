/**
 * SOCKS5 for one client (RFC 1928, RFC 1929).
 *
 * ```text
 * client                      sluice                        target
 *   | -- greeting --------------> |                            |
 *   | <-- method ---------------- |                            |
 *   | -- credentials (if 2) ----> |                            |
 *   | <-- status ---------------- |                            |
 *   | -- request ---------------> | -- connect --------------> |
 *   | <-- reply ----------------- | <------------------------- |
 *   | <======================= tunnel =======================> |
 * ```
 *
 * @module
 */

import { Duplex } from "../net/duplex.ts";
import { tunnel, type TunnelResult } from "../net/tunnel.ts";
import { Refusal } from "../policy/refusal.ts";
import type { Users } from "../policy/users.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import {
  COMMAND,
  METHOD,
  type Method,
  REPLY,
  Socks5Error,
} from "../wire/socks5.ts";
import {
  encodeCredentialsReply,
  parseCredentials,
} from "../wire/socks5_credentials.ts";
import {
  encodeMethodSelection,
  parseGreeting,
} from "../wire/socks5_greeting.ts";
import { type BoundAddress, encodeReply } from "../wire/socks5_reply.ts";
import { parseRequest, type Request } from "../wire/socks5_request.ts";
import { openTarget } from "./open_target.ts";
import { replyFor } from "./reply_table.ts";
import type { Session } from "./session.ts";

/**
 * Handles one client from its greeting to the end of its tunnel.
 *
 * @param session The client.
 * @returns How the tunnel ended.
 * @throws What the client has to be refused for; `session.encodeRefusal` says
 *   how.
 */
export async function socks5(session: Session): Promise<TunnelResult> {
  session.record.protocol = "socks5";
  await agreeOnMethod(session);
  const request = await readRequest(session);
  const { connection } = await openTarget(session, request.host, request.port);
  using _closing = connection;
  const bound = toBoundAddress(connection.localAddr as Deno.NetAddr);
  session.encodeRefusal = undefined;
  await session.client.write(encodeReply(REPLY.Succeeded, bound));
  const { idle, halfClose } = session.services.timeouts;
  return await tunnel(session.client, new Duplex(connection), session.context, {
    idleTimeout: idle,
    halfCloseTimeout: halfClose,
  });
}

async function agreeOnMethod(session: Session): Promise<void> {
  const { client, reader, services } = session;
  const offered = await reader.parse(parseGreeting());
  const method = services.users === undefined
    ? METHOD.NoAuthentication
    : METHOD.UsernamePassword;
  if (!offered.includes(method)) {
    session.encodeRefusal = () => encodeMethodSelection(METHOD.NoAcceptable);
    throw new Refusal("forbidden", describeMethods(method, offered));
  }
  await client.write(encodeMethodSelection(method));
  if (services.users !== undefined) await checkUser(session, services.users);
}

async function checkUser(session: Session, users: Users): Promise<void> {
  const { client, reader, record } = session;
  session.encodeRefusal = () => encodeCredentialsReply(false);
  const { username, password } = await reader.parse(parseCredentials());
  record.user = username;
  if (!users.verify(username, password)) {
    throw new Refusal("forbidden", "Wrong user name or password");
  }
  await client.write(encodeCredentialsReply(true));
}

async function readRequest(session: Session): Promise<Request> {
  session.encodeRefusal = (error) => encodeReply(replyFor(error));
  const request = await session.reader.parse(parseRequest());
  session.endHandshake();
  session.reader.release();
  if (request.command !== COMMAND.Connect) {
    throw new Socks5Error(
      REPLY.CommandNotSupported,
      `Cannot serve request: CMD is ${request.command}`,
    );
  }
  return request;
}

function describeMethods(wanted: Method, offered: Uint8Array): string {
  const need = wanted === METHOD.UsernamePassword
    ? "Client must log in with user name and password (method 2)"
    : "Client must do without authentication (method 0)";
  const list = offered.length === 0 ? "none" : [...offered].join(", ");
  return `${need}; it offers ${list}`;
}

function toBoundAddress({ hostname, port }: Deno.NetAddr): BoundAddress {
  const ip = parseIpAddress(hostname);
  if (ip === undefined) throw new TypeError(`Not an address: ${hostname}`);
  return { ip, port };
}
