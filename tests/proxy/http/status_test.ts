import { assertEquals, assertStringIncludes } from "@std/assert";
import { encodeAnswer } from "../../../lib/serve/http_answer.ts";
import { statusFor } from "../../../lib/serve/status_table.ts";
import { DialError, type DialErrorKind } from "../../../lib/net/dial_error.ts";
import {
  Refusal,
  type RefusalKind,
} from "../../../lib/policy/limits/refusal.ts";
import { HttpError } from "../../../lib/wire/http1/http_error.ts";

const DIALS: [DialErrorKind, number][] = [
  ["refused", 502],
  ["network unreachable", 502],
  ["host unreachable", 502],
  ["name not found", 502],
  ["timeout", 504],
  ["resolver failed", 503],
  ["no descriptors", 503],
  ["parent failed", 502],
  ["parent timeout", 504],
  ["failed", 502],
  ["forbidden", 403],
];

const REFUSALS: [RefusalKind, number][] = [
  ["forbidden", 403],
  ["unauthenticated", 407],
  ["banned", 429],
  ["limit reached", 503],
  ["draining", 503],
  ["loop", 403],
];

Deno.test("statusFor() follows the table", () => {
  for (const [kind, status] of DIALS) {
    assertEquals(statusFor(new DialError(kind, "x")), status, kind);
  }
  for (const [kind, status] of REFUSALS) {
    assertEquals(statusFor(new Refusal(kind, "x")), status, kind);
  }
  assertEquals(statusFor(new HttpError(414, "x")), 414);
  assertEquals(statusFor(new TypeError("x")), 500);
});

Deno.test("encodeAnswer() keeps to itself what nobody foresaw", () => {
  const answer = new TextDecoder().decode(encodeAnswer(new TypeError("ours")));
  assertStringIncludes(answer, "HTTP/1.1 500 Internal Server Error\r\n");
  assertEquals(answer.includes("ours"), false);
});

Deno.test("encodeAnswer() gives HEAD no body", () => {
  const error = new HttpError(400, "words");
  const answer = encodeAnswer(error, { method: "HEAD" });
  const text = new TextDecoder().decode(answer);
  assertStringIncludes(text, "Content-Length: 6\r\n");
  assertEquals(text.endsWith("\r\n\r\n"), true);
});
