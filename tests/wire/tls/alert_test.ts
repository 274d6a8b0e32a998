import { assertEquals } from "@std/assert";
import { ALERT, encodeAlert } from "../../../lib/wire/tls/alert.ts";

Deno.test("encodeAlert() makes a fatal alert in the clear", () => {
  assertEquals(
    encodeAlert(ALERT.NoApplicationProtocol).toHex(),
    "15030300020278",
  );
});
