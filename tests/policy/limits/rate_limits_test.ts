import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import {
  type Paces,
  RateLimits,
} from "../../../lib/policy/limits/rate_limits.ts";

/** So slow that nothing comes back while a test runs. */
const RATE = { up: 1_000, down: 2_000 };

/** Bytes that one direction may read in one go. */
function drain(pace: Paces["up"]): number {
  let bytes = 0;
  while (pace!.isOpen) {
    // It divides no burst: what is left is a debt, for half a second or more.
    pace!.charge(3_000);
    bytes += 3_000;
  }
  return bytes;
}

Deno.test("RateLimits.join() limits only configured directions", () => {
  const limits = new RateLimits({ total: { up: 0, down: 1_000 } });
  const { up, down } = limits.join(limits.connect(), "alice");
  assertEquals(up, undefined);
  assert(down !== undefined);
  assertEquals(limits.users, 0);
});

Deno.test("RateLimits creates separate rates for every connection", () => {
  const limits = new RateLimits({ connection: RATE, burst: 10_000 });
  for (let n = 0; n < 2; n++) {
    const paces = limits.join(limits.connect(), undefined);
    assertLessOrEqual(drain(paces.up), 12_000);
    assert(paces.down!.isOpen, "the other way is apart");
    assert(drain(paces.down) >= 20_000);
  }
});

Deno.test("RateLimits shares one rate among the connections of a user", () => {
  const limits = new RateLimits({ user: RATE, burst: 50_000 });
  const first = limits.join(limits.connect(), "alice");
  const second = limits.join(limits.connect(), "alice");
  const other = limits.join(limits.connect(), "bob");
  drain(first.up);
  assert(!second.up!.isOpen && other.up!.isOpen && second.down!.isOpen);
  assertEquals(limits.join(limits.connect(), undefined).up, undefined);
});

Deno.test("RateLimits shares the total rate among all connections", () => {
  const limits = new RateLimits({ total: RATE, burst: 10_000 });
  const first = limits.join(limits.connect(), "alice");
  const second = limits.join(limits.connect(), undefined);
  drain(first.down);
  assert(!second.down!.isOpen && second.up!.isOpen);
});

Deno.test("RateLimits gives no new burst to a user who reconnects", () => {
  const limits = new RateLimits({ user: RATE, burst: 50_000 });
  const first = limits.join(limits.connect(), "alice");
  first.up!.charge(10_000_000);
  limits.leave("alice");
  assert(!limits.join(limits.connect(), "alice").up!.isOpen);
});

Deno.test("RateLimits remembers 1,000 users without a connection, and all with one", () => {
  const limits = new RateLimits({ user: RATE });
  for (let n = 0; n < 10; n++) limits.join(limits.connect(), `here ${n}`);
  for (let n = 0; n < 5_000; n++) {
    limits.join(limits.connect(), `gone ${n}`).up!.charge(10_000_000);
    limits.leave(`gone ${n}`);
  }
  assertEquals(limits.users, 1_000);
  assert(!limits.join(limits.connect(), "gone 4999").up!.isOpen);
  assert(limits.join(limits.connect(), "gone 0").up!.isOpen);
  for (let n = 0; n < 10; n++) limits.leave(`here ${n}`);
});
