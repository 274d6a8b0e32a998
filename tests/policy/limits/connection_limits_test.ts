import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  ConnectionLimits,
  type Lease,
  MOST_REFUSED,
} from "../../../lib/policy/limits/connection_limits.ts";
import { Refusal } from "../../../lib/policy/limits/refusal.ts";

/** Asserts that a client is refused, and by which limit. */
function assertRefused(
  limits: ConnectionLimits,
  client: string,
  mostOfClient: number,
  message: string,
): void {
  const refusal = assertThrows(
    () => limits.admit(client, mostOfClient),
    Refusal,
  );
  assertEquals(refusal.kind, "limit reached");
  assertEquals(refusal.message, message);
}

Deno.test("ConnectionLimits.admit() refuses connections over the total limit", () => {
  const limits = new ConnectionLimits(2);
  const first = limits.admit("192.0.2.1", 0);
  limits.admit("192.0.2.2", 0);
  assertRefused(limits, "192.0.2.3", 0, "Limit of 2 connections reached");
  assertEquals(limits.total, 2);
  assertEquals(limits.clients, 2);
  first.release();
  assertEquals(limits.total, 1);
  limits.admit("192.0.2.3", 0);
  assertEquals(limits.total, 2);
});

Deno.test("ConnectionLimits.admit() refuses connections over the limit of one client", () => {
  const limits = new ConnectionLimits(100);
  const first = limits.admit("192.0.2.1", 2);
  limits.admit("192.0.2.1", 2);
  const message = "Limit of 2 connections from one client reached";
  assertRefused(limits, "192.0.2.1", 2, message);
  assertRefused(limits, "::ffff:192.0.2.1", 2, message);
  limits.admit("192.0.2.2", 2);
  first.release();
  limits.admit("192.0.2.1", 2);
  assertRefused(limits, "192.0.2.1", 2, message);
});

Deno.test("ConnectionLimits.admit() counts a /64 of IPv6 as one client", () => {
  const limits = new ConnectionLimits(100);
  limits.admit("2001:db8::1", 1);
  const message = "Limit of 1 connection from one client reached";
  assertRefused(limits, "2001:db8::ffff:2", 1, message);
  limits.admit("2001:db8:0:1::1", 1);
  assertEquals(limits.clients, 2);
});

Deno.test("ConnectionLimits.admit() has no limit per client when it is 0", () => {
  const limits = new ConnectionLimits(50);
  for (let n = 0; n < 50; n++) limits.admit("192.0.2.1", 0);
  assertEquals(limits.total, 50);
  assertRefused(limits, "192.0.2.1", 0, "Limit of 50 connections reached");
});

Deno.test("ConnectionLimits counts a client's connections on all listeners", () => {
  const limits = new ConnectionLimits(100);
  limits.admit("192.0.2.1", 0);
  limits.admit("192.0.2.1", 0);
  assertRefused(
    limits,
    "192.0.2.1",
    2,
    "Limit of 2 connections from one client reached",
  );
});

Deno.test("ConnectionLimits forgets clients that were refused or have left", () => {
  const limits = new ConnectionLimits(10);
  const leases: Lease[] = [];
  for (let n = 0; n < 10; n++) leases.push(limits.admit(`192.0.2.${n}`, 1));
  for (let n = 0; n < 250; n++) {
    assertRefused(
      limits,
      `198.51.100.${n}`,
      1,
      "Limit of 10 connections reached",
    );
  }
  assertEquals(limits.clients, 10);
  for (const lease of leases) lease.release();
  assertEquals(limits.total, 0);
  assertEquals(limits.clients, 0);
});

Deno.test("ConnectionLimits remembers a client until its last connection ends", () => {
  const limits = new ConnectionLimits(10);
  const leases = [1, 2, 3].map(() => limits.admit("192.0.2.1", 3));
  for (const [n, lease] of leases.entries()) {
    assertEquals(limits.clients, 1);
    lease.release();
    assertEquals(limits.total, 2 - n);
  }
  assertEquals(limits.clients, 0);
});

Deno.test("ConnectionLimits.admit() counts users by their names", () => {
  const limits = new ConnectionLimits(Infinity, { per: "user" });
  const first = limits.admit("2001:db8::1", 2);
  limits.admit("2001:db8::1", 2);
  limits.admit("2001:db8::2", 2);
  const message = "Limit of 2 connections for user 2001:db8::1 reached";
  assertRefused(limits, "2001:db8::1", 2, message);
  first.release();
  limits.admit("2001:db8::1", 2);
});

