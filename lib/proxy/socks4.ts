/**
 * SOCKS4 and SOCKS4a for one client.
 *
 * ```text
 * client                      sluice                        target
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
import { COMMAND, REPLY } from "../wire/socks/v4.ts";
import { encodeReply } from "../wire/socks/v4_reply.ts";
import { parseRequest, type Request } from "../wire/socks/v4_request.ts";
import { mustLogIn } from "./authenticate.ts";
import { bind } from "./bind.ts";
import { connectTarget } from "../serve/target/open_target.ts";
import type { Refusals } from "../serve/refusals.ts";
import type { LastPart } from "../serve/run_tunnel.ts";
import type { ProxySession } from "../serve/proxy_services.ts";

const REFUSALS: Refusals = { encode: () => encodeReply(REPLY.Rejected) };

/**
 * Handles one client from its request to its tunnel.
 *
 * @param session The client.
 * @returns The tunnel, or how it ended.
 * @throws The reason to refuse the client.
 */
export async function socks4(
  session: ProxySession,
): Promise<TunnelResult | LastPart> {
  session.record.protocol = "socks4";
  session.refusals = REFUSALS;
  const request = await readRequest(session);
  switch (request.command) {
    case COMMAND.Connect:
      return await connect(session, request);
    case COMMAND.Bind:
      return await bind(session, request, encodeBound);
    default:
      throw refused(`CD is ${request.command}`);
  }
}

async function readRequest(session: ProxySession): Promise<Request> {
  const { identity, reader, record } = session;
  const request = await parse(session);
  session.endHandshake();
  reader.release();
  if (request.isNamed) record.protocol = "socks4a";
  if (request.userId !== "" && identity === undefined) {
    record.user = request.userId;
  }
  // USERID proves nothing, because there is no password.
  if (mustLogIn(session)) {
    throw refused("SOCKS4 has no passwords, and this proxy needs one");
  }
  return request;
}

/**
 * A malformed request is refused as if a rule forbade it: SOCKS4 has one code.
 */
async function parse(session: ProxySession): Promise<Request> {
  const { reader } = session;
  try {
    return await session.awaitRequest(() => reader.parse(parseRequest()));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Refusal("forbidden", error.message);
  }
}

function connect(
  session: ProxySession,
  request: Request,
): Promise<TunnelResult | LastPart> {
  const { host, isNamed } = request;
  // The system treats it as this machine, but a client without an address does
  // not mean that. For BIND it means anyone.
  if (!isNamed && typeof host !== "string" && host.every((n) => n === 0)) {
    throw refused("DSTIP is 0.0.0.0");
  }
  return connectTarget(session, request, () => encodeReply(REPLY.Granted));
}

function encodeBound({ hostname, port }: Deno.NetAddr): Uint8Array {
  const ip = parseIpAddress(hostname);
  if (ip?.length !== 4) throw refused(`${hostname} is not an IPv4 address`);
  return encodeReply(REPLY.Granted, { ip, port });
}

function refused(state: string): Refusal {
  return new Refusal("forbidden", `Cannot serve request: ${state}`);
}
