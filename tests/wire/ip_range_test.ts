import { assertEquals, assertThrows } from "@std/assert";
import { formatIpAddress, parseIpAddress } from "../../lib/wire/ip_address.ts";
import {
  formatIpRange,
  isInRange,
  parseIpRange,
} from "../../lib/wire/ip_range.ts";

Deno.test("parseIpRange() accepts every prefix length, and formatIpRange() writes it", () => {
  for (
    const [ones, most] of [["255.255.255.255", 32], [
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
      128,
    ]] as const
  ) {
    const full = parseIpAddress(ones)!;
    for (let bits = 0; bits <= most; bits++) {
      const prefix = full.map((_, index) => {
        const left = Math.min(Math.max(bits - index * 8, 0), 8);
        return 0xff00 >> left & 0xff;
      });
      const text = bits === most
        ? formatIpAddress(prefix)
        : `${formatIpAddress(prefix)}/${bits}`;
      const range = parseIpRange(text);
      assertEquals(range, { prefix, bits });
      assertEquals(formatIpRange(range), text);
      assertEquals(isInRange(range, prefix), true, text);
      assertEquals(isInRange(range, full), true, text);
      if (bits === 0) continue;
      // A changed bit inside the prefix leaves the range; one after it does
      // not.
      assertEquals(isInRange(range, flip(prefix, bits - 1)), false, text);
      if (bits < most) {
        assertEquals(isInRange(range, flip(prefix, bits)), true, text);
        const astray = `${formatIpAddress(flip(prefix, bits))}/${bits}`;
        assertThrows(
          () => parseIpRange(astray),
          SyntaxError,
          "has bits set after",
        );
      }
    }
  }
});

Deno.test("isInRange() keeps the address families apart", () => {
  const everything = [parseIpRange("0.0.0.0/0"), parseIpRange("::/0")];
  const addresses = ["10.0.0.1", "::ffff:10.0.0.1", "::1"];
  assertEquals(
    addresses.map((text) =>
      everything.map((range) => isInRange(range, parseIpAddress(text)!))
    ),
    [[true, false], [false, true], [false, true]],
  );
});

Deno.test("parseIpRange() refuses an invalid range", () => {
  for (
    const text of [
      "",
      "/",
      "/8",
      "10.0.0.0/",
      "10.0.0.0/a",
      "10.0.0.0/-1",
      "10.0.0.0/33",
      "10.0.0.0/8/8",
      "10.0.0",
      "::/129",
      "::ffff:0:0/96",
      "::ffff:10.0.0.1",
      "[::1]",
      "a.test/8",
      "10.0.0.0 /8",
    ]
  ) {
    assertThrows(() => parseIpRange(text), SyntaxError, undefined, text);
  }
});

function flip(
  ip: Uint8Array<ArrayBuffer>,
  bit: number,
): Uint8Array<ArrayBuffer> {
  const other = ip.slice();
  other[bit >> 3]! ^= 0x80 >> (bit & 7);
  return other;
}
