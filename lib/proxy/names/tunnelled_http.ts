/**
 * Serves HTTP/1 in a tunnel when names are checked. Requests pass through the
 * proxy's own HTTP code, which judges the host of each.
 *
 * @module
 */

import type { TunnelResult } from "../../net/tunnel.ts";
import type { AskedTunnel, ProxySession } from "../../serve/proxy_services.ts";
import { refusalOf } from "../../serve/target/decide.ts";
import { requestFraming } from "../../wire/http1/framing.ts";
import type { Head } from "../../wire/http1/head.ts";
import { parseRequestHead } from "../../wire/http1/request.ts";
import { parseOriginTarget } from "../../wire/http1/target.ts";
import { HttpClient } from "../http/client.ts";
import { httpExchange } from "../http/exchange.ts";
import { TunnelOrigins } from "../http/origins.ts";
import { judgeName } from "./judge_name.ts";

/**
 * Serves the requests of a client in its tunnel. If the target closes its
 * connection after an answer, Sluice reconnects for the next request.
 *
 * @param session The client, whose first bytes are a request.
 * @param tunnel The target and the client's request.
 * @returns The end of the connection, with the bytes of its last request.
 * @throws The refusal for the client.
 */
export async function tunnelledHttp(
  session: ProxySession,
  tunnel: AskedTunnel,
): Promise<TunnelResult> {
  const origins = new TunnelOrigins(tunnel, session.record);
  using client = new HttpClient(session, { origins, isInTunnel: true });
  let result: TunnelResult | undefined;
  while (result === undefined) {
    const head = await client.nextHead();
    result = head === undefined
      ? client.result("client")
      : await serve(client, tunnel, head);
  }
  return result;
}

async function serve(
  client: HttpClient,
  tunnel: AskedTunnel,
  unparsed: Head,
): Promise<TunnelResult | undefined> {
  const { session } = client;
  const head = parseRequestHead(unparsed);
  client.refusals.method = head.method;
  const framing = requestFraming(head);
  const target = parseOriginTarget(head);
  const denial = await judgeName(session, tunnel, target.host, "Host");
  if (denial !== undefined) {
    if (!denial.isMismatch) session.record.rule = denial.rule;
    throw refusalOf(denial);
  }
  return await httpExchange(client, {
    ...{ head, target, framing },
    maxForwards: undefined,
  });
}
