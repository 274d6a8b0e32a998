import { assert, assertEquals } from "@std/assert";
import {
  Refusal,
  type RefusalKind,
} from "../../../lib/policy/limits/refusal.ts";

Deno.test("Refusal carries its kind and message", () => {
  const kinds: RefusalKind[] = [
    "forbidden",
    "unauthenticated",
    "banned",
    "limit reached",
    "draining",
  ];
  for (const kind of kinds) {
    const refusal = new Refusal(kind, "Limit of 3");
    assert(refusal instanceof Error);
    assertEquals(refusal.name, "Refusal");
    assertEquals(refusal.kind, kind);
    assertEquals(refusal.message, "Limit of 3");
    assertEquals(refusal.limit, undefined);
  }
});

Deno.test("Refusal names the limit that was reached", () => {
  const refusal = new Refusal("limit reached", "Limit", { limit: "quota" });
  assertEquals(refusal.limit, "quota");
});
