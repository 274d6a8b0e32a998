import { assert, assertEquals } from "@std/assert";
import { Blocks, BlockSum } from "../../../lib/admin/record/blocks.ts";
import type { Recorded } from "../../../lib/admin/record/event_sum.ts";

const MINUTE = 60_000;

const HOUR = 60 * MINUTE;

const START = 1_700_000_000_000;

/** A record of some users. */
function recorded(users: Record<string, number>): Recorded {
  const sum = new BlockSum(START);
  for (const [user, bytes] of Object.entries(users)) {
    sum.rankings.user.add(user, bytes, 1);
    sum.bytes += bytes;
    sum.connections++;
    sum.results.ok++;
    sum.dial.add(10);
  }
  return sum.seal(Infinity);
}

/** Adds the same record each minute. */
function fill(blocks: Blocks, minutes: number, users = { alice: 1 }): number {
  let now = START;
  for (let n = 1; n <= minutes; n++) {
    now = START + n * MINUTE;
    blocks.add(recorded(users), now);
  }
  return now;
}

Deno.test("Blocks.sum() adds up all blocks since the start", () => {
  const blocks = new Blocks(START);
  const now = START + 5_000;
  blocks.add(recorded({ alice: 5, bob: 7 }), now);
  for (const range of [5 * MINUTE, HOUR, 24 * HOUR]) {
    const sum = blocks.sum(range, now);
    assertEquals([sum.from, sum.to, sum.bytes, sum.connections], [
      START,
      now,
      12,
      2,
    ]);
    assertEquals(sum.rankings.user.top("bytes", 1)[0]!.key, "bob");
    assertEquals([sum.results.ok, sum.dial.total], [2, 2]);
  }
});

Deno.test("Blocks.sum() covers its range and little more, at any time", () => {
  const ranges = [[5 * MINUTE, MINUTE], [HOUR, 5 * MINUTE], [24 * HOUR, HOUR]];
  for (const minutes of [3, 5, 6, 59, 60, 61, 66, 125, 1_505]) {
    const blocks = new Blocks(START);
    const now = fill(blocks, minutes);
    for (const [range, most] of ranges as [number, number][]) {
      const sum = blocks.sum(range, now);
      const covered = now - sum.from;
      const elapsed = now - START;
      assert(covered >= Math.min(range, elapsed), `${minutes} ${range}`);
      assert(covered <= range + most, `${minutes} ${range} ${covered}`);
      // Every minute of it is counted once.
      assertEquals(sum.bytes, covered / MINUTE);
      assertEquals(sum.rankings.user.top("bytes", 1)[0]!.bytes, sum.bytes);
    }
  }
});

Deno.test("Blocks.sum() leaves out old blocks after a suspension", () => {
  const blocks = new Blocks(START);
  fill(blocks, 3);
  const later = START + 10 * HOUR;
  blocks.add(recorded({ bob: 1 }), later);
  const users = (range: number) =>
    blocks.sum(range, later).rankings.user.top("bytes", 9)
      .map(({ key }) => key);
  assertEquals(users(24 * HOUR), ["alice", "bob"]);
  assertEquals(users(HOUR), ["bob"]);
});

Deno.test("Blocks keeps working when the clock is set back", () => {
  const blocks = new Blocks(START);
  fill(blocks, 2);
  const before = START - HOUR;
  blocks.add(recorded({ bob: 1 }), before);
  blocks.add(recorded({ bob: 1 }), before + 5_000);
  const users = blocks.sum(5 * MINUTE, before + 5_000).rankings.user;
  assertEquals(
    users.top("bytes", 9).map(({ key }) => key).includes("bob"),
    true,
  );
});

Deno.test("Blocks stays small with any keys", () => {
  const blocks = new Blocks(START);
  let serial = 0;
  for (let minute = 1; minute <= 35; minute++) {
    const sum = new BlockSum(START);
    for (const ranking of ["user", "client", "target", "missed"] as const) {
      for (let n = 0; n < 1_000; n++) {
        sum.rankings[ranking].add(`${"x".repeat(90)}${serial++}`, n, 1);
      }
      sum.rankings[ranking].add("the largest", 1_000_000, 1_000);
    }
    blocks.add(sum.seal(1_000), START + minute * MINUTE);
    assert(blocks.size <= 5_000_000);
  }
  const now = START + 35 * MINUTE;
  const [largest] = blocks.sum(24 * HOUR, now).rankings.user.top("bytes", 1);
  assertEquals(largest!.key, "the largest");
  const exact = 1_000_000 * 35;
  assert(largest!.bytes >= exact);
  assert(largest!.bytes - largest!.bytesError <= exact);
  assert(largest!.bytesError < exact / 100, `${largest!.bytesError}`);
});
