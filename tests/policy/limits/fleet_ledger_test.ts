import { assertEquals } from "@std/assert";
import { DailyQuota } from "../../../lib/policy/limits/daily_quota.ts";
import {
  FLEET_LEDGER_TABLE,
  FleetLedger,
} from "../../../lib/policy/limits/fleet_ledger.ts";
import { SharedTable } from "../../../lib/sync/shared/table.ts";

const DAY = "2026-11-30";

/** The ledger of each thread, and that of the one which asks Redis. */
function makeLedgers(hurry?: () => void, capacity = 64) {
  const shape = { ...FLEET_LEDGER_TABLE, capacity, threads: 2 };
  const memory = new SharedArrayBuffer(SharedTable.bytes(shape));
  const [one, other, main] = [0, 1, 2].map((thread) =>
    new FleetLedger(
      new SharedTable(shape, { memory, thread, now: () => 1_000 }),
      hurry,
    )
  );
  return { one: one!, other: other!, main: main! };
}

Deno.test("FleetLedger.takeChanged() returns each changed count once, with all of it", () => {
  const { one, other, main } = makeLedgers();
  assertEquals(main.takeChanged(10), []);
  one.add(DAY, "alice", 5);
  other.add(DAY, "alice", 7);
  other.add(DAY, "bob", 1);
  assertEquals(main.takeChanged(10), [
    { day: DAY, user: "bob", bytes: 1 },
    { day: DAY, user: "alice", bytes: 12 },
  ]);
  assertEquals(main.takeChanged(10), []);
  one.add(DAY, "alice", 1);
  assertEquals(main.takeChanged(10), [
    { day: DAY, user: "alice", bytes: 13 },
  ]);
});

Deno.test("FleetLedger.takeChanged() leaves the rest for the next call", () => {
  const { one, main } = makeLedgers();
  const users = Array.from({ length: 9 }, (_, n) => `user ${n}`);
  for (const user of users) one.add(DAY, user, 1);
  const taken = [4, 4, 4].map((most) => main.takeChanged(most));
  assertEquals(taken.map(({ length }) => length), [4, 4, 1]);
  assertEquals(taken.flat().map(({ user }) => user).sort(), users);
});

Deno.test("FleetLedger.read() adds what others have counted", () => {
  const { one, main } = makeLedgers();
  one.add(DAY, "alice", 5);
  main.learn({ day: DAY, user: "alice", bytes: 105 });
  assertEquals(one.read(DAY, "alice"), 105);
  one.add(DAY, "alice", 10);
  assertEquals(one.read(DAY, "alice"), 115);
  // The total was told for the first 5 alone.
  main.learn({ day: DAY, user: "alice", bytes: 205 }, 5);
  assertEquals(one.read(DAY, "alice"), 215);
  assertEquals(one.all(DAY), { alice: 215 });
  assertEquals(main.takeChanged(10), [{ day: DAY, user: "alice", bytes: 15 }]);
});

Deno.test("FleetLedger never counts less than its own, whatever it is told", () => {
  const { one, main } = makeLedgers();
  one.add(DAY, "alice", 5);
  main.learn({ day: DAY, user: "alice", bytes: 0 });
  assertEquals(one.read(DAY, "alice"), 5);
});

Deno.test("FleetLedger.restore() counts until Redis tells the current total", () => {
  const { one, main } = makeLedgers();
  one.restore(DAY, "alice", 700);
  assertEquals(one.read(DAY, "alice"), 700);
  // It is nothing that this machine would have to tell.
  assertEquals(main.takeChanged(10), []);
  one.add(DAY, "alice", 1);
  assertEquals(one.read(DAY, "alice"), 701);
  main.learn({ day: DAY, user: "alice", bytes: 751 });
  assertEquals(one.read(DAY, "alice"), 751);
});

Deno.test("FleetLedger.changeAll() returns every count again, also after a call of learn()", () => {
  const { one, main } = makeLedgers();
  one.add(DAY, "alice", 5);
  main.learn({ day: DAY, user: "bob", bytes: 9 });
  main.takeChanged(10);
  main.changeAll();
  main.changeAll();
  assertEquals(main.takeChanged(10), [{ day: DAY, user: "alice", bytes: 5 }]);
});

Deno.test("FleetLedger hurries once when a user has used up the quota", () => {
  let hurries = 0;
  const { one, main } = makeLedgers(() => hurries++);
  assertEquals(main.most, Infinity);
  const quota = new DailyQuota(100, {
    ledger: one,
    now: () => Date.parse(`${DAY}T12:00:00Z`),
  });
  assertEquals(main.most, 100);
  quota.add("alice", 60);
  main.learn({ day: DAY, user: "alice", bytes: 90 });
  quota.add("alice", 9);
  assertEquals(quota.refusal("alice"), undefined);
  assertEquals(hurries, 0);
  quota.add("alice", 1);
  assertEquals(hurries, 1);
  assertEquals(quota.refusal("alice")?.limit, "quota");
  quota.add("alice", 1);
  assertEquals(hurries, 1);
});

Deno.test("FleetLedger lets nobody transfer uncounted bytes when its table is full", () => {
  const { one, main } = makeLedgers(undefined, 4);
  for (let n = 0; n < 20; n++) one.add(DAY, `user${n}`, 1);
  const known = Object.keys(one.all(DAY)).sort();
  assertEquals(main.takeChanged(100).map(({ user }) => user).sort(), known);
  assertEquals(one.read(DAY, "another"), Infinity);
});
