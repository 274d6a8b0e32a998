import { assertEquals } from "@std/assert";
import { refusalReason } from "../../lib/serve/refusal_reason.ts";
import { DialError } from "../../lib/net/dial_error.ts";
import type { ConnectionResult } from "../../lib/observe/log_event.ts";
import { Refusal } from "../../lib/policy/limits/refusal.ts";
import { HttpError } from "../../lib/wire/http1/http_error.ts";
import { REPLY, Socks5Error } from "../../lib/wire/socks/v5.ts";

const cases: [unknown, ConnectionResult, string | undefined, string?][] = [
  [new Refusal("forbidden", "x"), "refused", "guard", "guard"],
  [new Refusal("forbidden", "x"), "refused", "default", "default"],
  [new Refusal("forbidden", "x"), "refused", "rule", "rules.txt:12"],
  [new Refusal("forbidden", "x"), "refused", "rule", "__proto__"],
  [new Refusal("forbidden", "x"), "refused", "protocol"],
  [new Refusal("unauthenticated", "x"), "refused", "unauthenticated"],
  [new Refusal("banned", "x"), "refused", "banned"],
  [new Refusal("draining", "x"), "refused", "draining"],
  [new Refusal("loop", "x"), "refused", "loop"],
  [new Refusal("limit reached", "x"), "refused", "limit-reached"],
  [
    new Refusal("limit reached", "x", { limit: "quota" }),
    "cut",
    "quota",
  ],
  [new DialError("name not found", "x"), "failed", "dial-name-not-found"],
  [new DialError("timeout", "x"), "failed", "dial-timeout"],
  [new HttpError(400, "x"), "refused", "http-400"],
  [new Socks5Error(REPLY.CommandNotSupported, "x"), "refused", "protocol"],
  [new Error("<script>"), "failed", "other"],
  [new Error("x"), "cut", undefined],
  [new Error("x"), "dropped", undefined],
  [undefined, "ok", undefined],
];

Deno.test("refusalReason() returns bounded names, and nothing that a client has chosen", () => {
  for (const [error, result, expected, rule] of cases) {
    const record = rule === undefined ? { result } : { result, rule };
    assertEquals(refusalReason(error, record), expected, String(error));
  }
});
