import { assertEquals } from "@std/assert";
import { replyFor } from "../../lib/proxy/reply_table.ts";
import { Refusal } from "../../lib/policy/limits/refusal.ts";
import { REPLY, Socks5Error } from "../../lib/wire/socks/v5.ts";

// That the codes are those of the manual is tested beside the manual.

Deno.test("replyFor() answers a failed login with 2", () => {
  for (const kind of ["unauthenticated", "banned"] as const) {
    assertEquals<number>(replyFor(new Refusal(kind, "why")), 2);
  }
});

Deno.test("replyFor() returns the code of a Socks5Error", () => {
  for (const reply of Object.values(REPLY)) {
    assertEquals(replyFor(new Socks5Error(reply, "why")), reply);
  }
});

Deno.test("replyFor() returns 1 for unexpected errors", () => {
  for (const error of [new Error("why"), new TypeError(), undefined, null, 0]) {
    assertEquals<number>(replyFor(error), 1);
  }
});
