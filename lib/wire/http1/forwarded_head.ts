/**
 * Heads that a proxy forwards (RFC 9110 §7.6).
 *
 * @module
 */

import type { Field, Fields } from "./fields.ts";
import { type Framing, isWithoutBody } from "./framing.ts";
import { encodeHead } from "./head.ts";
import type { RequestHead } from "./request.ts";
import type { ResponseHead } from "./response.ts";
import type { RequestTarget } from "./target.ts";

/**
 * Fields for one connection only, in addition to those that `Connection` names
 * (§7.6.1).
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Settings for a request that goes to another proxy. */
export interface RelayOptions {
  /** Fields for that proxy only. */
  fields: readonly Field[];
}

/** Settings for forwarding a request. */
export interface RequestOptions {
  /** End of the body. */
  framing: Framing;
  /** The client's address, if the target should receive it. */
  forwardedFor?: string;
  /** Remaining number of forwards, including this one (RFC 9110 §7.6.2). */
  maxForwards?: number | undefined;
  /**
   * Settings for the parent proxy (default: the request goes to its origin
   * server).
   */
  relay?: RelayOptions | undefined;
}

/** Settings for forwarding a response. */
export interface ResponseOptions {
  /** End of the body for the client. */
  framing: Framing;
  /** Value of `Connection`; `undefined` if the default applies. */
  connection?: "close" | "keep-alive" | "upgrade" | undefined;
}

/**
 * Tells whether a request asks for another protocol (RFC 9110 §7.8).
 *
 * @param head The request. HTTP/1.0 cannot ask.
 * @param framing Its framing. With a body, the new protocol would start before
 *   the old one has ended.
 * @returns Whether to forward `Upgrade`.
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
 * Tells whether a request needs a connection of its own. `h2c` does not count,
 * because a server may ignore it, as most do (RFC 9113 §3.1).
 *
 * @returns Whether it asks for a protocol other than `h2c`.
 */
export function needsTunnel(head: RequestHead, framing: Framing): boolean {
  return isUpgrade(head, framing) &&
    head.fields.tokens("upgrade").some((protocol) => protocol !== "h2c");
}

/**
 * Encodes a request in HTTP/1.1 for its origin server. `Host` and the framing
 * fields are written from the parsed request, so the target receives exactly
 * what Sluice checked. A parent proxy gets the absolute form (RFC 9112 §3.2.2)
 * and no `Upgrade`.
 *
 * @param target Destination of the request.
 * @param options Framing and further fields.
 */
export function encodeForwardedRequest(
  head: RequestHead,
  target: RequestTarget,
  { framing, forwardedFor, maxForwards, relay }: RequestOptions,
): Uint8Array<ArrayBuffer> {
  const { method, minor, fields } = head;
  const list: Field[] = [["Host", target.text]];
  const options: string[] = [];
  const replaced = maxForwards === undefined
    ? /^host$/i
    : /^(?:host|max-forwards)$/i;
  list.push(...endToEnd(fields).filter(([name]) => !replaced.test(name)));
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

/** For `*` the URI has no path at all (RFC 9112 §3.2.4). */
function absoluteForm({ path, text }: RequestTarget): string {
  return `http://${text}${path === "*" ? "" : path}`;
}

/**
 * Encodes a response for the client.
 *
 * @param options Framing and `Connection`.
 */
export function encodeForwardedResponse(
  head: ResponseHead,
  { framing, connection }: ResponseOptions,
): Uint8Array<ArrayBuffer> {
  const { status, reason, minor, fields } = head;
  const list = [...endToEnd(fields), ...framingFields(framing)];
  // For HEAD and 304 it is the length that GET would return (RFC 9110 §8.6).
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

/** Names this proxy after all earlier ones (RFC 9110 §7.6.3). */
function via(minor: 0 | 1): Field {
  return ["Via", `1.${minor} sluice`];
}
