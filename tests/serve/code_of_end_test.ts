import { assertEquals } from "@std/assert";
import { DialError } from "../../lib/net/dial_error.ts";
import { TlsError } from "../../lib/net/tls/tls_error.ts";
import type { End } from "../../lib/net/tunnel.ts";
import type { ConnectionCode } from "../../lib/observe/connection_code.ts";
import { CutError } from "../../lib/observe/cut_error.ts";
import type { ConnectionResult } from "../../lib/observe/log_event.ts";
import { Refusal } from "../../lib/policy/limits/refusal.ts";
import { codeOfEnd } from "../../lib/serve/code_of_end.ts";
import { timeoutError } from "../../lib/sync/context.ts";
import { HttpError } from "../../lib/wire/http1/http_error.ts";
import { ALERT, TlsAlertError } from "../../lib/wire/tls/alert.ts";

const { errors } = Deno;

const TLS_REFUSED = new TlsError("refused", "x");

const cases: [unknown, ConnectionResult, ConnectionCode, End?][] = [
  [new CutError("operator", "x"), "cut", "operator"],
  [new CutError("shutdown", "x"), "dropped", "shutdown"],
  [timeoutError(1, "Handshake time"), "dropped", "handshake-timeout"],
  [timeoutError(1, "Idle time"), "cut", "idle-timeout"],
  [timeoutError(1, "Half-close time"), "cut", "half-close-timeout"],
  [timeoutError(1, "Drain time"), "cut", "drain-timeout"],
  [timeoutError(1, "Connect time"), "cut", "dial-timeout"],
  [timeoutError(1), "cut", "timeout"],
  [new errors.ConnectionReset("x"), "cut", "target-reset", "target"],
  [new errors.ConnectionReset("x"), "cut", "client-reset", "client"],
  [new errors.ConnectionReset("x"), "dropped", "client-reset"],
  [new errors.BrokenPipe("x"), "cut", "target-reset", "target"],
  [new errors.TimedOut("x"), "cut", "client-lost", "client"],
  [new errors.TimedOut("x"), "cut", "target-lost", "target"],
  [new errors.UnexpectedEof("x"), "dropped", "client-left"],
  [new Refusal("loop", "x"), "refused", "loop"],
  [new Refusal("limit reached", "x", { limit: "quota" }), "cut", "quota"],
  [new DialError("timeout", "x"), "failed", "dial-timeout"],
  [new HttpError(502, "x"), "failed", "http-502"],
  [
    new Refusal("forbidden", "x", { cause: TLS_REFUSED }),
    "refused",
    "tls-refused",
  ],
  [
    new Refusal("forbidden", "x", {
      cause: new TlsAlertError(ALERT.DecodeError, "x"),
    }),
    "refused",
    "tls-refused",
  ],
  [new TlsError("left", "x"), "dropped", "tls-left"],
  [new Error("<script>"), "cut", "other"],
  ["text", "failed", "other"],
];

Deno.test("codeOfEnd() names what ended a connection", () => {
  for (const [error, result, code, side] of cases) {
    assertEquals(codeOfEnd(error, { result }, side), code, String(error));
  }
});
