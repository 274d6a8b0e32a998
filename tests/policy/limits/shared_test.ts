import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertThrows,
} from "@std/assert";
import {
  ConnectionRate,
  RATE_TABLE,
} from "../../../lib/policy/limits/connection_rate.ts";
import { DailyQuota } from "../../../lib/policy/limits/daily_quota.ts";
import {
  BYTES_TABLE,
  RateLimits,
} from "../../../lib/policy/limits/rate_limits.ts";
import { Refusal } from "../../../lib/policy/limits/refusal.ts";
import {
  connectionTable,
  OFFERS_TABLE,
  SharedConnectionLimits,
} from "../../../lib/policy/limits/shared_connection_limits.ts";
import {
  LEDGER_TABLE,
  SharedLedger,
} from "../../../lib/policy/limits/shared_ledger.ts";
import {
  SharedTable,
  type SharedTableShape,
} from "../../../lib/sync/shared/table.ts";

/** The same table in two threads. */
function tables(
  given: Omit<SharedTableShape, "threads">,
  time = { now: 0 },
): [SharedTable, SharedTable] {
  const shape = { ...given, threads: 2 };
  const memory = new SharedArrayBuffer(SharedTable.bytes(shape));
  const make = (thread: number) =>
    new SharedTable(shape, { memory, thread, now: () => time.now });
  return [make(0), make(1)];
}

Deno.test("SharedConnectionLimits counts the connections of all threads", () => {
  const limits = tables(connectionTable(3, "client")).map((table) =>
    new SharedConnectionLimits(3, { table, threads: 2 })
  );
  const [one, other] = limits as [
    SharedConnectionLimits,
    SharedConnectionLimits,
  ];
  const first = one.admit("192.0.2.1", 2);
  other.admit("192.0.2.1", 2);
  assertThrows(() => one.admit("192.0.2.1", 2), Refusal, "from one client");
  one.admit("192.0.2.2", 2);
  assertThrows(() => other.admit("192.0.2.3", 2), Refusal, "Limit of 3");
  first.release();
  first.release();
  other.admit("192.0.2.3", 2);
  assertEquals([one.total, other.total, one.clients], [3, 3, 3]);
});

Deno.test("SharedConnectionLimits counts users by names of any length", () => {
  const [table] = tables(connectionTable(Infinity, "user"));
  const limits = new SharedConnectionLimits(
    Infinity,
    { table, threads: 2 },
    { per: "user" },
  );
  const names = ["a", "é".repeat(127), "x".repeat(255)];
  for (const name of names) {
    limits.admit(name, 1);
    assertThrows(() => limits.admit(name, 1), Refusal, "for user");
  }
});

Deno.test("ConnectionRate counts the connections of all threads", () => {
  const time = { now: 1_000 };
  const rates = tables(RATE_TABLE, time).map((table) =>
    new ConnectionRate({ count: 2, period: "second" }, { table })
  );
  rates[0]!.take("192.0.2.1");
  rates[1]!.take("192.0.2.1");
  for (const rate of rates) assertThrows(() => rate.take("192.0.2.1"), Refusal);
  rates[1]!.take("192.0.2.2");
  time.now += 500;
  rates[0]!.take("192.0.2.1");
  assertThrows(() => rates[1]!.take("192.0.2.1"), Refusal);
});

Deno.test("RateLimits counts the bytes of all threads, per user and in total", () => {
  const time = { now: 0 };
  const both = (bytes: number) => ({ up: bytes, down: bytes });
  for (const settings of [{ total: both(100_000) }, { user: both(100_000) }]) {
    const paces = tables(BYTES_TABLE, time).map((table) => {
      const limits = new RateLimits(settings, { table });
      return limits.join(limits.connect(), "alice").up!;
    });
    const [one, other] = paces as [typeof paces[0], typeof paces[0]];
    one.charge(20_000);
    assertEquals([one.isOpen, other.isOpen], [false, false]);
    time.now += 99;
    assertEquals(other.isOpen, false);
    time.now += 2;
    assertEquals([one.isOpen, other.isOpen], [true, true]);
    time.now += 10_000;
  }
});

