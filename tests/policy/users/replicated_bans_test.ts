import { assertEquals, assertThrows } from "@std/assert";
import { Bans } from "../../../lib/policy/users/bans.ts";
import {
  type BanAction,
  decideBan,
  ReplicatedBans,
} from "../../../lib/policy/users/replicated_bans.ts";
import { Refusal } from "../../../lib/policy/limits/refusal.ts";

const RULES = { after: 4, window: 1_000, time: 1_000, timeMax: 8_000 };
const CLIENT = "192.0.2.1";

/** Copies, and their reports that are not delivered yet. */
function replicate(count: number) {
  const time = { now: 0 };
  const now = () => time.now;
  const keeper = new Bans({ ...RULES, now });
  const actions: BanAction[] = [];
  const copies = Array.from({ length: count }, (_, index) =>
    // Each thread has its own clock.
    new ReplicatedBans({ ...RULES, now: () => now() + index * 1e6 }, (action) =>
      actions.push(action)));
  const deliver = () => {
    let bans = 0;
    for (const action of actions.splice(0)) {
      const { outcome, states } = decideBan(keeper, action);
      if (outcome?.ban !== undefined) bans++;
      for (const copy of copies) copy.replace(states);
    }
    return bans;
  };
  return { copies, deliver, keeper, time };
}

function isBanned(bans: Bans): boolean {
  try {
    bans.check(CLIENT);
    return false;
  } catch (error) {
    if (error instanceof Refusal) return true;
    throw error;
  }
}

Deno.test("ReplicatedBans bans once in all copies for failures in several", () => {
  const { copies, deliver } = replicate(3);
  for (let count = 0; count < 4; count++) {
    copies[count % 3]!.fail(CLIENT, "alice");
  }
  assertEquals(deliver(), 1);
  assertEquals(copies.map(isBanned), [true, true, true]);
});

Deno.test("ReplicatedBans bans immediately when all failures were in one copy", () => {
  const { copies } = replicate(2);
  for (let count = 0; count < 4; count++) copies[0]!.fail(CLIENT, "alice");
  assertEquals(copies.map(isBanned), [true, false]);
});

Deno.test("ReplicatedBans.lift() lifts a ban in all copies", () => {
  const { copies, deliver } = replicate(2);
  for (let count = 0; count < 4; count++) copies[0]!.fail(CLIENT, "alice");
  deliver();
  assertEquals(copies[1]!.lift(CLIENT), true);
  deliver();
  assertEquals(copies.map(isBanned), [false, false]);
});

Deno.test("ReplicatedBans.succeed() clears failures in all copies", () => {
  const { copies, deliver } = replicate(2);
  for (let count = 0; count < 3; count++) copies[0]!.fail(CLIENT, "alice");
  deliver();
  copies[1]!.succeed(CLIENT);
  deliver();
  copies[0]!.fail(CLIENT, "alice");
  assertEquals(deliver(), 0);
  assertEquals(copies.map(isBanned), [false, false]);
});

Deno.test("ReplicatedBans ends a ban in all copies by their own clocks", () => {
  const { copies, deliver, time } = replicate(2);
  for (let count = 0; count < 4; count++) copies[0]!.fail(CLIENT, "alice");
  deliver();
  time.now += 999;
  assertThrows(() => copies[1]!.check(CLIENT), Refusal, "banned for 1 s");
  time.now += 1;
  assertEquals(copies.map(isBanned), [false, false]);
});

Deno.test("Bans.states() returns everything that a new copy needs", () => {
  const { copies, deliver, keeper } = replicate(2);
  for (let count = 0; count < 4; count++) copies[0]!.fail(CLIENT, "alice");
  deliver();
  const late = new ReplicatedBans({ ...RULES, now: () => 5 }, () => {});
  late.replace(keeper.states());
  assertEquals(isBanned(late), true);
  assertEquals(late.list().map(({ failed }) => failed), [4]);
});
