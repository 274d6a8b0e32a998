import { assert, assertEquals, assertRejects } from "@std/assert";
import { SystemNames } from "../../../lib/net/names/system_names.ts";
import { Context } from "../../../lib/sync/context.ts";
import { formatIpAddress } from "../../../lib/wire/ip_address.ts";

Deno.test("SystemNames.lookup() honours the hosts file", async () => {
  const answer = await new SystemNames().lookup("localhost", new Context());
  const texts = answer.addresses.map(formatIpAddress);
  assert(texts.length > 0);
  assert(texts.every((ip) => ip === "127.0.0.1" || ip === "::1"), `${texts}`);
  assert(answer.exists);
  assertEquals(answer.life, 10_000);
});

Deno.test("SystemNames.lookup() throws the reason when it is cancelled", {
  sanitizeOps: false, // A lookup can't be taken back: it outlives the test.
}, async () => {
  const names = new SystemNames();
  const context = new Context();
  const pending = names.lookup("localhost", context);
  context.cancel(new Error("drain"));
  await assertRejects(() => pending, Error, "drain");
  await assertRejects(() => names.lookup("localhost", context), Error, "drain");
});
