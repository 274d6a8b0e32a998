/**
 * One request and its answer, through the proxy.
 *
 * @module
 */

import { DialError } from "../../net/dial_error.ts";
import { loginFields } from "../../net/hop.ts";
import type { TunnelResult } from "../../net/tunnel.ts";
import { pathOf } from "../../net/unix_socket.ts";
import { Refusal } from "../../policy/limits/refusal.ts";
import { NAME_MISMATCH } from "../../serve/refusal_reason.ts";
import { HttpError } from "../../wire/http1/http_error.ts";
import {
  encodeForwardedRequest,
  encodeForwardedResponse,
  isUpgrade,
  needsTunnel,
} from "../../wire/http1/forwarded_head.ts";
import {
  type Framing,
  isWithoutBody,
  responseFraming,
} from "../../wire/http1/framing.ts";
import { isPersistent, type RequestHead } from "../../wire/http1/request.ts";
import {
  isReusable,
  parseResponseHead,
  type ResponseHead,
} from "../../wire/http1/response.ts";
import type { RequestTarget } from "../../wire/http1/target.ts";
import { formatParent } from "../../wire/parent_url.ts";
import type { HttpClient } from "./client.ts";
import type { Origin } from "./origins.ts";
import { passOnAnswer } from "./download.ts";
import { HttpUpload } from "./upload.ts";
import { ConnectionPair } from "./connection_pair.ts";
import { ParentTries } from "../../serve/target/parents.ts";

/** An accepted request whose body is not read yet. */
export interface HttpRequest {
  /** Its head. */
  head: RequestHead;
  /** Where it goes. */
  target: RequestTarget;
  /** Where its body ends. */
  framing: Framing;
  /** How often it may still be forwarded, if limited. */
  maxForwards: number | undefined;
}

interface Answer {
  response: ResponseHead;
  framing: Framing;
}

interface Exchange extends HttpRequest {
  pair: ConnectionPair;
  upload: HttpUpload;
}

/** Methods that may be repeated (RFC 9110 §9.2.2). */
const IDEMPOTENT = /^(?:GET|HEAD|OPTIONS|TRACE|PUT|DELETE)$/;

/** Most interim answers; a target that sends more is broken. */
const MOST_INTERIM = 100;

const EMPTY: Framing = { kind: "none" };

/**
 * Sends a request to its origin server, and the answer to the client.
 *
 * @param client The client; the head of its request has been read.
 * @returns How the connection ended; `undefined` if the next request may
 *   follow.
 * @throws The reason to refuse the client, to whom no answer was sent yet.
 */
export async function httpExchange(
  client: HttpClient,
  request: HttpRequest,
): Promise<TunnelResult | undefined> {
  using pair = new ConnectionPair(client);
  using upload = new HttpUpload(pair, request.head, request.framing);
  const exchange = { ...request, pair, upload };
  try {
    const answer = await ask(exchange);
    return answer.response.status === 101
      ? await switchProtocols(exchange, answer)
      : await passOn(exchange, answer);
  } catch (error) {
    Object.assign(client.session.record, client.carried);
    if (!pair.isBegun) throw error;
    // Once an answer has begun, only the end of the connection tells the
    // client.
    await pair.breakOff(error);
    return pair.failedResult(error);
  }
}

/**
 * Sends the request until the head of its answer arrives: again if an idle
 * connection had ended, and to each parent that may get it.
 */
async function ask(exchange: Exchange): Promise<Answer> {
  const { head, framing, target, upload, pair } = exchange;
  const { isInTunnel, origins, session } = pair.client;
  const mayRelay = session.services.parents !== undefined && !isInTunnel &&
    !needsTunnel(head, framing);
  let tries = mayRelay ? new ParentTries() : undefined;
  for (let isFresh = false;;) {
    const origin = await origins.open(session, target, { isFresh, tries });
    pair.origin = origin;
    session.usage?.pace(origin.duplex);
    session.usage?.watch(() => pair.client.sent + pair.client.received);
    // A small request was read completely before a rate could hold it back.
    await session.client.hold();
    if (pair.isCut) origin.close(); // Cut while it was being opened.
    try {
      await pair.toOrigin(encodeRequest(exchange));
      upload.start();
      return await readAnswer(exchange, origin);
    } catch (error) {
      if (!isFresh && isStale(exchange, origin, error)) {
        isFresh = true;
        tries &&= new ParentTries();
      } else if (error instanceof DialError && isWithoutBody(framing)) {
        tries!.failure = error;
      } else throw pair.refusal(error);
      origin.close();
    }
  }
}

function encodeRequest(exchange: Exchange): Uint8Array {
  const { head, target, framing, maxForwards, pair } = exchange;
  const { remote, services } = pair.client.session;
  const { relay } = pair.origin!.target;
  return encodeForwardedRequest(head, target, {
    framing,
    maxForwards,
    relay: relay && { fields: loginFields(relay.parent) },
    // Squid's word for a client without an address.
    ...(services.forwardedFor
      ? {
        forwardedFor: pathOf(remote) === undefined
          ? remote.hostname
          : "unknown",
      }
      : {}),
  });
}

