/**
 * HTTP/1.1 for one client of the admin listener: one request a connection.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { STATUS_TEXT } from "@std/http/status";
import { farewell } from "../serve/farewell.ts";
import type { ConnectionServices } from "../serve/connection_services.ts";
import { readOneRequest } from "../serve/http/one_request.ts";
import type { Session } from "../serve/session.ts";
import { LINGER } from "../net/linger.ts";
import type { TunnelResult } from "../net/tunnel.ts";
import type {
  AdminAccess,
  AdminRefusal,
} from "../policy/users/admin_access.ts";
import { Refusal } from "../policy/limits/refusal.ts";
import type { SpacedTurns } from "../sync/spaced_turns.ts";
import { setDeadline } from "../sync/deadline.ts";
import type { Field } from "../wire/http1/fields.ts";
import { encodeHead } from "../wire/http1/head.ts";
import type { RequestHead } from "../wire/http1/request.ts";
import { parseTarget } from "../wire/http1/target.ts";
import { type AdminAnswer, type AdminContext, answerRoute } from "./answers.ts";
import { REQUEST_HEADER } from "./endpoints.ts";
import { AdminError, asAdminError, codeOfStatus } from "./error.ts";
import { ADMIN_ROUTES, findRoute, MethodError } from "./routes.ts";
import type { ExportedFile } from "./tunnels/export.ts";
import { webSafety } from "../wire/web_safety.ts";

/** The context of the handler. */
export interface AdminServices extends ConnectionServices {
  /** The access rules. */
  access: AdminAccess;
  /** The context of the operations. */
  admin: AdminContext;
  /** Limits long tasks, so that health checks get answers in time. */
  turns: SpacedTurns;
}

/** No request needs a body; a small one is discarded. */
const MOST_BODY = 64 * 1024;

/** Milliseconds that a client has to read an answer. */
const WRITE_TIMEOUT = 30_000;

const NO_PAGE = "default-src 'none'; frame-ancestors 'none'";

/**
 * Serves one client.
 *
 * @param session The client.
 * @returns How it ended.
 * @throws {HttpError} If its request is malformed.
 */
export async function adminProtocol(
  session: Session<AdminServices>,
): Promise<TunnelResult> {
  session.offerPlace();
  const head = await readOneRequest(session, encodeFailure);
  session.keepPlace();
  session.record.target = head.target.slice(0, 100);
  session.endHandshake();
  requireSmallBody(head);
  const answer = await answerTo(head, session);
  session.isAnswered = true;
  // From here on, an error only means that the client has left.
  session.record.address = session.record.listener;
  await send(session, head, answer);
  await farewell(session, LINGER);
  return { sent: 0, received: 0, endedFirst: "target", error: undefined };
}

function requireSmallBody({ fields }: RequestHead): void {
  const isSmall = fields.all("content-length")
    .every((text) => /^\d{1,9}$/.test(text) && Number(text) <= MOST_BODY);
  if (isSmall) return;
  throw new AdminError("too_large", "The body is too long");
}

/** An answer that is sent as a whole: JSON, text, or nothing but a head. */
interface WholeAnswer {
  status: number;
  json?: unknown;
  text?: string;
  /** Media type of the text (default `text/plain`). */
  type?: string;
  /** What a browser may do with it (default nothing). */
  policy?: string;
  /** Further fields (default none). */
  fields?: readonly Field[];
}

async function answerTo(
  head: RequestHead,
  session: Session<AdminServices>,
): Promise<AdminAnswer | WholeAnswer> {
  const { fields, method, minor } = head;
  const { access, admin, turns } = session.services;
  const { hosts, path, query } = readTarget(head);
  const request = {
    method,
    minor,
    hosts,
    origins: fields.all("origin"),
    sites: fields.all("sec-fetch-site"),
    authorizations: fields.all("authorization"),
    confirmations: fields.all(REQUEST_HEADER.toLowerCase()),
  };
  insist(access.refuseOrigin(request));
  // Health checks are answered even if too many clients are connected.
  const isOpen = ADMIN_ROUTES.some((route) =>
    route.isOpen && route.path === path
  );
  if (!isOpen) requirePlace(session);
  const file = await pageFile(method, path);
  if (file !== undefined) return file;
  // Without the token, all other paths look the same.
  if (!isOpen) insist(access.refuseToken(request));
  const found = findRoute(method, path);
  if (found === undefined) {
    throw new AdminError("not_found", "No page or operation has this path");
  }
  if (!isOpen) await turns.take(session.context);
  return await answerRoute(found, query, admin);
}

function requirePlace(session: Session<AdminServices>): void {
  try {
    session.admit();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new AdminError(
      "busy",
      "Too many requests at a time; try again",
    );
  }
}

function insist(refusal: AdminRefusal | undefined): void {
  if (refusal === undefined) return;
  throw new AdminError(codeOfStatus(refusal.status), refusal.message);
}

/** What the target of a request names. */
interface AdminTarget {
  /** Host of an absolute target; otherwise the values of `Host`. */
  hosts: readonly string[];
  path: string;
  query: URLSearchParams;
}

