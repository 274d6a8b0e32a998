import { assertEquals } from "@std/assert";
import {
  embeddedAddress,
  reachedBy,
} from "../../../lib/policy/rules/embedded_address.ts";
import {
  formatIpAddress,
  parseIpAddress,
} from "../../../lib/wire/ip_address.ts";

const FORMS: readonly (readonly [address: string, found: string])[] = [
  ["::ffff:192.0.2.1", "192.0.2.1 IPv4-mapped"],
  ["::192.0.2.1", "192.0.2.1 IPv4-compatible"],
  ["::ffff:0:192.0.2.1", "192.0.2.1 IPv4-translated"],
  ["64:ff9b::192.0.2.1", "192.0.2.1 NAT64"],
  ["2002:c000:201::1", "192.0.2.1 6to4"],
  ["2001:0:4136:e378:8000:63bf:3fff:fdfe", "192.0.2.1 Teredo"],
  ["fe80::5efe:192.0.2.1", "192.0.2.1 ISATAP"],
  ["2001:db8::200:5efe:192.0.2.1", "192.0.2.1 ISATAP"],
  ["2001:db8::100:5efe:192.0.2.1", "-"],
  ["2001:db8::192.0.2.1", "-"],
  ["64:ff9b:1::192.0.2.1", "-"],
  ["192.0.2.1", "-"],
];

Deno.test("embeddedAddress() finds the IPv4 address in each form", () => {
  for (const [address, found] of FORMS) {
    const embedded = embeddedAddress(parseIpAddress(address)!);
    const text = embedded === undefined
      ? "-"
      : `${formatIpAddress(embedded.ip)} ${embedded.form}`;
    assertEquals(text, found, address);
  }
});

const REACHED: readonly (readonly [address: string, ...reached: string[]])[] = [
  ["192.0.2.1"],
  ["2001:db8::1"],
  ["0.0.0.0", "127.0.0.1"],
  ["::", "0.0.0.0", "::1", "127.0.0.1"],
  ["::ffff:0.0.0.0", "0.0.0.0", "127.0.0.1"],
  ["2002:c000:201::1", "192.0.2.1"],
  // RFC 6052 §2.4, with the local prefix at 48, 56, 64 and 96 bits.
  [
    "64:ff9b:1:c000:2:2100::",
    "192.0.2.33",
    "0.2.33.0",
    "2.33.0.0",
    "0.0.0.0",
    "127.0.0.1",
  ],
  [
    "64:ff9b:1:c0:0:221::",
    "0.192.0.2",
    "192.0.2.33",
    "0.2.33.0",
    "0.0.0.0",
    "127.0.0.1",
  ],
  [
    "64:ff9b:1:0:c0:2:2100:0",
    "0.0.192.0",
    "0.192.0.2",
    "192.0.2.33",
    "33.0.0.0",
  ],
  [
    "64:ff9b:1::c000:221",
    "0.0.0.0",
    "0.0.0.192",
    "192.0.2.33",
    "127.0.0.1",
  ],
];

Deno.test("reachedBy() lists what an address may lead to", () => {
  for (const [address, ...reached] of REACHED) {
    const found = reachedBy(parseIpAddress(address)!).map(formatIpAddress);
    assertEquals(
      [...new Set(found)],
      [...new Set([address, ...reached])],
      address,
    );
  }
});
