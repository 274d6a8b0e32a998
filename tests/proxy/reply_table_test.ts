import { assertEquals } from "@std/assert";
import { replyFor } from "../../lib/proxy/reply_table.ts";
import { DialError, type DialErrorKind } from "../../lib/net/dial_error.ts";
import { Refusal, type RefusalKind } from "../../lib/policy/limits/refusal.ts";
import { statusFor } from "../../lib/serve/status_table.ts";
import { REPLY, Socks5Error } from "../../lib/wire/socks/v5.ts";
import { README } from "../support/readme.ts";

/** Codes of a row, where it has them. */
interface Row {
  socks5: string | undefined;
  http: string | undefined;
}

/** What each client is told, in the README: by how the row begins. */
const ROWS = new Map(
  README.split("| what happened ")[1]!.split("\n\n")[0]!.split("\n").slice(2)
    .map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()))
    .map(([what, socks5, _socks4, http]): [string, Row] => [
      what!,
      { socks5, http },
    ]),
);

/** How the row of an error begins; one that is no row of its own is last. */
const DIALS: Record<DialErrorKind, string> = {
  "refused": "refused or reset by the target",
  "network unreachable": "network unreachable",
  "host unreachable": "host unreachable",
  "name not found": "host unreachable; the name does not exist",
  "timeout": "no answer within the connect timeout",
  "parent timeout": "no answer within the connect timeout",
  "resolver failed": "resolver failed",
  "no descriptors": "resolver failed; out of descriptors",
  "forbidden": "forbidden by a rule",
  "parent failed": "a parent failed",
  "failed": "",
};

const REFUSALS: Record<RefusalKind, string> = {
  "forbidden": "forbidden by a rule",
  "unauthenticated": "no acceptable method",
  "banned": "banned",
  "limit reached": "resolver failed; out of descriptors; limit reached",
  "draining":
    "resolver failed; out of descriptors; limit reached; shutting down",
  "loop": "a loop",
};

/** The cells of the one row that begins so. */
function rowOf(start: string): Row {
  const found = [...ROWS].filter(([what]) => what.startsWith(start));
  assertEquals(found.length, 1, `rows of the README that begin: ${start}`);
  return found[0]![1];
}

const ERRORS: [error: DialError | Refusal, start: string][] = [
  ...Object.entries(DIALS).map(([kind, start]): [DialError, string] => [
    new DialError(kind as DialErrorKind, "why"),
    start,
  ]),
  ...Object.entries(REFUSALS).map(([kind, start]): [Refusal, string] => [
    new Refusal(kind as RefusalKind, "why"),
    start,
  ]),
];

for (const [error, start] of ERRORS.filter(([, start]) => start !== "")) {
  const what = `${error.name} ${error.kind}`;
  const { socks5 = "", http } = rowOf(start);
  // Who has no good password gets no REP, but a method or status.
  if (/^\d+$/.test(socks5)) {
    Deno.test(`replyFor() returns what the README says of ${what}`, () => {
      assertEquals<number>(replyFor(error), Number(socks5));
    });
  }
  Deno.test(`statusFor() returns what the README says of ${what}`, () => {
    assertEquals(statusFor(error), Number(http));
  });
}

Deno.test("replyFor() and statusFor() tell a failure of no known kind as one of the target", () => {
  const error = new DialError("failed", "why");
  assertEquals([replyFor(error), statusFor(error)], [1, 502]);
});

Deno.test("replyFor() forbids who may not log in, where a request is answered", () => {
  for (const kind of ["unauthenticated", "banned"] as const) {
    assertEquals<number>(replyFor(new Refusal(kind, "why")), 2);
  }
});

Deno.test("replyFor() returns the code of a Socks5Error", () => {
  for (const reply of Object.values(REPLY)) {
    assertEquals(replyFor(new Socks5Error(reply, "why")), reply);
  }
});

Deno.test("replyFor() returns 1 when nobody foresaw the error", () => {
  for (const error of [new Error("why"), new TypeError(), undefined, null, 0]) {
    assertEquals<number>(replyFor(error), 1);
  }
});
