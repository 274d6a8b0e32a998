import { assertEquals } from "@std/assert";
import { reachedFact } from "../../../lib/policy/rules/reached_fact.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";

Deno.test("reachedFact() reads who went where, and how", () => {
  assertEquals(
    reachedFact({
      protocol: "http-connect",
      user: "alice",
      target: "WWW.Example.com.:443",
      address: "[2001:db8::1]:443",
      result: "ok",
    }),
    {
      user: "alice",
      host: "www.example.com",
      port: 443,
      command: "connect",
      address: parseIpAddress("2001:db8::1"),
    },
  );
  const plain = { target: "[::1]:80", result: "failed" } as const;
  assertEquals(reachedFact({ ...plain, protocol: "http" })?.command, "http");
  assertEquals(reachedFact({ ...plain, protocol: "socks4a" }), {
    user: undefined,
    host: "::1",
    port: 80,
    command: "connect",
    address: undefined,
  });
  const datagrams = { sent: 1, received: 1, dropped: 0 };
  assertEquals(reachedFact({ ...plain, datagrams })?.command, "udp");
});

Deno.test("reachedFact() makes nothing of what reached nothing", () => {
  const target = "a.example:443";
  assertEquals(reachedFact({ target, result: "refused" }), undefined);
  assertEquals(reachedFact({ result: "dropped" }), undefined);
  assertEquals(reachedFact({ result: "ok" }), undefined);
  for (const odd of ["a.example:0", "a b:443", "a.example", "echo"]) {
    assertEquals(reachedFact({ target: odd, result: "ok" }), undefined, odd);
  }
});