Deno.test("RateLimits gives a user no new burst in another thread", () => {
  const time = { now: 0 };
  const [one, other] = tables(BYTES_TABLE, time).map((table) =>
    new RateLimits({ user: { up: 1_000_000, down: 0 } }, { table })
  ) as [RateLimits, RateLimits];
  one.join(one.connect(), "alice").up!.charge(500_000);
  one.leave("alice");
  assert(!other.join(other.connect(), "alice").up!.isOpen);
  other.leave("alice");
  time.now += 401;
  assert(one.join(one.connect(), "alice").up!.isOpen);
});

Deno.test("RateLimits gives the tunnels of all threads equal turns", async () => {
  const shape = { ...BYTES_TABLE, threads: 2 };
  const memory = new SharedArrayBuffer(SharedTable.bytes(shape));
  const begin = performance.now();
  const rate = 2_000_000;
  const [one, other] = [0, 1].map((thread) => {
    const now = () => performance.now();
    const table = new SharedTable(shape, { memory, thread, now });
    return new RateLimits({ total: { up: 0, down: rate } }, { table });
  }) as [RateLimits, RateLimits];
  const time = 1_500;
  // One thread has one tunnel, the other has seven.
  const counts = await Promise.all(
    [one, ...Array(7).fill(other) as RateLimits[]].map(async (limits) => {
      const pace = limits.join(limits.connect(), undefined).down!;
      let sum = 0;
      while (performance.now() - begin < time) {
        await pace.wait();
        sum += pace.piece;
        pace.charge(pace.piece);
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      return sum;
    }),
  );
  const total = counts.reduce((sum, count) => sum + count, 0);
  assertLess(total, rate * (time + 100) / 1_000 * 1.1);
  // A busy machine does not use all of the rate.
  assertGreater(total, rate * time / 1_000 * 0.5);
  assertLess(Math.max(...counts), Math.min(...counts) * 2);
});

Deno.test("SharedLedger counts the bytes of all threads in a day", () => {
  const clock = { now: Date.UTC(2030, 0, 1, 12) };
  const quotas = tables(LEDGER_TABLE).map((table) =>
    new DailyQuota(1_000, {
      ledger: new SharedLedger(table),
      now: () => clock.now,
    })
  );
  const [one, other] = quotas as [DailyQuota, DailyQuota];
  one.add("alice", 600);
  other.add("alice", 399);
  other.add("bob", 1);
  assertEquals(one.refusal("alice"), undefined);
  const { revision } = one;
  other.add("alice", 1);
  assert(one.revision > revision);
  assert(one.refusal("alice") instanceof Refusal);
  assertEquals(one.state, {
    day: "2030-01-01",
    bytes: { alice: 1_000, bob: 1 },
  });
  clock.now += 86_400_000;
  assertEquals(other.refusal("alice"), undefined);
  other.add("alice", 5);
  assertEquals(one.state, { day: "2030-01-02", bytes: { alice: 5 } });
});

Deno.test("SharedConnectionLimits gives a thread the place that another one offers", async () => {
  const [table] = [tables(connectionTable(2, "client"))];
  const offers = tables(OFFERS_TABLE);
  const [one, other] = table.map((table, n) =>
    new SharedConnectionLimits(2, { table, offers: offers[n]!, threads: 2 })
  ) as [SharedConnectionLimits, SharedConnectionLimits];
  const ended: string[] = [];
  for (const name of ["first", "second"]) {
    one.admit("192.0.2.1", 0).offer(() => ended.push(name));
  }
  assertThrows(() => other.admit("192.0.2.2", 0), Refusal, "Limit of 2");
  const lease = await other.awaitRoom("192.0.2.2", 0);
  assertEquals(ended, ["first"]);
  // Without offers elsewhere, waiting makes no sense.
  one.makeRoom();
  assertEquals(ended, ["first", "second"]);
  one.admit("192.0.2.1", 0);
  assertThrows(() => other.admit("192.0.2.3", 0), Refusal, "Limit of 2");
  assertEquals(other.awaitRoom("192.0.2.3", 0), undefined);
  lease!.release();
  assertEquals([one.total, offers[0].total], [1, 0]);
});
