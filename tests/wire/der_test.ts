import { assertEquals, assertThrows } from "@std/assert";
import { parseDer, parseDerElements, TAG } from "../../lib/wire/der.ts";
import { der } from "../support/der.ts";

Deno.test("parseDer() parses elements of every length", () => {
  for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
    const contents = new Uint8Array(length).fill(7);
    const bytes = der(TAG.OctetString, contents);
    const element = parseDer(bytes, TAG.OctetString);
    assertEquals(element.tag, TAG.OctetString);
    assertEquals(element.contents.length, length);
    assertEquals(parseDerElements(Uint8Array.from([...bytes, ...bytes])), [
      element,
      element,
    ]);
    for (const end of [1, 2, 3, 4, bytes.length - 1]) {
      if (end >= bytes.length) continue;
      assertThrows(() => parseDer(bytes.subarray(0, end)), SyntaxError);
    }
  }
});

/** Bytes that are not DER. */
const WRONG: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ["nothing", []],
  ["an indefinite length", [0x30, 0x80, 0, 0]],
  ["a length in more bytes than it needs", [4, 0x81, 1, 0]],
  ["a length that starts with zero", [4, 0x82, 0, 0x80, ...Array(128).fill(0)]],
  ["a length of four bytes", [4, 0x84, 0, 0, 0, 1, 0]],
  ["a truncated length", [4, 0x82, 1]],
  ["no length", [4]],
  ["a tag of several bytes", [0x1f, 0x81, 1, 0]],
  ["two elements", [5, 0, 5, 0]],
  ["another tag", [5, 0]],
];

Deno.test("parseDer() refuses anything except one element in DER", () => {
  for (const [what, bytes] of WRONG) {
    const parse = () => parseDer(Uint8Array.from(bytes), TAG.OctetString);
    assertThrows(parse, SyntaxError, undefined, what);
  }
});
