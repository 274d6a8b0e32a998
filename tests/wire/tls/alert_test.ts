import { assertEquals } from "@std/assert";
import { ALERT, encodeAlert } from "../../../lib/wire/tls/alert.ts";

Deno.test("encodeAlert() writes an unencrypted fatal alert", () => {
  assertEquals(
    encodeAlert(ALERT.NoApplicationProtocol).toHex(),
    "15030300020278",
  );
});
