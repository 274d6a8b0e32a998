import { assertEquals } from "@std/assert";
import {
  FAMILY_PREFERENCES,
  familyOf,
  onlyFamily,
  preferFamily,
} from "../../../lib/net/names/family_preference.ts";
import {
  formatIpAddress,
  parseIpAddress,
} from "../../../lib/wire/ip_address.ts";

const GIVEN = ["::1", "127.0.0.1", "::ffff:127.0.0.2", "2001:db8::1"];

const WANT: Record<typeof FAMILY_PREFERENCES[number], string[]> = {
  "system": GIVEN,
  "ipv4": ["127.0.0.1", "::ffff:127.0.0.2", "::1", "2001:db8::1"],
  "ipv6": ["::1", "2001:db8::1", "127.0.0.1", "::ffff:127.0.0.2"],
  "only-ipv4": ["127.0.0.1", "::ffff:127.0.0.2"],
  "only-ipv6": ["::1", "2001:db8::1"],
};

for (const preference of FAMILY_PREFERENCES) {
  Deno.test(`preferFamily() keeps the order within a family for ${preference}`, () => {
    const given = GIVEN.map((text) => parseIpAddress(text)!);
    const ordered = preferFamily(given, preference);
    assertEquals(ordered.map(formatIpAddress), WANT[preference]);
    assertEquals(given.map(formatIpAddress), GIVEN, "the list is left alone");
    assertEquals(preferFamily([], preference), []);
  });
}

Deno.test("onlyFamily() and familyOf() return a family", () => {
  assertEquals(FAMILY_PREFERENCES.map(onlyFamily), [
    undefined,
    undefined,
    undefined,
    4,
    6,
  ]);
  const families = GIVEN.map((text) => familyOf(parseIpAddress(text)!));
  assertEquals(families, [6, 4, 4, 6]);
});
