/**
 * Recognises the first bytes of a tunnel: a ClientHello, an HTTP/1 request, or
 * something that shows no name.
 *
 * @module
 */

import { MOST_EMPTY_LINES, MOST_START_LINE } from "./http1/head.ts";
import type { Parser } from "./parser.ts";
import { TlsAlertError } from "./tls/alert.ts";
import {
  type ClientHello,
  type HelloFacts,
  parseClientHello,
  parseRecordedHello,
} from "./tls/client_hello.ts";
import { recogniseInnerTls } from "./tls/starttls.ts";

/** A kind of first bytes. */
export type FirstFlight =
  | { readonly kind: "tls"; readonly hello: HelloFacts }
  /** TLS, but with a malformed ClientHello, or none. */
  | { readonly kind: "bad tls"; readonly why: string }
  | { readonly kind: "http" }
  /** Anything else. `protocol` is its name, if Sluice recognises it. */
  | { readonly kind: "other"; readonly protocol: string | undefined };

const HANDSHAKE = 22;
const LF = 0x0a;
const CR = 0x0d;

/** Bytes that suffice to recognise a protocol other than TLS and HTTP/1. */
const START = 5;

/** All registered methods are in upper case (RFC 9110 §16.1). */
const REQUEST_LINE = /^[A-Z][A-Z-]{0,31} [\x21-\x7e]+ HTTP\/1\.\d\r?$/;

/** Matches every beginning of a request line. */
const REQUEST_START =
  /^[A-Z](?:[A-Z-]{0,31}|[A-Z-]{0,31} [\x21-\x7e]*(?: [HTP/1.\d]{0,8}\r?)?)$/;

/** Examines the first bytes as they arrive, without consuming them. */
export class FlightScanner {
  #parser: Parser<ClientHello> | undefined;
  #offset = 0;
  #wanted = 0;

  /**
   * Examines the bytes so far.
   *
   * @param bytes All bytes since the start of the tunnel, at least one.
   * @returns Their kind; `undefined` if it needs more bytes to decide.
   */
  push(bytes: Uint8Array): FirstFlight | undefined {
    if (bytes[0] !== HANDSHAKE) return scanRequestLine(bytes);
    if (bytes.length < 2) return undefined;
    if (bytes[1] !== 3) return other(bytes);
    return asTls(() => this.#pushTls(bytes));
  }

  #pushTls(bytes: Uint8Array): HelloFacts | undefined {
    if (this.#parser === undefined) {
      const hello = parseRecordedHello(bytes);
      if (hello !== undefined) return hello;
      this.#parser = parseClientHello();
      this.#wanted = this.#parser.next().value as number;
    }
    while (this.#offset + this.#wanted <= bytes.length) {
      const end = this.#offset + this.#wanted;
      const step = this.#parser.next(bytes.subarray(this.#offset, end));
      this.#offset = end;
      if (step.done) return step.value;
      this.#wanted = step.value;
    }
    return undefined;
  }
}

function asTls(parse: () => HelloFacts | undefined): FirstFlight | undefined {
  try {
    const hello = parse();
    return hello && { kind: "tls", hello };
  } catch (error) {
    if (!(error instanceof TlsAlertError)) throw error;
    return { kind: "bad tls", why: error.message };
  }
}

/** Compares as much of the first line as has arrived with a request line. */
function scanRequestLine(all: Uint8Array): FirstFlight | undefined {
  const bytes = withoutEmptyLines(all);
  if (bytes.length === 0 || bytes.length === 1 && bytes[0] === CR) {
    return undefined;
  }
  const end = bytes.indexOf(LF);
  const line = String.fromCharCode(
    ...bytes.subarray(0, end < 0 ? MOST_START_LINE + 1 : end),
  );
  if (end >= 0 && end <= MOST_START_LINE) {
    return REQUEST_LINE.test(line) ? { kind: "http" } : other(all);
  }
  const mayBecome = line.length <= MOST_START_LINE && REQUEST_START.test(line);
  return mayBecome ? undefined : other(all);
}

/** Skips as many empty lines as the reader of requests (RFC 9112 §2.2). */
function withoutEmptyLines(bytes: Uint8Array): Uint8Array {
  let start = 0;
  for (let left = MOST_EMPTY_LINES; left > 0; left--) {
    if (bytes[start] !== CR || bytes[start + 1] !== LF) break;
    start += 2;
  }
  return bytes.subarray(start);
}

function other(bytes: Uint8Array): FirstFlight {
  const text = String.fromCharCode(...bytes.subarray(0, START));
  const protocol = text.startsWith("PRI *")
    ? "HTTP/2"
    : recogniseInnerTls(bytes.subarray(0, START));
  return { kind: "other", protocol };
}
