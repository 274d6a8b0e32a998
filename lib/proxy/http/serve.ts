/**
 * The HTTP/1.1 proxy for one client (RFC 9110, RFC 9112).
 *
 * ```text
 * client                         sluice                      origin A, B, …
 *   | -- GET http://A/ ------------> | -- GET / --------------> A |
 *   | <-- 200 ---------------------- | <-- 200 ---------------- A |
 *   | -- GET http://B/ ------------> | -- GET / --------------> B |
 *   | <-- 200 ---------------------- | <-- 200 ---------------- B |
 *   | -- CONNECT C:443 ------------> | -- connect ------------> C |
 *   | <-- 200 ---------------------- |                            |
 *   | <======================= tunnel ======================> C |
 * ```
 *
 * @module
 */

import type { TunnelResult } from "../../net/tunnel.ts";
import { HttpError } from "../../wire/http1/http_error.ts";
import {
  type Framing,
  isWithoutBody,
  requestFraming,
} from "../../wire/http1/framing.ts";
import { encodeHead } from "../../wire/http1/head.ts";
import { parseMaxForwards } from "../../wire/http1/max_forwards.ts";
import {
  isPersistent,
  parseRequestHead,
  type RequestHead,
} from "../../wire/http1/request.ts";
import { parseTarget } from "../../wire/http1/target.ts";
import { encodeAnswer } from "../../serve/http/answer.ts";
import { authenticateRequest } from "./authenticate.ts";
import { HttpClient } from "./client.ts";
import { httpExchange } from "./exchange.ts";
import { answerAsFinalRecipient } from "./final_recipient.ts";
import { connectTarget } from "../../serve/target/open_target.ts";
import type { LastPart } from "../../serve/run_tunnel.ts";
import type { ProxySession } from "../../serve/proxy_services.ts";

/** No field may announce a body: the tunnel follows (RFC 9110 §9.3.6). */
const ESTABLISHED = encodeHead("HTTP/1.1 200 Connection established", []);

/** Most requests without credentials at the start of a connection. */
const MOST_CHALLENGES = 8;

/**
 * Handles one client from its first request to its tunnel, or to the end of its
 * connection.
 *
 * @param session The client.
 * @returns The tunnel, or how the connection ended with the bytes of its last
 *   request; earlier requests have their own log lines.
 * @throws The reason to refuse the client.
 */
export async function http(
  session: ProxySession,
): Promise<TunnelResult | LastPart> {
  using client = new HttpClient(session);
  let result: TunnelResult | LastPart | undefined;
  while (result === undefined) {
    session.record.protocol = "http";
    const head = await client.nextHead();
    result = head === undefined
      ? client.result("client")
      : await serve(client, parseRequestHead(head));
  }
  return result;
}

/** Serves one request; returns `undefined` if the next may follow. */
async function serve(
  client: HttpClient,
  head: RequestHead,
): Promise<TunnelResult | LastPart | undefined> {
  const { session } = client;
  const { method } = head;
  client.refusals.method = method;
  const framing = requestFraming(head);
  if (!await authenticateRequest(session, head.fields)) {
    await challenge(client, head, framing);
    return undefined;
  }
  client.isKnown = true;
  const target = parseTarget(head);
  if (method !== "CONNECT") {
    const maxForwards = parseMaxForwards(head);
    return maxForwards === 0
      ? await answerAsFinalRecipient(client, head, !isWithoutBody(framing))
      : await httpExchange(client, { head, target, framing, maxForwards });
  }
  if (!isWithoutBody(framing)) {
    // One reader sees a body, another the first bytes of the tunnel.
    throw new HttpError(400, "Cannot serve CONNECT: it has a body");
  }
  session.record.protocol = "http-connect";
  client.release();
  return await connectTarget(session, target, () => ESTABLISHED);
}

/**
 * Asks for credentials, on the same connection if possible. A body would have
 * to be read to find the next request, and bytes after a CONNECT may be the
 * start of an attacker's tunnel (RFC 9931: a refused CONNECT closes the
 * connection).
 */
async function challenge(
  client: HttpClient,
  head: RequestHead,
  framing: Framing,
): Promise<void> {
  const error = new HttpError(407, "This proxy needs a user name and password");
  const { method } = head;
  const isKept = isPersistent(head) && isWithoutBody(framing) &&
    method !== "CONNECT" && client.requests < MOST_CHALLENGES;
  if (!isKept) throw error;
  await client.session.client.write(
    encodeAnswer(error, { method, connection: "keep-alive" }),
  );
  client.session.live?.fail("http-407");
  client.log({ result: "refused", code: "http-407", reason: `${method} 407` });
}
