import { assertEquals } from "@std/assert";
import {
  addressIn,
  hasName,
  LONGEST_NAME,
  portOf,
  socketName,
} from "../../../lib/net/system/socket_name.ts";

/** What Linux writes: the family in the processor's order, the rest not. */
const CASES: readonly (readonly [bytes: number[], hostname: string])[] = [
  [[2, 0, 0x1f, 0x90, 192, 0, 2, 7], "192.0.2.7"],
  [
    [10, 0, 0x1f, 0x90, 0, 0, 0, 0, 0x20, 1, 0xd, 0xb8, ...zeros(11), 1],
    "2001:db8::1",
  ],
];

function zeros(count: number): number[] {
  return Array(count).fill(0);
}

Deno.test("addressIn() reads what the system has written", () => {
  for (const [written, hostname] of CASES) {
    const bytes = new Uint8Array(LONGEST_NAME);
    bytes.set(written);
    const addr = { transport: "tcp", hostname, port: 8080 } as const;
    assertEquals(addressIn(bytes), addr);
    assertEquals(portOf(bytes), 8080);
    assertEquals(hasName(bytes, socketName(addr)!), true);
    assertEquals(hasName(bytes, socketName({ ...addr, port: 1 })!), false);
  }
});

Deno.test("addressIn() finds none in the name of another family", () => {
  const unix = new Uint8Array(LONGEST_NAME);
  unix[0] = 1;
  assertEquals(addressIn(unix), undefined);
});
