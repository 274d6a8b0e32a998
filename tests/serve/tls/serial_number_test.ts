import { assertEquals, assertMatch } from "@std/assert";
import {
  normalizeSerial,
  randomSerial,
} from "../../../lib/serve/tls/serial_number.ts";

Deno.test("normalizeSerial() gives a number one form", () => {
  const cases = [
    ["1", "01"],
    ["01", "01"],
    ["0001", "01"],
    ["ABC", "0abc"],
    ["00ff", "ff"],
    ["0", "00"],
  ] as const;
  for (const [hex, want] of cases) assertEquals(normalizeSerial(hex), want);
});

Deno.test("randomSerial() makes positive ones of 16 bytes, in their one form", () => {
  for (let n = 0; n < 100; n++) {
    const serial = randomSerial();
    assertMatch(serial, /^[4-7][\da-f]{31}$/);
    assertEquals(normalizeSerial(serial), serial);
  }
});
