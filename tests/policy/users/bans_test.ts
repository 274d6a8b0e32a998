import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { Bans, type BansOptions } from "../../../lib/policy/users/bans.ts";
import { Refusal } from "../../../lib/policy/limits/refusal.ts";

const MINUTE = 60_000;
const ALICE = "alice";

function bansAt(options: BansOptions = {}) {
  const clock = { now: 0 };
  return { clock, bans: new Bans({ now: () => clock.now, ...options }) };
}

function isBanned(bans: Bans, client: string): boolean {
  try {
    bans.check(client);
    return false;
  } catch (error) {
    assert(error instanceof Refusal);
    assertEquals(error.kind, "banned");
    return true;
  }
}

/**
 * Fails with a different name each time, like an attacker who guesses names.
 */
function failTimes(bans: Bans, client: string, count: number): void {
  for (let n = 0; n < count; n++) bans.fail(client, `${client} ${n}`);
}

Deno.test("Bans bans a client for a minute after ten failures", () => {
  const { bans, clock } = bansAt();
  failTimes(bans, "192.0.2.1", 9);
  assertEquals(isBanned(bans, "192.0.2.1"), false);
  assertEquals(bans.fail("192.0.2.1", "x"), {
    ban: {
      event: "ban",
      code: "client-banned",
      client: "192.0.2.1",
      duration: MINUTE,
      failures: 10,
      window: 2 * MINUTE,
    },
    attack: undefined,
  });
  assertEquals(isBanned(bans, "192.0.2.1"), true);
  assertEquals(isBanned(bans, "192.0.2.2"), false);
  clock.now += MINUTE;
  assertEquals(isBanned(bans, "192.0.2.1"), false);
});

Deno.test("Bans does not extend a ban for checks that were running when it started", () => {
  const { bans, clock } = bansAt();
  for (let n = 0; n < 10; n++) bans.fail("192.0.2.1", ALICE);
  for (let n = 0; n < 5; n++) {
    assertEquals(bans.fail("192.0.2.1", ALICE).ban, undefined);
  }
  clock.now += MINUTE;
  assertEquals(isBanned(bans, "192.0.2.1"), false);
});

Deno.test("Bans.check() reports the remaining time", () => {
  const { bans, clock } = bansAt();
  failTimes(bans, "192.0.2.1", 10);
  const cases: [after: number, seconds: number][] = [
    [0, 60],
    [16_900, 44],
    [100, 43],
    [42_500, 1],
  ];
  for (const [after, seconds] of cases) {
    clock.now += after;
    const error = assertThrows(() => bans.check("192.0.2.1"), Refusal);
    assertEquals(error.message, `Client is banned for ${seconds} s`);
    assertEquals(error.retryAfter, seconds);
  }
});

Deno.test("Bans counts a /64 of IPv6 as one client, and a mapped address as IPv4", () => {
  const { bans } = bansAt();
  for (let n = 0; n < 10; n++) bans.fail(`2001:db8::${n}:1`, `${n}`);
  assertEquals(isBanned(bans, "2001:db8::ffff:ffff:ffff:ffff"), true);
  assertEquals(isBanned(bans, "2001:db8:0:1::1"), false);
  for (let n = 0; n < 5; n++) {
    bans.fail("::ffff:192.0.2.1", `a${n}`);
    bans.fail("192.0.2.1", `b${n}`);
  }
  assertEquals(isBanned(bans, "192.0.2.1"), true);
  assertEquals(isBanned(bans, "::ffff:192.0.2.2"), false);
});

Deno.test("Bans never locks out a user when others fail with the name", () => {
  const { bans } = bansAt();
  for (let n = 1; n <= 50; n++) bans.fail(`198.51.100.${n}`, ALICE);
  assertEquals(isBanned(bans, "192.0.2.1"), false);
});

Deno.test("Bans bans a client after one failure when the name is under attack", () => {
  const { bans, clock } = bansAt();
  for (let n = 1; n <= 9; n++) {
    const { attack, ban } = bans.fail(`198.51.100.${n}`, ALICE);
    assertEquals([attack, ban], [undefined, undefined]);
  }
  const { attack, ban } = bans.fail("198.51.100.10", ALICE);
  assertEquals(ban, undefined);
  assertEquals(attack, {
    user: ALICE,
    duration: MINUTE,
    failures: 10,
    window: 2 * MINUTE,
  });
  const next = bans.fail("198.51.100.11", ALICE);
  assertEquals(next.ban, {
    event: "ban",
    code: "guesser-banned",
    client: "198.51.100.11",
    duration: MINUTE,
    failures: 1,
    window: 2 * MINUTE,
    user: ALICE,
  });
  assertEquals(isBanned(bans, "198.51.100.11"), true);
  // Earlier clients and other names still have all their tries.
  assertEquals(isBanned(bans, "198.51.100.1"), false);
  assertEquals(bans.fail("198.51.100.12", "bob").ban, undefined);
  clock.now += MINUTE;
  assertEquals(bans.fail("198.51.100.13", ALICE).ban, undefined);
});

