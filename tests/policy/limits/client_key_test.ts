import { assertEquals, assertNotEquals } from "@std/assert";
import { clientKey } from "../../../lib/policy/limits/client_key.ts";

Deno.test("clientKey() returns the address for IPv4 and the /64 for IPv6", () => {
  const cases = [
    { address: "192.0.2.1", key: "192.0.2.1" },
    { address: "127.0.0.1", key: "127.0.0.1" },
    { address: "2001:db8::1", key: "2001:db8::/64" },
    { address: "2001:db8:1:2:3:4:5:6", key: "2001:db8:1:2::/64" },
    { address: "2001:db8:1:2:ffff:ffff:ffff:ffff", key: "2001:db8:1:2::/64" },
    { address: "2001:DB8:1:2::", key: "2001:db8:1:2::/64" },
    { address: "2001:db8:0:0:1::", key: "2001:db8::/64" },
    { address: "::1", key: "::/64" },
    { address: "fe80::1", key: "fe80::/64" },
    { address: "::ffff:192.0.2.1", key: "192.0.2.1" },
    { address: "::ffff:c000:201", key: "192.0.2.1" },
    { address: "::FFFF:192.0.2.1", key: "192.0.2.1" },
    { address: "0:0:0:0:0:ffff:192.0.2.1", key: "192.0.2.1" },
  ];
  for (const { address, key } of cases) {
    assertEquals(clientKey(address), key, address);
  }
});

Deno.test("clientKey() distinguishes clients", () => {
  const pairs = [
    ["192.0.2.1", "192.0.2.2"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.2"],
    ["2001:db8:0:1::1", "2001:db8:0:2::1"],
    ["2001:db8::1", "192.0.2.1"],
  ] as const;
  for (const [one, other] of pairs) {
    assertNotEquals(clientKey(one), clientKey(other));
  }
});

Deno.test("clientKey() returns other text unchanged", () => {
  assertEquals(clientKey("unix:"), "unix");
  for (const text of ["", "unix", "fe80::1%eth0", "::g"]) {
    assertEquals(clientKey(text), text);
  }
});
