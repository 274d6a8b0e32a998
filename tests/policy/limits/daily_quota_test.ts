import { assertEquals, assertThrows } from "@std/assert";
import { DailyQuota } from "../../../lib/policy/limits/daily_quota.ts";

/** A clock that stands at a given time. */
function clockAt(text: string) {
  let time = Date.parse(text);
  return { now: () => time, set: (text: string) => time = Date.parse(text) };
}

Deno.test("DailyQuota.refusal() returns a refusal when a user's bytes are used up", () => {
  const { now } = clockAt("2030-05-01T12:00:00Z");
  const quota = new DailyQuota(10_000_000_000, { now });
  quota.add("alice", 9_999_999_999);
  assertEquals(quota.refusal("alice"), undefined);
  quota.add("alice", 1);
  const { kind, limit, message } = quota.refusal("alice")!;
  assertEquals([kind, limit, message], [
    "limit reached",
    "quota",
    "The daily quota of 10 GB for alice is used up until 00:00 UTC",
  ]);
  assertEquals(quota.refusal("bob"), undefined);
});

Deno.test("DailyQuota starts again at midnight of its zone", () => {
  const cases = [
    { zone: "UTC", before: "2030-05-01T23:59:59Z", after: "2030-05-02T00:00Z" },
    {
      zone: "Europe/Berlin", // Two hours ahead in summer.
      before: "2030-05-01T21:59:59Z",
      after: "2030-05-01T22:00Z",
    },
    {
      zone: "America/New_York",
      before: "2030-01-02T04:59:59Z",
      after: "2030-01-02T05:00Z",
    },
  ];
  for (const { zone, before, after } of cases) {
    const clock = clockAt(before);
    const quota = new DailyQuota(100, { zone, now: clock.now });
    quota.add("alice", 100);
    assertEquals(
      quota.state.day,
      zone === "UTC" || zone === "Europe/Berlin" ? "2030-05-01" : "2030-01-01",
    );
    assertEquals(
      quota.refusal("alice")?.message,
      `The daily quota of 100 B for alice is used up until 00:00 ${zone}`,
    );
    clock.set(after);
    assertEquals(quota.refusal("alice"), undefined, zone);
    assertEquals(quota.state.bytes, {});
  }
});

Deno.test("DailyQuota.restore() continues the same day and ignores another", () => {
  const { now } = clockAt("2030-05-01T12:00:00Z");
  const bytes = { alice: 60, __proto__: 1, constructor: 5 };
  const before = new DailyQuota(100, { now });
  before.restore({ day: "2030-05-01", bytes });
  before.add("alice", 39);
  const after = new DailyQuota(100, { now });
  after.restore(JSON.parse(JSON.stringify(before.state)));
  assertEquals(after.refusal("alice"), undefined);
  after.add("alice", 1);
  assertEquals(after.refusal("alice")?.limit, "quota");
  const other = new DailyQuota(100, { now });
  other.restore({ ...after.state, day: "2030-04-30" });
  assertEquals(other.state, { day: "2030-05-01", bytes: {} });
});

Deno.test("DailyQuota.state() keeps users with any name", () => {
  const quota = new DailyQuota(100);
  const names = ["__proto__", "constructor", "ä b", '"', ""];
  for (const [n, name] of names.entries()) quota.add(name, n + 1);
  const copy = new DailyQuota(100);
  copy.restore(JSON.parse(JSON.stringify(quota.state)));
  assertEquals(
    Object.entries(copy.state.bytes),
    names.map((name, n) => [name, n + 1]),
  );
});

Deno.test("DailyQuota.revision() changes with every count", () => {
  const clock = clockAt("2030-05-01T12:00:00Z");
  const quota = new DailyQuota(100, clock);
  const { revision } = quota;
  quota.add("alice", 0);
  quota.refusal("alice");
  assertEquals(quota.revision, revision);
  quota.add("alice", 1);
  assertEquals(quota.revision, revision + 1);
});

Deno.test("DailyQuota refuses an unknown zone", () => {
  assertThrows(() => new DailyQuota(1, { zone: "Mars/Phobos" }), RangeError);
});

Deno.test("DailyQuota gives nobody a second quota when the clock is set back over midnight", () => {
  const clock = clockAt("2030-05-02T00:05:00Z");
  const quota = new DailyQuota(100, { now: clock.now });
  quota.add("alice", 100);
  clock.set("2030-05-01T23:50:00Z");
  assertEquals(quota.refusal("alice")?.limit, "quota");
  const restarted = new DailyQuota(100, { now: clock.now });
  restarted.restore(quota.state);
  assertEquals(restarted.refusal("alice")?.limit, "quota");
  clock.set("2030-05-02T23:59:00Z");
  assertEquals(restarted.refusal("alice")?.limit, "quota");
  clock.set("2030-05-03T00:00:00Z");
  assertEquals(restarted.refusal("alice"), undefined);
});

Deno.test("DailyQuota accepts a clock that is set back by days", () => {
  const clock = clockAt("2036-01-01T00:00:00Z");
  const quota = new DailyQuota(100, { now: clock.now });
  quota.add("alice", 100);
  clock.set("2030-05-01T12:00:00Z");
  assertEquals(quota.refusal("alice"), undefined);
  assertEquals(quota.state, { day: "2030-05-01", bytes: {} });
});