Deno.test("ConnectionLimits.admit() names the limit", () => {
  const associations = { what: "associations" } as const;
  const user = { per: "user" } as const;
  const cases = [
    { limits: new ConnectionLimits(1), mine: 9, name: "connections" },
    {
      limits: new ConnectionLimits(9),
      mine: 1,
      name: "connections-per-client",
    },
    {
      limits: new ConnectionLimits(9, user),
      mine: 1,
      name: "connections-per-user",
    },
    {
      limits: new ConnectionLimits(1, associations),
      mine: 9,
      name: "associations",
    },
    {
      limits: new ConnectionLimits(9, associations),
      mine: 1,
      name: "associations-per-client",
    },
  ];
  for (const { limits, mine, name } of cases) {
    limits.admit("192.0.2.1", mine);
    const refusal = assertThrows(
      () => limits.admit("192.0.2.1", mine),
      Refusal,
    );
    assertEquals<string | undefined>(refusal.limit, name);
  }
});

Deno.test("ConnectionLimits.keep() keeps at most 128 refused connections", () => {
  const limits = new ConnectionLimits(0);
  const kept = Array.from({ length: MOST_REFUSED }, () => limits.keep());
  assertEquals(kept.length, 128);
  assert(kept.every((place) => place !== undefined));
  assertEquals(limits.keep(), undefined);
  kept[0]!.release();
  kept[0]!.release();
  assert(limits.keep() !== undefined);
  assertEquals(limits.keep(), undefined);
  assertEquals(limits.total, 0);
});

Deno.test("ConnectionLimits.admit() takes the place that was offered first", () => {
  const limits = new ConnectionLimits(3);
  const ended: number[] = [];
  const leases = [1, 2, 3].map((n) => limits.admit(`192.0.2.${n}`, 0));
  leases[2]!.offer(() => ended.push(3));
  leases[0]!.offer(() => ended.push(1));
  leases[0]!.offer(() => ended.push(1)); // A second offer has no effect.
  limits.admit("192.0.2.4", 0);
  assertEquals([ended, limits.total], [[3], 3]);
  leases[2]!.release(); // Another connection has the place already.
  assertEquals(limits.total, 3);
  limits.admit("192.0.2.5", 0);
  assertEquals([ended, limits.total], [[3, 1], 3]);
  assertRefused(limits, "192.0.2.6", 0, "Limit of 3 connections reached");
});

Deno.test("ConnectionLimits.admit() takes no offered place while others are free", () => {
  const limits = new ConnectionLimits(2);
  const fail = () => assert(false, "it was not needed");
  const first = limits.admit("192.0.2.1", 0);
  first.offer(fail);
  const second = limits.admit("192.0.2.2", 0);
  second.offer(fail);
  first.withdraw();
  second.release();
  limits.admit("192.0.2.3", 0);
  assertRefused(limits, "192.0.2.4", 0, "Limit of 2 connections reached");
  first.release();
  assertEquals(limits.total, 1);
});

Deno.test("ConnectionLimits.admit() takes a client's own offered place when it has too many", () => {
  const limits = new ConnectionLimits(10);
  const ended: string[] = [];
  const offer = (client: string) =>
    limits.admit(client, 2).offer(() => ended.push(client));
  offer("192.0.2.1");
  limits.admit("192.0.2.2", 2);
  offer("192.0.2.2");
  limits.admit("192.0.2.2", 2);
  assertEquals(ended, ["192.0.2.2"]);
  const message = "Limit of 2 connections from one client reached";
  assertRefused(limits, "192.0.2.2", 2, message);
  assertEquals(ended, ["192.0.2.2"]);
});

Deno.test("ConnectionLimits.keep() takes an offered place of a kept connection", () => {
  const limits = new ConnectionLimits(1, { mostKept: 2 });
  const ended: number[] = [];
  limits.admit("192.0.2.1", 0);
  const kept = [1, 2].map(() => limits.keep()!);
  assertEquals(limits.keep(), undefined);
  kept[1]!.offer(() => ended.push(1));
  assert(limits.keep() !== undefined);
  assertEquals(limits.keep(), undefined);
  assertEquals(ended, [1]);
});

Deno.test("ConnectionLimits.makeRoom() ends a connection whose place is offered", () => {
  const limits = new ConnectionLimits(1, { mostKept: 1 });
  const ended: string[] = [];
  const lease = limits.admit("192.0.2.1", 0);
  const kept = limits.keep()!;
  assertEquals(limits.makeRoom(), false);
  kept.offer(() => ended.push("kept"));
  lease.offer(() => ended.push("served"));
  assertEquals([limits.makeRoom(), limits.makeRoom()], [true, true]);
  assertEquals([ended, limits.makeRoom()], [["served", "kept"], false]);
  assertEquals(limits.total, 0);
});
