/**
 * The hub for browsers: a page, and its WebSocket.
 *
 * @module
 */

import { LINGER } from "../net/linger.ts";
import type { TunnelResult } from "../net/tunnel.ts";
import { refuseOrigin } from "../policy/users/web_origin.ts";
import { HttpError } from "../wire/http1/http_error.ts";
import type { RequestHead } from "../wire/http1/request.ts";
import type { Field } from "../wire/http1/fields.ts";
import { farewell } from "../serve/farewell.ts";
import { encodeAnswer } from "../serve/http/answer.ts";
import { serveHubClient } from "./client.ts";
import { encodePage, SOCKET_PATH } from "./page_files.ts";
import type { HubServices } from "./services.ts";
import { readOneRequest } from "../serve/http/one_request.ts";
import type { Session } from "../serve/session.ts";
import { encodeUpgrade, WEBSOCKET_VERSION } from "./websocket_upgrade.ts";

/** Additional fields of a response, by status. */
const FIELDS: Readonly<Record<number, readonly Field[]>> = {
  405: [["Allow", "GET, HEAD"]],
  426: [
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Version", WEBSOCKET_VERSION],
  ],
};

/**
 * Answers the only request of a connection, which may turn it into a WebSocket.
 *
 * @param session The client.
 * @returns How it ended.
 * @throws {HttpError} If the request can't be served.
 * @throws {Refusal} If the hub has too many clients.
 */
export async function hubWeb(
  session: Session<HubServices>,
): Promise<TunnelResult> {
  session.record.protocol = "http";
  const request = await readOneRequest(session, encodeFailure);
  session.noteRequest();
  const admission = session.admit();
  if (admission !== undefined) await admission;
  const [path] = request.target.split("?");
  session.record.target = path!.slice(0, 100);
  if (path !== SOCKET_PATH) return await answerPage(session, request, path!);
  const { webDialect } = session.services;
  checkOrigin(request, session.services);
  await session.answer(await encodeUpgrade(request));
  session.record.protocol = "hub-websocket";
  session.endHandshake();
  return await serveHubClient(session, webDialect);
}

function encodeFailure(
  error: unknown,
  { method }: { method: string },
): Uint8Array {
  const fields = error instanceof HttpError ? FIELDS[error.status] : undefined;
  return encodeAnswer(error, { method, fields: fields ?? [] });
}

async function answerPage(
  session: Session<HubServices>,
  { method }: RequestHead,
  path: string,
): Promise<TunnelResult> {
  if (method !== "GET" && method !== "HEAD") {
    throw new HttpError(405, `Cannot serve request: method is ${method}`);
  }
  const page = encodePage(path, method);
  if (page === undefined) throw new HttpError(404, "Nothing is at this path");
  await session.answer(page);
  session.endHandshake();
  const sent = session.client.received;
  await farewell(session, LINGER);
  return {
    sent,
    received: page.length,
    endedFirst: "target",
    error: undefined,
  };
}

function checkOrigin(
  { fields }: RequestHead,
  { isSecure, origins: allowed }: HubServices,
): void {
  const hosts = fields.all("host");
  if (hosts.length !== 1) {
    throw new HttpError(
      400,
      "Cannot serve request: Host must be given exactly once",
    );
  }
  const origins = fields.all("origin");
  const reason = refuseOrigin({ origins, host: hosts[0]!, isSecure }, allowed);
  if (reason !== undefined) {
    throw new HttpError(403, `Cannot upgrade to WebSocket: ${reason}`);
  }
}
