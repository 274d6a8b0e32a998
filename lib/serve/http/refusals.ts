/**
 * Refuses HTTP clients.
 *
 * @module
 */

import { Refusal } from "../../policy/limits/refusal.ts";
import { HttpError } from "../../wire/http1/http_error.ts";
import { encodeAnswer } from "./answer.ts";
import type { Refusals } from "../refusals.ts";

const LATE = new HttpError(408, "The request did not arrive in time");

/**
 * Encodes the answer to a request that failed.
 *
 * @param error Any error.
 * @param options Its method: HEAD gets no body (RFC 9110 §9.3.2).
 * @returns The whole response.
 */
export type EncodeFailure = (
  error: unknown,
  options: { method: string },
) => Uint8Array;

/** The refusals of a server that speaks HTTP. */
export class HttpRefusals implements Refusals {
  /** Method of the request; `GET` until the head is read. */
  method = "GET";
  /** Whether Sluice stopped waiting for the head (RFC 9110 §15.5.9). */
  isLate = false;

  readonly #encode: EncodeFailure;

  /**
   * Begins before the first request.
   *
   * @param encode Encodes an answer (default: the proxy's own).
   */
  constructor(encode: EncodeFailure = encodeAnswer) {
    this.#encode = encode;
  }

  /** Begins again for the next request of the same client. */
  restart(): void {
    this.method = "GET";
    this.isLate = false;
  }

  /** Encodes the answer to the request that failed. */
  encode(error: unknown): Uint8Array {
    const { method } = this;
    const isLate = this.isLate && !(error instanceof Refusal);
    return this.#encode(isLate ? LATE : error, { method });
  }
}
