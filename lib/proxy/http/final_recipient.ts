/**
 * Answers requests that end at the proxy: TRACE and OPTIONS with Max-Forwards 0
 * (RFC 9110 §7.6.2).
 *
 * @module
 */

import type { TunnelResult } from "../../net/tunnel.ts";
import type { Field } from "../../wire/http1/fields.ts";
import { encodeHead } from "../../wire/http1/head.ts";
import { isPersistent, type RequestHead } from "../../wire/http1/request.ts";
import type { HttpClient } from "./client.ts";

/** Fields that TRACE must not echo (§9.3.8). */
const SECRET = /^(?:authorization|proxy-authorization|cookie)$/i;

/**
 * Answers a request as its final recipient: TRACE with the request itself,
 * OPTIONS with an empty success.
 *
 * @param client The client; the head of its request has been read.
 * @param hasBody Whether a body follows, which is not read.
 * @returns How the connection ended; `undefined` if the next request may
 *   follow.
 */
export async function answerAsFinalRecipient(
  client: HttpClient,
  head: RequestHead,
  hasBody: boolean,
): Promise<TunnelResult | undefined> {
  const isKept = isPersistent(head) && !hasBody;
  const isTrace = head.method === "TRACE";
  const body = isTrace ? encodeTrace(head) : new Uint8Array();
  const fields: Field[] = [["Content-Length", String(body.length)]];
  if (isTrace) fields.push(["Content-Type", "message/http"]);
  fields.push(["Connection", isKept ? "keep-alive" : "close"]);
  await client.session.answer(encodeHead("HTTP/1.1 200 OK", fields));
  await client.session.client.write(body);
  client.log({ result: "ok", code: "answered", reason: `${head.method} 200` });
  if (isKept) return undefined;
  await client.leave();
  return client.result("target");
}

function encodeTrace(head: RequestHead): Uint8Array {
  const { method, target, minor, fields } = head;
  return encodeHead(
    `${method} ${target} HTTP/1.${minor}`,
    [...fields].filter(([name]) => !SECRET.test(name)),
  );
}
