import { assert, assertEquals } from "@std/assert";
import { FailureTable } from "../../../lib/policy/users/failure_table.ts";

const RULES = { after: 3, window: 100, time: 10, timeMax: 80 };

function tableAt(most = 100, rules = RULES) {
  const clock = { now: 1_000 };
  return { clock, table: new FailureTable(rules, most, () => clock.now) };
}

/** Fails until banned; returns the length of the ban. */
function failUntilBanned(table: FailureTable, key: string): number {
  for (let n = 1; n < RULES.after; n++) {
    assertEquals(table.fail(key), undefined);
  }
  const ban = table.fail(key);
  assert(ban !== undefined);
  assertEquals(ban.failures, RULES.after);
  assertEquals(table.remaining(key), ban.duration);
  return ban.duration;
}

Deno.test("FailureTable.fail() bans at the configured number of failures", () => {
  const { table } = tableAt();
  assertEquals(table.remaining("a"), 0);
  assertEquals(failUntilBanned(table, "a"), 10);
  assertEquals(table.remaining("b"), 0);
});

Deno.test("FailureTable.fail() counts only failures within the window", () => {
  const { table, clock } = tableAt();
  for (let n = 0; n < 100; n++) {
    assertEquals(table.fail("a"), undefined, `${n}`);
    clock.now += 50; // The failure before the last is 100 old and no longer counts.
  }
  clock.now += 50;
  table.fail("a");
  clock.now += 99;
  table.fail("a");
  assertEquals(table.fail("a")?.failures, 3);
});

Deno.test("FailureTable.remaining() decreases to 0", () => {
  const { table, clock } = tableAt();
  failUntilBanned(table, "a");
  clock.now += 9;
  assertEquals(table.remaining("a"), 1);
  clock.now += 1;
  assertEquals(table.remaining("a"), 0);
  clock.now += 1_000;
  assertEquals(table.remaining("a"), 0);
});

Deno.test("FailureTable doubles each ban up to the longest", () => {
  const { table, clock } = tableAt();
  const durations = Array.from({ length: 6 }, () => {
    const duration = failUntilBanned(table, "a");
    clock.now += duration;
    return duration;
  });
  assertEquals(durations, [10, 20, 40, 80, 80, 80]);
});

Deno.test("FailureTable halves the next ban for each quiet period of the longest ban", () => {
  const cases: [quiet: number, next: number][] = [
    [0, 40],
    [79, 40],
    [80, 20],
    [159, 20],
    [160, 10],
    [10_000, 10],
  ];
  for (const [quiet, next] of cases) {
    const { table, clock } = tableAt();
    clock.now += failUntilBanned(table, "a");
    clock.now += failUntilBanned(table, "a");
    clock.now += quiet;
    assertEquals(failUntilBanned(table, "a"), next, `${quiet}`);
  }
});

Deno.test("FailureTable.fail() bans immediately when isLast is set", () => {
  const { table } = tableAt();
  assertEquals(table.fail("a", true), { duration: 10, failures: 1 });
});

Deno.test("FailureTable.succeed() clears failures but not the level of the last ban", () => {
  const { table, clock } = tableAt();
  clock.now += failUntilBanned(table, "a");
  table.fail("a");
  table.fail("a");
  table.succeed("a");
  assertEquals(failUntilBanned(table, "a"), 20);
  table.succeed("a");
  assertEquals(table.remaining("a"), 20);
});

Deno.test("FailureTable.succeed() forgets a key that was never banned", () => {
  const { table } = tableAt();
  table.fail("a");
  table.succeed("a");
  table.succeed("b");
  assertEquals(table.size, 0);
});

Deno.test("FailureTable.lift() ends a ban and forgets the key", () => {
  const { table } = tableAt();
  failUntilBanned(table, "a");
  assertEquals(table.list(), [{ key: "a", remaining: 10, failed: 3 }]);
  assertEquals(table.lift("a"), true);
  assertEquals(table.lift("a"), false);
  assertEquals(table.lift("nobody"), false);
  assertEquals([table.remaining("a"), table.size], [0, 0]);
  assertEquals(failUntilBanned(table, "a"), 10);
});

Deno.test("FailureTable stays within its size when everyone fails", () => {
  const { table, clock } = tableAt(1_000);
  for (let n = 0; n < 100_000; n++) {
    table.fail(`${n}`);
    clock.now += 0.0001;
    assert(table.size <= 1_000);
  }
});

Deno.test("FailureTable keeps bans and repeated failures before single ones", () => {
  const { table, clock } = tableAt(100);
  for (let n = 0; n < 20; n++) table.fail(`banned ${n}`, true);
  for (let n = 0; n < 20; n++) {
    table.fail(`twice ${n}`);
    table.fail(`twice ${n}`);
  }
  for (let n = 0; n < 1_000; n++) {
    clock.now += 0.001;
    table.fail(`once ${n}`);
  }
  for (let n = 0; n < 20; n++) {
    assert(table.remaining(`banned ${n}`) > 0, `${n}`);
    assertEquals(table.fail(`twice ${n}`)?.failures, 3, `${n}`);
  }
});

Deno.test("FailureTable holds one key when its size is 1", () => {
  const { table } = tableAt(1);
  for (let n = 0; n < 5; n++) table.fail(`${n}`, true);
  assertEquals([table.size, table.remaining("4")], [1, 10]);
});

Deno.test("FailureTable removes entries without an effect", () => {
  const { table, clock } = tableAt(100);
  for (let n = 0; n < 50; n++) table.fail(`banned ${n}`, true);
  for (let n = 0; n < 50; n++) table.fail(`once ${n}`);
  assertEquals(table.size, 100);
  clock.now += 10 + 80; // The ban, and the quiet time that undoes the doubling.
  clock.now += 10; // The window.
  table.fail("new");
  assertEquals(table.size, 1);
});
