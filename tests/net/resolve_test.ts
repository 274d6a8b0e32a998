import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../lib/net/dial_error.ts";
import { resolve } from "../../lib/net/resolve.ts";
import { Context } from "../../lib/sync/context.ts";
import { formatIpAddress } from "../../lib/wire/ip_address.ts";

Deno.test("resolve() honours the hosts file", async () => {
  const addresses = await resolve("localhost", new Context());
  const texts = addresses.map(formatIpAddress);
  assertEquals(texts.every((ip) => ip === "127.0.0.1" || ip === "::1"), true);
  assertEquals(texts.length > 0, true);
});

Deno.test("resolve() says that .invalid does not exist without asking anyone", async () => {
  for (const name of ["invalid", "x.invalid", "X.INVALID."]) {
    const error = await assertRejects(
      () => resolve(name, new Context()),
      DialError,
      "does not exist",
    );
    assertEquals(error.kind, "name not found");
  }
});

Deno.test("resolve() throws the reason when it is cancelled", {
  sanitizeOps: false, // A lookup can't be taken back: it outlives the test.
}, async () => {
  const context = new Context();
  const pending = resolve("localhost", context);
  context.cancel(new Error("drain"));
  await assertRejects(() => pending, Error, "drain");
  await assertRejects(() => resolve("localhost", context), Error, "drain");
});
