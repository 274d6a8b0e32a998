import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertThrows,
} from "@std/assert";
import { ConnectionRate } from "../../../lib/policy/limits/connection_rate.ts";
import { Refusal } from "../../../lib/policy/limits/refusal.ts";

/** A clock that moves only when the test advances it. */
function fakeClock() {
  let time = 5_000;
  return { now: () => time, advance: (by: number) => time += by };
}

/** Connects until refused, and counts the successes. */
function exhaust(rate: ConnectionRate, client: string): number {
  for (let count = 0; count < 10_000; count++) {
    try {
      rate.take(client);
    } catch {
      return count;
    }
  }
  return Infinity;
}

Deno.test("ConnectionRate.take() allows a burst, then the rate", () => {
  const cases = [
    { count: 10, period: "second", burst: undefined, atOnce: 10, ms: 100 },
    { count: 10, period: "second", burst: 3, atOnce: 3, ms: 100 },
    { count: 3, period: "second", burst: 1, atOnce: 1, ms: 1_000 / 3 },
    { count: 30, period: "minute", burst: 5, atOnce: 5, ms: 2_000 },
    { count: 2, period: "hour", burst: undefined, atOnce: 2, ms: 1_800_000 },
  ] as const;
  for (const { count, period, burst, atOnce, ms } of cases) {
    const { now, advance } = fakeClock();
    const rate = new ConnectionRate({ count, period }, { burst, now });
    assertEquals(exhaust(rate, "192.0.2.1"), atOnce);
    advance(ms * 0.9);
    assertEquals(exhaust(rate, "192.0.2.1"), 0);
    advance(ms * 0.1 + 0.01);
    assertEquals(exhaust(rate, "192.0.2.1"), 1);
    advance(ms * 2.5);
    assertEquals(exhaust(rate, "192.0.2.1"), Math.min(2, atOnce));
    advance(ms * 1_000);
    assertEquals(exhaust(rate, "192.0.2.1"), atOnce);
  }
});

Deno.test("ConnectionRate.take() names the limit", () => {
  const frequency = { count: 30, period: "minute" } as const;
  const rate = new ConnectionRate(frequency, { burst: 1 });
  rate.take("192.0.2.1");
  const refusal = assertThrows(() => rate.take("192.0.2.1"), Refusal);
  assertEquals(refusal.retryAfter, 2);
  assertEquals([refusal.kind, refusal.limit, refusal.message], [
    "limit reached",
    "connection-rate",
    "Limit of 30 new connections a minute from one client reached",
  ]);
});

Deno.test("ConnectionRate counts an IPv4 address and a /64 of IPv6 as one client", () => {
  const { now } = fakeClock();
  const rate = new ConnectionRate(
    { count: 1, period: "second" },
    { burst: 2, now },
  );
  rate.take("192.0.2.1");
  rate.take("::ffff:192.0.2.1");
  assertThrows(() => rate.take("192.0.2.1"), Refusal);
  rate.take("192.0.2.2");
  rate.take("2001:db8::1");
  rate.take("2001:db8::2");
  assertThrows(() => rate.take("2001:db8::3"), Refusal);
  rate.take("2001:db8:0:1::1");
  assertEquals(rate.clients, 4);
});

Deno.test("ConnectionRate stays bounded under 20,000 clients, and remembers the latest", () => {
  const { now } = fakeClock();
  const rate = new ConnectionRate(
    { count: 1, period: "hour" },
    { burst: 1, now },
  );
  const clients = Array.from(
    { length: 20_000 },
    (_, n) =>
      `2001:db8:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}::1`,
  );
  for (const client of clients) rate.take(client);
  assertLessOrEqual(rate.clients, 16_384);
  const latest = clients.slice(-16_384);
  for (const client of latest.filter((_, n) => n % 8 === 0)) {
    assertThrows(() => rate.take(client), Refusal);
  }
  rate.take(clients[0]!);
});

Deno.test("ConnectionRate does not remember clients that it only refused", () => {
  const rate = new ConnectionRate({ count: 1, period: "hour" });
  rate.take("192.0.2.1");
  for (let n = 0; n < 100; n++) {
    assertThrows(() => rate.take("192.0.2.1"), Refusal);
  }
  assert(rate.clients === 1);
});
