import { assertEquals } from "@std/assert";
import {
  isOwnAddress,
  isThisMachine,
  OwnAddresses,
} from "../../lib/net/own_addresses.ts";
import { parseIpAddress } from "../../lib/wire/ip_address.ts";

const at = (text: string) => parseIpAddress(text)!;

Deno.test("OwnAddresses.has() reads the interfaces once a second", () => {
  let now = 0;
  let count = 0;
  let addresses = ["192.0.2.1", "fe80::1%eth0", "2001:db8::1"];
  const own = new OwnAddresses({
    now: () => now,
    list: () => {
      count++;
      return addresses.map((address) => ({ address }));
    },
  });
  for (const text of ["192.0.2.1", "fe80::1", "2001:db8::1"]) {
    assertEquals(own.has(at(text)), true, text);
  }
  assertEquals(own.has(at("192.0.2.2")), false);
  addresses = ["192.0.2.2"];
  now = 999;
  assertEquals([own.has(at("192.0.2.2")), count], [false, 1]);
  now = 1_000;
  assertEquals([own.has(at("192.0.2.2")), count], [true, 2]);
  assertEquals(own.has(at("192.0.2.1")), false);
});

Deno.test("isThisMachine() knows loopback, unspecified and interfaces, and nothing else", () => {
  for (const { address } of Deno.networkInterfaces()) {
    assertEquals(isOwnAddress(at(address)), true, address);
  }
  for (const text of ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::"]) {
    assertEquals(isThisMachine(at(text)), true, text);
    assertEquals(
      isThisMachine(at(text.replace(/^(?=\d+\.)/, "::ffff:"))),
      true,
    );
  }
  for (const text of ["128.0.0.1", "::2", "1::1", "1::", "8.8.8.8"]) {
    assertEquals(isThisMachine(at(text)), false, text);
  }
});
