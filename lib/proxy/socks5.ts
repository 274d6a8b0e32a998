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

import type { TunnelResult } from "../net/tunnel.ts";
import { Refusal } from "../policy/limits/refusal.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import {
  COMMAND,
  METHOD,
  type Method,
  REPLY,
  Socks5Error,
} from "../wire/socks/v5.ts";
import {
  encodeCredentialsReply,
  parseCredentials,
} from "../wire/socks/v5_credentials.ts";
import {
  encodeMethodSelection,
  parseGreeting,
} from "../wire/socks/v5_greeting.ts";
import { encodeReply } from "../wire/socks/v5_reply.ts";
import { parseRequest, type Request } from "../wire/socks/v5_request.ts";
import { associate } from "./udp/associate.ts";
import { authenticate, mustLogIn } from "./authenticate.ts";
import { bind } from "./bind.ts";
import { connectTarget } from "../serve/target/open_target.ts";
import type { Refusals } from "../serve/refusals.ts";
import { replyFor } from "./reply_table.ts";
import type { LastPart } from "../serve/run_tunnel.ts";
import type { ProxySession } from "../serve/proxy_services.ts";

/** Refuses a client in the form that its handshake stage requires. */
class Socks5Refusals implements Refusals {
  phase: "greeting" | "method" | "credentials" | "request" = "greeting";

  encode(error: unknown): Uint8Array | undefined {
    switch (this.phase) {
      case "greeting":
        return undefined;
      case "method":
        return encodeMethodSelection(METHOD.NoAcceptable);
      case "credentials":
        return encodeCredentialsReply(false);
      case "request":
        return encodeReply(replyFor(error));
    }
  }
}

/**
 * Handles one client from its greeting to its tunnel.
 *
 * @param session The client.
 * @returns The tunnel, or how it ended.
 * @throws The reason to refuse the client.
 */
export async function socks5(
  session: ProxySession,
): Promise<TunnelResult | LastPart> {
  session.record.protocol = "socks5";
  const refusals = new Socks5Refusals();
  session.refusals = refusals;
  await agreeOnMethod(session, refusals);
  refusals.phase = "request";
  const request = await readRequest(session);
  switch (request.command) {
    case COMMAND.Connect:
      return await connectTarget(session, request, encodeBound);
    case COMMAND.Bind:
      return await bind(session, request, encodeBound);
    case COMMAND.UdpAssociate:
      return await associate(session, request);
    default:
      throw new Socks5Error(
        REPLY.CommandNotSupported,
        `Cannot serve request: CMD is ${request.command}`,
      );
  }
}

async function agreeOnMethod(
  session: ProxySession,
  refusals: Socks5Refusals,
): Promise<void> {
  const { client, reader } = session;
  const offered = await reader.parse(parseGreeting());
  const isLogin = mustLogIn(session);
  const method = isLogin ? METHOD.UsernamePassword : METHOD.NoAuthentication;
  if (!offered.includes(method)) {
    refusals.phase = "method";
    throw new Refusal("forbidden", describeMethods(method, offered));
  }
  await client.write(encodeMethodSelection(method));
  if (!isLogin) return;
  refusals.phase = "credentials";
  await authenticate(session, await reader.parse(parseCredentials()));
  await client.write(encodeCredentialsReply(true));
}

async function readRequest(session: ProxySession): Promise<Request> {
  const { reader } = session;
  const request = await session.awaitRequest(() =>
    reader.parse(parseRequest())
  );
  session.endHandshake();
  reader.release();
  return request;
}

function describeMethods(wanted: Method, offered: Uint8Array): string {
  const need = wanted === METHOD.UsernamePassword
    ? "Client must log in with user name and password (method 2)"
    : "Client must offer no authentication (method 0)";
  const list = offered.length === 0 ? "none" : [...offered].join(", ");
  return `${need}; it offers ${list}`;
}

function encodeBound({ hostname, port }: Deno.NetAddr): Uint8Array {
  const ip = parseIpAddress(hostname);
  if (ip === undefined) throw new TypeError(`Not an address: ${hostname}`);
  return encodeReply(REPLY.Succeeded, { ip, port });
}
