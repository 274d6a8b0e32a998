import { assert, assertEquals } from "@std/assert";
import { refusedRange } from "../../../lib/policy/rules/address_guard.ts";
import {
  ORDINARY_ADDRESS,
  type ReachedEvent,
  type ReachedFact,
  reachedFacts,
} from "../../../lib/policy/rules/reached_fact.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";

/** The only fact of an event. */
function reachedFact(event: ReachedEvent): ReachedFact | undefined {
  const facts = reachedFacts(event);
  assert(facts.length < 2);
  return facts[0];
}

Deno.test("reachedFacts() reads who went where, and how", () => {
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
});

Deno.test("reachedFacts() makes nothing of what reached nothing", () => {
  const target = "a.example:443";
  assertEquals(reachedFact({ target, result: "refused" }), undefined);
  assertEquals(reachedFact({ result: "dropped" }), undefined);
  assertEquals(reachedFact({ result: "ok" }), undefined);
  for (const odd of ["a.example:0", "a b:443", "a.example", "echo"]) {
    assertEquals(reachedFact({ target: odd, result: "ok" }), undefined, odd);
  }
});

Deno.test("reachedFacts() takes no parent for the target, and no other server for the proxy", () => {
  const through = {
    protocol: "socks5",
    target: "a.example:443",
    address: "127.0.0.1:1080",
    via: "socks5://127.0.0.1",
    result: "ok",
  } as const;
  assertEquals(reachedFact(through)?.address, undefined);
  for (const protocol of ["tcp", "hub", "discard"]) {
    assertEquals(reachedFact({ ...through, protocol }), undefined, protocol);
  }
});

Deno.test("reachedFacts() makes a fact for each target of datagrams", () => {
  const facts = reachedFacts({
    protocol: "socks5",
    command: "udp",
    target: "udp 0.0.0.0:0",
    targets: ["dns.example:53", "[::1]:123", "odd"],
    result: "ok",
  });
  assertEquals(facts.map(({ command, host, port }) => [command, host, port]), [
    ["udp", "dns.example", 53],
    ["udp", "::1", 123],
  ]);
});

Deno.test("reachedFacts() says who came to a client that waits", () => {
  const event = {
    protocol: "socks5",
    command: "bind",
    target: "0.0.0.0:0",
    address: "192.0.2.1:20",
    result: "ok",
  } as const;
  const { host, port, command } = reachedFact(event)!;
  assertEquals([host, port, command], ["192.0.2.1", 0, "bind"]);
  assertEquals(
    reachedFact({ ...event, target: "ftp.example:21" })?.host,
    "ftp.example",
  );
  assertEquals(reachedFacts({ ...event, address: "" }), []);
});

Deno.test("reachedFacts() knows who showed no name", () => {
  const target = "a.example:22";
  const wouldDeny = { rule: "name-mismatch", reason: "" };
  const isHidden = (event: Partial<ReachedEvent>) =>
    reachedFact({ target, result: "ok", ...event })?.isHidden ?? false;
  assert(isHidden({ wouldDeny }));
  assert(isHidden({ wouldDeny, command: "udp", targets: [target] }));
  assert(isHidden({ wouldDeny, command: "bind", address: "192.0.2.1:20" }));
  assert(!isHidden({}));
  assert(!isHidden({ wouldDeny, name: "b.example" }));
  assert(!isHidden({ wouldDeny: { rule: "default", reason: "" } }));
});

Deno.test("ORDINARY_ADDRESS leaves out every address that the guard refuses", () => {
  const isOrdinary = (ip: string) => {
    ORDINARY_ADDRESS.lastIndex = 0;
    return ORDINARY_ADDRESS.test(`${ip}:443`);
  };
  assert(isOrdinary("93.184.215.14") && isOrdinary("8.8.8.8"));
  assert(!isOrdinary("[2001:db8::1]"));
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      for (const rest of ["0.0", "0.2", "2.1", "99.9", "100.7", "113.255"]) {
        const text = `${first}.${second}.${rest}`;
        const isRefused = refusedRange(parseIpAddress(text)!) !== undefined;
        assert(!isRefused || !isOrdinary(text), text);
      }
    }
  }
});