Deno.test("Bans guards a name longer when the attack continues", () => {
  const { bans, clock } = bansAt();
  const durations: number[] = [];
  for (let n = 0; n < 3_600; n++) { // One failure per second, each from another network.
    const { attack } = bans.fail(`2001:db8:${n.toString(16)}::1`, ALICE);
    if (attack !== undefined) durations.push(attack.duration / MINUTE);
    clock.now += 1_000;
  }
  assertEquals(durations.slice(0, 5), [1, 2, 4, 8, 15]);
});

Deno.test("Bans.succeed() clears the failures of the client, not those of the name", () => {
  const { bans } = bansAt();
  for (let n = 0; n < 9; n++) bans.fail("192.0.2.1", ALICE);
  bans.succeed("192.0.2.1");
  const { attack, ban } = bans.fail("192.0.2.1", ALICE);
  assertEquals([attack?.failures, ban], [10, undefined]);
});

Deno.test("Bans bans nobody when after is 0", () => {
  const { bans } = bansAt({ after: 0 });
  for (let n = 0; n < 100; n++) {
    assertEquals(bans.fail("192.0.2.1", ALICE), {
      ban: undefined,
      attack: undefined,
    });
  }
  assertEquals([isBanned(bans, "192.0.2.1"), bans.size], [false, 0]);
});

Deno.test("Bans.ban() bans a client for as long as it is told, whatever its failures", () => {
  let now = 0;
  const bans = new Bans({ after: 0, now: () => now });
  bans.ban("2001:db8::1", 3_600_000);
  const [banned] = bans.list();
  assertEquals(banned, {
    key: "2001:db8::/64",
    remaining: 3_600_000,
    failed: 0,
  });
  assertThrows(() => bans.check("2001:db8::2"), Refusal);
  bans.ban("2001:db8::1", 60_000);
  now = 60_000;
  bans.check("2001:db8::2");
  assertEquals(bans.list(), []);
});

Deno.test("Bans.list() returns the banned clients, and lift() ends a ban", () => {
  const { bans, clock } = bansAt();
  failTimes(bans, "192.0.2.1", 10);
  clock.now += 1_000;
  failTimes(bans, "2001:db8::1", 10);
  failTimes(bans, "192.0.2.3", 9);
  assertEquals(bans.list(), [
    { key: "2001:db8::/64", remaining: 60_000, failed: 10 },
    { key: "192.0.2.1", remaining: 59_000, failed: 10 },
  ]);
  assertEquals(bans.lift("2001:db8::/64"), true);
  assertEquals(bans.lift("192.0.2.1"), true);
  assertEquals(bans.lift("192.0.2.3"), false);
  assertEquals(bans.list(), []);
  assertEquals(isBanned(bans, "192.0.2.1"), false);
});

Deno.test("Bans stays small and fast when 25,000 networks and names fail", () => {
  const { bans, clock } = bansAt();
  const fail = (from: number, to: number) => {
    const begun = performance.now();
    for (let n = from; n < to; n++) {
      bans.fail(`${networkOf(n)}::1`, `user ${n}`);
      clock.now++;
    }
    return performance.now() - begun;
  };
  const filling = fail(0, 20_000);
  const full = fail(20_000, 25_000);
  assert(bans.size <= 40_000, `${bans.size}`);
  // Searching all entries to forget one would take a thousand times as long.
  assertLess(full, 8 * filling);
});

Deno.test("Bans keeps a ban while 25,000 others fail once", () => {
  const { bans } = bansAt();
  failTimes(bans, "192.0.2.1", 10);
  for (let n = 0; n < 25_000; n++) {
    bans.fail(`${networkOf(n)}::1`, `${n}`);
  }
  assertEquals(isBanned(bans, "192.0.2.1"), true);
});

/** A different /64 for each number below 2^32. */
function networkOf(n: number): string {
  return `2001:db8:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}`;
}
