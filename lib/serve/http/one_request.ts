/**
 * A connection that carries one HTTP request.
 *
 * @module
 */

import { HttpReader } from "../../net/http_reader.ts";
import { HTTP_LINGER } from "../../net/linger.ts";
import {
  parseRequestHead,
  type RequestHead,
} from "../../wire/http1/request.ts";
import { type EncodeFailure, HttpRefusals } from "./refusals.ts";
import type { Session } from "../session.ts";

/**
 * Reads the head of the request, and consumes nothing after it.
 *
 * @param session The client.
 * @param encode Encodes the answer if the request fails.
 * @throws {HttpError} If it is malformed.
 * @throws {Deno.errors.UnexpectedEof} If the connection ends before it does.
 */
export async function readOneRequest(
  session: Session,
  encode: EncodeFailure,
): Promise<RequestHead> {
  const refusals = new HttpRefusals(encode);
  session.refusals = refusals;
  session.linger = HTTP_LINGER;
  const reader = new HttpReader(session.client);
  try {
    const head = await reader.readHead();
    if (head === undefined) {
      throw new Deno.errors.UnexpectedEof(
        "Cannot read head: the client sent nothing",
      );
    }
    const request = parseRequestHead(head);
    refusals.method = request.method;
    return request;
  } finally {
    reader.release();
  }
}
