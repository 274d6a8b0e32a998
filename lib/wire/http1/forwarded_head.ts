/**
 * Heads as a proxy passes them on (RFC 9110 §7.6).
 *
 * @module
 */

import type { Field, Fields } from "./fields.ts";
import { type Framing, isWithoutBody } from "./framing.ts";
import { encodeHead } from "./head.ts";
import type { RequestHead } from "./request.ts";
import type { ResponseHead } from "./response.ts";
import type { RequestTarget } from "./target.ts";

/** Fields for one connection only, besides what `Connection` names (§7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** What another proxy gets with a request that it is to pass on. */
export interface RelayOptions {
  /** Fields for that proxy alone. */
  fields: readonly Field[];
}

/** How a request is passed on. */
export interface RequestOptions {
  /** Where its body ends. */
  framing: Framing;
  /** The client's address, where the target is told it. */
  forwardedFor?: string;
  /** How often it may be forwarded, this time included (RFC 9110 §7.6.2). */
  maxForwards?: number | undefined;
  /** The proxy that gets it (default: it goes to its origin server). */
  relay?: RelayOptions | undefined;
}

/** How a response is passed on. */
export interface ResponseOptions {
  /** Where its body ends for the client. */
  framing: Framing;
  /** What to say in `Connection`; nothing where it goes without saying. */
  connection?: "close" | "keep-alive" | "upgrade" | undefined;
}

/**
 * Tells whether a request asks for another protocol (RFC 9110 §7.8).
 *
 * @param head The request. One in HTTP/1.0 can't.
 * @param framing Its framing: with a body, the new protocol would begin before
 *   the old one has ended.
 * @returns Whether `Upgrade` is to be passed on.
 */
export function isUpgrade(
  { minor, fields }: RequestHead,
  framing: Framing,
): boolean {
  return minor === 1 && isWithoutBody(framing) &&
    fields.tokens("connection").includes("upgrade") &&
    fields.all("upgrade").length > 0;
}

/**
 * Tells whether a request needs a connection that becomes its own. To `h2c` a
 * server may as well say no, as most do (RFC 9113 §3.1).
 *
 * @param head The request.
 * @returns Whether it asks for a protocol that it can't do without.
 */
export function needsTunnel(head: RequestHead, framing: Framing): boolean {
  return isUpgrade(head, framing) &&
    head.fields.tokens("upgrade").some((protocol) => protocol !== "h2c");
}

/**
 * Encodes a request for its origin server, in HTTP/1.1. `Host` and the framing
 * are said anew, so that what was judged is what is sent. Another proxy gets the
 * absolute form (RFC 9112 §3.2.2), and is not asked for another protocol.
 *
 * @param head The request.
 * @param target Where it goes.
 * @param options How it is passed on.
 */
export function encodeForwardedRequest(
  head: RequestHead,
  target: RequestTarget,
  { framing, forwardedFor, maxForwards, relay }: RequestOptions,
): Uint8Array<ArrayBuffer> {
  const { method, minor, fields } = head;
  const list: Field[] = [["Host", target.text]];
  const options: string[] = [];
  const anew = maxForwards === undefined
    ? /^host$/i
    : /^(?:host|max-forwards)$/i;
  list.push(...endToEnd(fields).filter(([name]) => !anew.test(name)));
  if (maxForwards !== undefined) {
    list.push(["Max-Forwards", String(maxForwards - 1)]);
  }
  list.push(...framingFields(framing));
  if (fields.tokens("te").includes("trailers")) {
    list.push(["TE", "trailers"]);
    options.push("TE");
  }
  if (relay !== undefined) list.push(...relay.fields);
  else if (isUpgrade(head, framing)) {
    list.push(["Upgrade", fields.all("upgrade").join(", ")]);
    options.push("Upgrade");
  }
  if (options.length > 0) list.push(["Connection", options.join(", ")]);
  if (forwardedFor !== undefined) list.push(["X-Forwarded-For", forwardedFor]);
  list.push(via(minor));
  const form = relay === undefined ? target.path : absoluteForm(target);
  return encodeHead(`${method} ${form} HTTP/1.1`, list);
}

/** For `*` there is no path at all (RFC 9112 §3.2.4). */
function absoluteForm({ path, text }: RequestTarget): string {
  return `http://${text}${path === "*" ? "" : path}`;
}

/**
 * Encodes a response for the client.
 *
 * @param head The response.
 * @param options How it is passed on.
 */
export function encodeForwardedResponse(
  head: ResponseHead,
  { framing, connection }: ResponseOptions,
): Uint8Array<ArrayBuffer> {
  const { status, reason, minor, fields } = head;
  const list = [...endToEnd(fields), ...framingFields(framing)];
  // Of HEAD and 304 it is the length that GET would have told (RFC 9110 §8.6).
  if (framing.kind === "none" && status >= 200 && status !== 204) {
    const [length] = fields.all("content-length");
    if (length !== undefined) list.push(["Content-Length", length]);
  }
  if (connection === "upgrade") {
    list.push(["Upgrade", fields.all("upgrade").join(", ")]);
  }
  if (connection !== undefined) list.push(["Connection", connection]);
  list.push(via(minor));
  return encodeHead(`HTTP/1.1 ${status} ${reason}`, list);
}

function endToEnd(fields: Fields): Field[] {
  const named = new Set(fields.tokens("connection"));
  return [...fields].filter(([name]) => {
    const lower = name.toLowerCase();
    return !HOP_BY_HOP.has(lower) && !lower.startsWith("proxy-") &&
      !named.has(lower) && lower !== "content-length";
  });
}

function framingFields(framing: Framing): Field[] {
  switch (framing.kind) {
    case "length":
      return [["Content-Length", String(framing.length)]];
    case "chunked":
      return [["Transfer-Encoding", "chunked"]];
    default:
      return [];
  }
}

/** Tells who passed it on, after those who did before (RFC 9110 §7.6.3). */
function via(minor: 0 | 1): Field {
  return ["Via", `1.${minor} sluice`];
}
