import { assertEquals, assertThrows } from "@std/assert";
import {
  decodePem,
  encodePem,
  labelsOf,
  splitPem,
} from "../../lib/wire/pem.ts";

const ONE = encodePem(Uint8Array.of(1, 2, 3), "CERTIFICATE");
const TWO = encodePem(new Uint8Array(100), "CERTIFICATE");
const KEY = encodePem(Uint8Array.of(4), "PRIVATE KEY");

Deno.test("encodePem() breaks lines after 64 characters", () => {
  assertEquals(
    ONE,
    "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n",
  );
  const lengths = TWO.split("\n").map((line) => line.length);
  assertEquals(lengths, [27, 64, 64, 8, 25, 0]);
});

Deno.test("splitPem() finds all complete blocks of a kind, whatever surrounds them", () => {
  const text = `a comment\n${ONE}${KEY}${TWO}-----BEGIN CERTIFICATE-----\nAQ`;
  assertEquals(splitPem(text, "CERTIFICATE"), [ONE, TWO]);
  assertEquals(splitPem(text, "X509 CRL"), []);
  assertEquals(splitPem("", "CERTIFICATE"), []);
});

Deno.test("labelsOf() returns each label, even if its block does not end", () => {
  assertEquals(labelsOf(`${KEY}-----BEGIN EC PRIVATE KEY-----\nAQ`), [
    "PRIVATE KEY",
    "EC PRIVATE KEY",
  ]);
  assertEquals(labelsOf("-----BEGIN \nX-----"), []);
});

Deno.test("decodePem() returns the bytes of the first block of a kind", () => {
  for (const length of [0, 1, 47, 48, 49, 1000]) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    const pem = encodePem(bytes, "X509 CRL");
    assertEquals(decodePem(`${KEY}${pem}${pem}`, "X509 CRL"), bytes);
    // RFC 7468 §2: parsers accept the line ends of all systems.
    const other = pem.replaceAll("\n", "\r\n");
    assertEquals(decodePem(other, "X509 CRL"), bytes);
  }
  assertEquals(
    decodePem(`${ONE}${TWO}`, "CERTIFICATE"),
    Uint8Array.of(1, 2, 3),
  );
});

Deno.test("decodePem() does not repeat malformed text", () => {
  const broken = KEY.replace("BA==", "S-ECRET");
  const unended = KEY.slice(0, -20);
  for (const text of [broken, unended, "SECRET", ""]) {
    const error = assertThrows(
      () => decodePem(text, "PRIVATE KEY"),
      SyntaxError,
    );
    assertEquals(/S-?ECRET/.test(`${error.message}${error.cause}`), false);
  }
});
