/**
 * The upgrade from HTTP to WebSocket (RFC 6455 §4.2).
 *
 * @module
 */

import { encodeHead } from "../wire/http1/head.ts";
import type { RequestHead } from "../wire/http1/request.ts";
import { HttpError } from "../wire/http1/http_error.ts";
import { acceptInput } from "./wire/websocket.ts";

/** The only version (§4.1). */
export const WEBSOCKET_VERSION = "13";

/** Sixteen bytes in base64. */
const KEY = /^[A-Za-z\d+/]{22}==$/;

/**
 * Encodes the response to a client that asks for WebSocket.
 *
 * @param head The client's request.
 * @returns The response; frames follow it (§4.2.2).
 * @throws {HttpError} If the request is invalid: 400, 405, or 426 for another
 *   version.
 */
export async function encodeUpgrade(
  { fields, method, minor }: RequestHead,
): Promise<Uint8Array> {
  if (method !== "GET") throw refused(405, `method is ${method}`);
  if (minor === 0) throw refused(400, "HTTP/1.0 has no upgrade");
  if (!fields.tokens("upgrade").includes("websocket")) {
    throw refused(426, "Upgrade does not say websocket");
  }
  if (!fields.tokens("connection").includes("upgrade")) {
    throw refused(400, "Connection does not say upgrade");
  }
  const versions = fields.all("sec-websocket-version");
  if (versions.length !== 1 || versions[0] !== WEBSOCKET_VERSION) {
    throw refused(426, `version is not ${WEBSOCKET_VERSION}`);
  }
  const keys = fields.all("sec-websocket-key");
  if (keys.length !== 1 || !KEY.test(keys[0]!)) {
    throw refused(400, "Sec-WebSocket-Key is not 16 bytes in base64");
  }
  const hash = await crypto.subtle.digest("SHA-1", acceptInput(keys[0]!));
  return encodeHead("HTTP/1.1 101 Switching Protocols", [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", new Uint8Array(hash).toBase64()],
  ]);
}

function refused(status: number, state: string): HttpError {
  return new HttpError(status, `Cannot upgrade to WebSocket: ${state}`);
}
