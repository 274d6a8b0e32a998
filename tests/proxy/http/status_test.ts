import { assertEquals, assertStringIncludes } from "@std/assert";
import { encodeAnswer } from "../../../lib/serve/http/answer.ts";
import { statusFor } from "../../../lib/serve/http/status_table.ts";
import { HttpError } from "../../../lib/wire/http1/http_error.ts";

Deno.test("statusFor() returns that of an HttpError, and 500 when nobody foresaw the error", () => {
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
