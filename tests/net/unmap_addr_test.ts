import { assertEquals } from "@std/assert";
import { unmapAddr } from "../../lib/net/unmap_addr.ts";

Deno.test("unmapAddr() takes IPv4 out of its mapped form, and nothing else", () => {
  const cases = [
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["::ffff:7f00:1", "127.0.0.1"],
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["::ffff:0:0:1", "::ffff:0:0:1"],
    ["2001:db8::ffff:1", "2001:db8::ffff:1"],
  ] as const;
  for (const [hostname, expected] of cases) {
    const addr = { transport: "tcp", hostname, port: 1080 } as const;
    assertEquals(unmapAddr(addr), { ...addr, hostname: expected });
  }
});
