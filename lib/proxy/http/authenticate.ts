/**
 * Who may send requests through the proxy (RFC 9110 §11.7).
 *
 * @module
 */

import { parseBasicCredentials } from "../../wire/http1/credentials.ts";
import { HttpError } from "../../wire/http1/http_error.ts";
import type { Fields } from "../../wire/http1/fields.ts";
import { authenticate, mustLogIn } from "../authenticate.ts";
import type { ProxySession } from "../../serve/proxy_services.ts";

/**
 * Checks the credentials of a request if the listener has users.
 *
 * @param session The client.
 * @param fields Fields of the request.
 * @returns `false` if credentials are required but missing: the client must be
 *   asked for them.
 * @throws {HttpError} 407 if they are malformed.
 * @throws {Refusal} `unauthenticated` if they are wrong.
 */
export async function authenticateRequest(
  session: ProxySession,
  fields: Fields,
): Promise<boolean> {
  if (!mustLogIn(session)) return true;
  if (fields.all("proxy-authorization").length === 0) return false;
  const credentials = parseBasicCredentials(fields);
  if (credentials === undefined) {
    throw new HttpError(
      407,
      "Cannot read Proxy-Authorization: it is not Basic",
    );
  }
  await authenticate(session, credentials);
  return true;
}