/** An idle connection may have closed while the request arrived. */
function isStale(
  { framing, head, pair }: Exchange,
  origin: Origin,
  error: unknown,
): boolean {
  return origin.isUsed && !pair.isCut && !(error instanceof HttpError) &&
    isWithoutBody(framing) && IDEMPOTENT.test(head.method);
}

async function readAnswer(exchange: Exchange, origin: Origin): Promise<Answer> {
  for (let n = 0; n < MOST_INTERIM; n++) {
    const found = await origin.reader.readHead();
    if (found === undefined) throw new Deno.errors.UnexpectedEof("No answer");
    origin.isUsed = false; // It is alive: from here on the request is not sent twice.
    const response = parseResponseHead(found);
    checkRelay(exchange, origin, response);
    const framing = responseFraming(response, exchange.head.method);
    if (response.status === 101) checkUpgrade(exchange, response);
    else if (response.status < 200) {
      await passOnInterim(exchange, response);
      continue;
    }
    return { response, framing };
  }
  throw new HttpError(502, "it sends nothing but interim answers");
}

/**
 * A parent's 407 is not passed to the client. It does not count as down,
 * because an origin server behind it can send the same.
 */
function checkRelay(
  { pair }: Exchange,
  { target: { relay } }: Origin,
  { reason, status }: ResponseHead,
): void {
  if (status !== 407 || relay === undefined) return;
  const { record } = pair.client.session;
  // As when a parent refuses CONNECT: the target was not reached.
  delete record.address;
  delete record.via;
  const way = formatParent(relay.parent);
  throw new DialError(
    "parent failed",
    `Cannot reach ${record.target} through ${way}: ${`407 ${reason}`.trim()}`,
  );
}

function checkUpgrade(
  { framing, head, pair }: Exchange,
  { fields }: ResponseHead,
): void {
  const isAsked = isUpgrade(head, framing) &&
    pair.origin!.target.relay === undefined;
  if (!isAsked || fields.all("upgrade").length === 0) {
    throw new HttpError(502, "it switches protocols without being asked");
  }
  requireWebSocket(pair, fields.tokens("upgrade"));
}

/** A WebSocket is for the host that was judged; of others nobody can tell. */
function requireWebSocket(
  { client: { session }, origin }: ConnectionPair,
  protocols: readonly string[],
): void {
  const { names } = session.services;
  if (names === undefined || origin!.target.verdict.isAnyProtocol) return;
  if (protocols.every((protocol) => protocol === "websocket")) return;
  const reason = `name-mismatch: ${
    protocols.join(", ")
  } shows no names; a rule with 'any-protocol' would allow the switch to it`;
  if (names.mode === "require") throw new Refusal("name mismatch", reason);
  session.record.wouldDeny ??= { rule: NAME_MISMATCH, reason };
}

/** HTTP/1.0 has no interim answers (RFC 9110 §15.2). */
async function passOnInterim(
  { head, upload, pair }: Exchange,
  response: ResponseHead,
): Promise<void> {
  if (response.status === 100) upload.isInvited = true;
  if (head.minor === 0) return;
  await pair.toClient(encodeForwardedResponse(response, { framing: EMPTY }));
}

async function switchProtocols(
  { pair }: Exchange,
  { response }: Answer,
): Promise<TunnelResult> {
  pair.begin();
  await pair.toClient(
    encodeForwardedResponse(response, {
      framing: EMPTY,
      connection: "upgrade",
    }),
  );
  return await pair.join();
}

async function passOn(
  exchange: Exchange,
  { response, framing }: Answer,
): Promise<TunnelResult | undefined> {
  const { head, upload, pair } = exchange;
  const { client } = pair;
  const origin = pair.origin!;
  const dechunk = head.minor === 0 && framing.kind === "chunked";
  const ownFraming: Framing = dechunk ? { kind: "close" } : framing;
  const isKept = isPersistent(head) && ownFraming.kind !== "close" &&
    upload.isSent && !client.session.draining.cancelled;
  const begin = encodeForwardedResponse(response, {
    framing: ownFraming,
    connection: connectionOption(head, isKept),
  });
  pair.isUpToEnd = ownFraming.kind === "close";
  await passOnAnswer(pair, { head: begin, framing, dechunk });
  await upload.finish(response.status);
  if (isWhole(origin, framing) && upload.isSent && isReusable(response)) {
    pair.origin = undefined;
    client.origins.put(origin);
  }
  pair.stop();
  client.log({
    result: "ok",
    code: "answered",
    reason: `${head.method} ${response.status}`,
  });
  if (isKept) return undefined;
  await client.leave();
  return client.result(isPersistent(head) ? "target" : "client");
}

/** The `Connection` field, if it is not the default (RFC 9112 §9.3). */
function connectionOption(
  head: RequestHead,
  isKept: boolean,
): "close" | "keep-alive" | undefined {
  if (!isKept) return "close";
  return head.minor === 0 ? "keep-alive" : undefined;
}

/** Bytes after an answer answer no request (RFC 9112 §11.1). */
function isWhole({ reader }: Origin, framing: Framing): boolean {
  return framing.kind !== "close" && reader.bytes.length === 0;
}
