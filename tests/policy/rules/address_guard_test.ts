import { assertEquals } from "@std/assert";
import { refusedRange } from "../../../lib/policy/rules/address_guard.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";

type Row = readonly [address: string, range: string | undefined];

/** First and last of every range, and the neighbours that are in none. */
const IPV4: readonly Row[] = [
  ["0.0.0.0", "unspecified"],
  ["0.255.255.255", "unspecified"],
  ["1.0.0.0", undefined],
  ["9.255.255.255", undefined],
  ["10.0.0.0", "private"],
  ["10.255.255.255", "private"],
  ["11.0.0.0", undefined],
  ["100.63.255.255", undefined],
  ["100.64.0.0", "CGNAT"],
  ["100.127.255.255", "CGNAT"],
  ["100.128.0.0", undefined],
  ["126.255.255.255", undefined],
  ["127.0.0.0", "loopback"],
  ["127.0.0.1", "loopback"],
  ["127.255.255.255", "loopback"],
  ["128.0.0.0", undefined],
  ["169.253.255.255", undefined],
  ["169.254.0.0", "link-local"],
  ["169.254.169.254", "link-local"],
  ["169.254.255.255", "link-local"],
  ["169.255.0.0", undefined],
  ["172.15.255.255", undefined],
  ["172.16.0.0", "private"],
  ["172.31.255.255", "private"],
  ["172.32.0.0", undefined],
  ["191.255.255.255", undefined],
  ["192.0.0.0", "protocol assignments"],
  ["192.0.0.255", "protocol assignments"],
  ["192.0.1.0", undefined],
  ["192.0.1.255", undefined],
  ["192.0.2.0", "documentation"],
  ["192.0.2.255", "documentation"],
  ["192.0.3.0", undefined],
  ["192.167.255.255", undefined],
  ["192.168.0.0", "private"],
  ["192.168.255.255", "private"],
  ["192.169.0.0", undefined],
  ["198.17.255.255", undefined],
  ["198.18.0.0", "benchmark"],
  ["198.19.255.255", "benchmark"],
  ["198.20.0.0", undefined],
  ["198.51.99.255", undefined],
  ["198.51.100.0", "documentation"],
  ["198.51.100.255", "documentation"],
  ["198.51.101.0", undefined],
  ["203.0.112.255", undefined],
  ["203.0.113.0", "documentation"],
  ["203.0.113.255", "documentation"],
  ["203.0.114.0", undefined],
  ["223.255.255.255", undefined],
  ["224.0.0.0", "multicast"],
  ["239.255.255.255", "multicast"],
  ["240.0.0.0", "reserved"],
  ["255.255.255.254", "reserved"],
  ["255.255.255.255", "reserved"],
  ["8.8.8.8", undefined],
  ["1.1.1.1", undefined],
];