/** Reads a path, or `http://HOST/PATH`, which overrides `Host` (RFC 9112 §3.2). */
function readTarget(head: RequestHead): AdminTarget {
  const { fields, target } = head;
  let hosts = fields.all("host");
  let whole = target;
  if (/^http:/i.test(target) && head.method !== "CONNECT") {
    const { path, text } = parseTarget(head);
    hosts = [text];
    whole = path;
  } else if (!target.startsWith("/")) {
    throw new AdminError(
      "bad_request",
      "The request target is neither a path nor http://HOST/PATH",
    );
  }
  const mark = whole.indexOf("?");
  const path = mark < 0 ? whole : whole.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? "" : whole.slice(mark + 1));
  return { hosts, path, query };
}

async function pageFile(
  method: string,
  path: string,
): Promise<WholeAnswer | undefined> {
  if (method !== "GET" && method !== "HEAD") return undefined;
  // Imported lazily: a program that only serves metrics does not load the page.
  const isFile = path === "/" || path.startsWith("/page/") ||
    path.endsWith(".ts");
  if (!isFile) return undefined;
  const { adminPage, PAGE_POLICY: policy } = await import("./page_files.ts");
  const file = adminPage(path);
  return file && { status: 200, ...file, policy };
}

async function send(
  session: Session<AdminServices>,
  head: RequestHead,
  answer: AdminAnswer | WholeAnswer,
): Promise<void> {
  const { method } = head;
  const { client, context, services } = session;
  // Writing a table as JSON takes as long as building it.
  if (!("text" in answer)) await services.turns.take(context);
  if ("stream" in answer) {
    const fields: Field[] = [["Content-Type", "text/event-stream"]];
    await client.write(encodeHeadOf(200, [...fields, ...always(NO_PAGE)]));
    if (method === "HEAD") return;
    return await answer.stream.serve((bytes) => client.write(bytes), context);
  }
  if ("file" in answer) return await sendFile(session, head, answer.file);
  await write(session, encode(answer, method));
}

/** In chunks (RFC 9112 §7.1), so that clients notice a truncated file. */
async function sendFile(
  session: Session<AdminServices>,
  { method, minor }: RequestHead,
  { name, text, type }: ExportedFile,
): Promise<void> {
  const isChunked = minor > 0;
  const fields: Field[] = [
    ["Content-Type", withCharset(type)],
    ["Content-Disposition", `attachment; filename="${name}"`],
    ...isChunked ? [["Transfer-Encoding", "chunked"] as Field] : [],
    ...always(NO_PAGE),
  ];
  await write(session, encodeHeadOf(200, fields));
  if (method === "HEAD") return;
  const encoder = new TextEncoder();
  for await (const piece of text) {
    if (piece === "") continue; // An empty chunk is the end.
    const bytes = encoder.encode(piece);
    const size = encoder.encode(`${bytes.length.toString(16)}\r\n`);
    const chunk = concat([size, bytes, encoder.encode("\r\n")]);
    await write(session, isChunked ? chunk : bytes);
    await session.services.turns.take(session.context);
  }
  if (isChunked) await write(session, encoder.encode("0\r\n\r\n"));
}

async function write(
  { client, context }: Session<AdminServices>,
  bytes: Uint8Array,
): Promise<void> {
  const deadline = setDeadline(
    WRITE_TIMEOUT,
    () => context.cancel(new Error("Client does not read the answer")),
  );
  try {
    await client.write(bytes);
  } finally {
    deadline.clear();
  }
}

function encode(answer: WholeAnswer, method: string): Uint8Array {
  const { fields = [], json, policy = NO_PAGE, status, type } = answer;
  if (status === 204) return encodeHeadOf(204, always(policy));
  const isText = answer.text !== undefined;
  const text = answer.text ?? JSON.stringify(json) + "\n";
  const body = new TextEncoder().encode(text);
  const head = encodeHeadOf(status, [
    ["Content-Type", isText ? withCharset(type) : "application/json"],
    ...fields,
    ["Content-Length", String(body.length)],
    ...always(policy),
  ]);
  return method === "HEAD" ? head : concat([head, body]);
}

function withCharset(type = "text/plain"): string {
  return type.includes(";") ? type : `${type}; charset=utf-8`;
}

function encodeFailure(
  error: unknown,
  { method }: { method: string },
): Uint8Array {
  const failure = asAdminError(error);
  const { answer: json, code, status } = failure;
  const fields: Field[] = [];
  if (failure instanceof MethodError) fields.push(["Allow", failure.allow]);
  if (code === "unauthorized") {
    fields.push(["WWW-Authenticate", 'Bearer realm="sluice"']);
  }
  return encode({ status, json, fields }, method);
}

function encodeHeadOf(status: number, fields: readonly Field[]): Uint8Array {
  return encodeHead(`HTTP/1.1 ${status} ${STATUS_TEXT[status]}`, fields);
}

function always(policy: string): Field[] {
  return [
    ...webSafety(policy),
    ["Cache-Control", "no-store"],
    ["Connection", "close"],
  ];
}
