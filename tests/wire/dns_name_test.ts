import { assertEquals, assertThrows } from "@std/assert";
import { encodeDnsName, toSmallLetters } from "../../lib/wire/dns_name.ts";

Deno.test("encodeDnsName() writes the length before each label", () => {
  for (const name of ["example.com", "example.com.", "EXAMPLE.Com"]) {
    assertEquals(encodeDnsName(name), "\x07example\x03com\0");
  }
  const label = "a".repeat(63);
  assertEquals(encodeDnsName(label), `\x3f${label}\0`);
});

Deno.test("encodeDnsName() accepts 253 characters but not 254", () => {
  const labels = [63, 63, 63, 61].map((length) => "a".repeat(length));
  assertEquals(encodeDnsName(labels.join(".")).length, 255);
  assertThrows(() => encodeDnsName(`${labels.join(".")}a`), SyntaxError);
});

Deno.test("encodeDnsName() refuses an invalid name", () => {
  for (const name of ["", ".", "a..b", ".a", "a".repeat(64)]) {
    assertThrows(() => encodeDnsName(name), SyntaxError, "label", name);
  }
});

Deno.test("toSmallLetters() changes only A to Z", () => {
  for (let code = 0; code < 256; code++) {
    const isCapital = code >= 0x41 && code <= 0x5a;
    const want = String.fromCharCode(isCapital ? code + 32 : code);
    assertEquals(toSmallLetters(String.fromCharCode(code)), want);
  }
});
