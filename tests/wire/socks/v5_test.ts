import { assert, assertEquals } from "@std/assert";
import { REPLY, Socks5Error } from "../../../lib/wire/socks/v5.ts";

Deno.test("Socks5Error carries its reply, message and cause", () => {
  const cause = new Error("cause");
  for (const reply of Object.values(REPLY)) {
    const error = new Socks5Error(reply, "Cannot do it", { cause });
    assert(error instanceof Error);
    assertEquals(error.name, "Socks5Error");
    assertEquals(error.reply, reply);
    assertEquals(error.message, "Cannot do it");
    assert(error.cause === cause);
  }
});
