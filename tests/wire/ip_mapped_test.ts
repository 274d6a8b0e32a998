import { assertEquals } from "@std/assert";
import { formatIpAddress, parseIpAddress } from "../../lib/wire/ip_address.ts";
import { isSameAddress, unmapAddress } from "../../lib/wire/ip_mapped.ts";

const UNMAPPED: { text: string; want: string }[] = [
  { text: "192.0.2.1", want: "192.0.2.1" },
  { text: "::ffff:192.0.2.1", want: "192.0.2.1" },
  { text: "::ffff:0.0.0.0", want: "0.0.0.0" },
  { text: "::fffe:c000:201", want: "::fffe:c000:201" },
  { text: "::c000:201", want: "::c000:201" },
  { text: "1::ffff:c000:201", want: "1::ffff:c000:201" },
  { text: "64:ff9b::c000:201", want: "64:ff9b::c000:201" },
  { text: "::1", want: "::1" },
];

Deno.test("unmapAddress() extracts IPv4 and leaves other addresses unchanged", () => {
  for (const { text, want } of UNMAPPED) {
    assertEquals(formatIpAddress(unmapAddress(parseIpAddress(text)!)), want);
  }
});

const PAIRS: { a: string; b: string; same: boolean }[] = [
  { a: "192.0.2.1", b: "192.0.2.1", same: true },
  { a: "192.0.2.1", b: "::ffff:192.0.2.1", same: true },
  { a: "::ffff:192.0.2.1", b: "::ffff:c000:201", same: true },
  { a: "::1", b: "0:0::0:1", same: true },
  { a: "192.0.2.1", b: "192.0.2.2", same: false },
  { a: "192.0.2.1", b: "::192.0.2.1", same: false },
  { a: "::1", b: "127.0.0.1", same: false },
  { a: "0.0.0.0", b: "::", same: false },
];

Deno.test("isSameAddress() compares hosts, mapped or not", () => {
  for (const { a, b, same } of PAIRS) {
    const [left, right] = [parseIpAddress(a)!, parseIpAddress(b)!];
    assertEquals(isSameAddress(left, right), same, `${a} and ${b}`);
    assertEquals(isSameAddress(right, left), same, `${b} and ${a}`);
  }
});
