import { assertEquals } from "@std/assert";
import { replyFor } from "../../lib/proxy/reply_table.ts";
import { DialError, type DialErrorKind } from "../../lib/net/dial_error.ts";
import { Refusal, type RefusalKind } from "../../lib/policy/limits/refusal.ts";
import { REPLY, Socks5Error } from "../../lib/wire/socks/v5.ts";

const DIAL: Record<DialErrorKind, number> = {
  "refused": 5,
  "network unreachable": 3,
  "host unreachable": 4,
  "name not found": 4,
  "timeout": 6,
  "resolver failed": 1,
  "no descriptors": 1,
  "forbidden": 2,
  "parent failed": 1,
  "parent timeout": 6,
  "failed": 1,
};

const REFUSAL: Record<RefusalKind, number> = {
  "forbidden": 2,
  "unauthenticated": 2,
  "banned": 2,
  "limit reached": 1,
  "draining": 1,
  "loop": 2,
};

for (const [kind, reply] of Object.entries(DIAL)) {
  Deno.test(`replyFor() returns ${reply} when a dial ends with ${kind}`, () => {
    const error = new DialError(kind as DialErrorKind, "why");
    assertEquals<number>(replyFor(error), reply);
  });
}

for (const [kind, reply] of Object.entries(REFUSAL)) {
  Deno.test(`replyFor() returns ${reply} when a client is refused with ${kind}`, () => {
    const error = new Refusal(kind as RefusalKind, "why");
    assertEquals<number>(replyFor(error), reply);
  });
}

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