const IPV6: readonly Row[] = [
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["64:ff9b:0:ffff:ffff:ffff:ffff:ffff", undefined],
  ["64:ff9b:1::", "local NAT64"],
  ["64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "local NAT64"],
  ["64:ff9b:2::", undefined],
  ["ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", undefined],
  ["100::", "discard"],
  ["100::ffff:ffff:ffff:ffff", "discard"],
  ["100:0:0:1::", "dummy"],
  ["100:0:0:1:ffff:ffff:ffff:ffff", "dummy"],
  ["100:0:0:2::", undefined],
  ["2001:1:ffff:ffff:ffff:ffff:ffff:ffff", undefined],
  ["2001:2::", "benchmark"],
  ["2001:2:0:ffff:ffff:ffff:ffff:ffff", "benchmark"],
  ["2001:2:1::", undefined],
  ["2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", undefined],
  ["2001:db8::", "documentation"],
  ["2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"],
  ["2001:db9::", undefined],
  ["3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", undefined],
  ["3fff::", "documentation"],
  ["3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"],
  ["3fff:1000::", undefined],
  ["5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", undefined],
  ["5f00::", "segment routing"],
  ["5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "segment routing"],
  ["5f01::", undefined],
  ["fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", undefined],
  ["fc00::", "private"],
  ["fd00::1", "private"],
  ["fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private"],
  ["fe00::", undefined],
  ["fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", undefined],
  ["fe80::", "link-local"],
  ["febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"],
  ["fec0::", "site-local"],
  ["feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"],
  ["ff00::", "multicast"],
  ["ff02::1", "multicast"],
  ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"],
  ["2606:4700:4700::1111", undefined],
  ["2a00:1450:4001::1", undefined],
];

/** Each carries an IPv4 address, in its own place. */
const EMBEDDED: readonly Row[] = [
  ["::ffff:127.0.0.1", "loopback (IPv4-mapped)"],
  ["::ffff:10.0.0.1", "private (IPv4-mapped)"],
  ["::ffff:169.254.169.254", "link-local (IPv4-mapped)"],
  ["::ffff:0.0.0.0", "unspecified (IPv4-mapped)"],
  ["::ffff:255.255.255.255", "reserved (IPv4-mapped)"],
  ["::ffff:8.8.8.8", undefined],
  ["::127.0.0.1", "loopback (IPv4-compatible)"],
  ["::192.168.0.1", "private (IPv4-compatible)"],
  ["::2", "unspecified (IPv4-compatible)"],
  ["::8.8.8.8", undefined],
  ["::ffff:0:127.0.0.1", "loopback (IPv4-translated)"],
  ["::ffff:0:100.64.0.1", "CGNAT (IPv4-translated)"],
  ["::ffff:0:8.8.8.8", undefined],
  ["64:ff9b::127.0.0.1", "loopback (NAT64)"],
  ["64:ff9b::10.1.2.3", "private (NAT64)"],
  ["64:ff9b::224.0.0.1", "multicast (NAT64)"],
  ["64:ff9b::8.8.8.8", undefined],
  // Beyond the /96 the well-known prefix carries nothing.
  ["64:ff9b::1:7f00:1", undefined],
  ["2002:7f00:1::", "loopback (6to4)"],
  ["2002:7f00:1:ffff:ffff:ffff:ffff:ffff", "loopback (6to4)"],
  ["2002:a00:1::1", "private (6to4)"],
  ["2002:a9fe:a9fe::", "link-local (6to4)"],
  ["2002:c0a8:101:1::1", "private (6to4)"],
  ["2002:808:808::1", undefined],
  // The last four bytes, inverted: 127.0.0.1, 10.0.0.1, 8.8.8.8.
  ["2001:0:4136:e378:8000:63bf:80ff:fffe", "loopback (Teredo)"],
  ["2001:0:4136:e378:8000:63bf:f5ff:fffe", "private (Teredo)"],
  ["2001:0:4136:e378:8000:63bf:f7f7:f7f7", undefined],
  // Not inverted it is 128.255.255.254, reachable for anyone.
  ["2001:0:4136:e378:8000:63bf:7f00:1", undefined],
];

for (const [what, rows] of Object.entries({ IPV4, IPV6, EMBEDDED })) {
  Deno.test(`refusedRange() knows every edge of ${what}`, () => {
    for (const [address, range] of rows) {
      const ip = parseIpAddress(address);
      assertEquals(refusedRange(ip!), range, address);
    }
  });
}

Deno.test("refusedRange() refuses an embedded address just when it refuses that address", () => {
  const forms = {
    "IPv4-mapped": (hex: string) => `::ffff:${hex}`,
    "IPv4-translated": (hex: string) => `::ffff:0:${hex}`,
    "NAT64": (hex: string) => `64:ff9b::${hex}`,
    "6to4": (hex: string) => `2002:${hex}::1`,
  };
  for (const [address, range] of IPV4) {
    const [a, b, c, d] = parseIpAddress(address)!;
    const hex = [a! << 8 | b!, c! << 8 | d!].map((n) => n.toString(16));
    for (const [name, write] of Object.entries(forms)) {
      const text = write(hex.join(":"));
      const want = range === undefined ? undefined : `${range} (${name})`;
      assertEquals(refusedRange(parseIpAddress(text)!), want, text);
    }
  }
});
