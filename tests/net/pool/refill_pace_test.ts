import { assertEquals } from "@std/assert";
import { RefillPace, type Trouble } from "../../../lib/net/pool/refill_pace.ts";

/** A pace whose clock, timers and jitter are in the test's hand. */
function startPace(random = 0.5) {
  const done: string[] = [];
  let now = 0;
  let waiting: { pause: number; then: () => void } | undefined;
  const pace = new RefillPace({
    fill: () => done.push("fill"),
    tryOne: () => done.push("try"),
  }, {
    now: () => now,
    random: () => random,
    wait(pause, then) {
      const own = waiting = { pause, then };
      return {
        clear() {
          if (waiting === own) waiting = undefined;
        },
      };
    },
  });
  return {
    pace,
    /** What it had the pool do. */
    done,
    /** Sets the clock. */
    at(time: number) {
      now = time;
    },
    /** Lets the pause pass, and gives its length; nothing where there is none. */
    pass(): number | undefined {
      const passed = waiting;
      waiting = undefined;
      passed?.then();
      return passed?.pause;
    },
  };
}

Deno.test("RefillPace pauses for longer each time, until a trial stays", () => {
  const { done, pace, pass } = startPace();
  pace.backOff("failed");
  assertEquals(pace.mayFill, false);
  for (const pause of [100, 200, 400]) {
    assertEquals(pass(), pause);
    pace.backOff("failed"); // What was on its way changes nothing.
    assertEquals(pass(), undefined);
    pace.tried("failed");
  }
  assertEquals(pass(), 800);
  assertEquals(done, ["try", "try", "try", "try"]);
  pace.tried();
  assertEquals([pace.mayFill, done.at(-1)], [true, "fill"]);
  pace.backOff("failed");
  assertEquals(pass(), 100);
});

Deno.test("RefillPace.hint() begins a trial after failures", () => {
  const { done, pace, pass } = startPace();
  pace.hint();
  assertEquals(done, []);
  pace.backOff("failed");
  pace.hint();
  pace.hint();
  assertEquals(done, ["try"]);
  assertEquals(pass(), undefined);
});

Deno.test("RefillPace first pauses for a second when connections end together", () => {
  const { at, done, pace, pass } = startPace();
  for (let left = 15; left >= 8; left--) { // Half of 16, and no more.
    at(100 * (15 - left) / 2);
    assertEquals([pace.lose(left), pace.mayFill], [false, false]);
  }
  assertEquals(pace.lose(7), true);
  pace.hint(); // That a server accepts does not tell that it has restarted.
  pace.backOff("failed");
  assertEquals(done, []);
  assertEquals(pass(), 1_000);
  pace.tried("ended");
  assertEquals(pass(), 2_000);
  pace.tried("failed"); // It listens no more: that is soon asked again.
  assertEquals(pass(), 100);
  assertEquals(done, ["try", "try", "try"]);
});

Deno.test("RefillPace refills when one of many has ended", () => {
  const { at, done, pace, pass } = startPace();
  assertEquals([pace.lose(2), pace.mayFill], [false, false]);
  assertEquals(pass(), 500);
  assertEquals([pace.mayFill, done.join()], [true, "fill"]);
  at(501);
  assertEquals(pace.lose(2), false); // Not together with the first.
});

Deno.test("RefillPace takes the end of the only one for a restart", () => {
  const { pace, pass } = startPace();
  assertEquals(pace.lose(0), true);
  assertEquals(pass(), 1_000);
});

Deno.test("RefillPace never pauses for more than ten seconds and a quarter of it", () => {
  for (const [random, most] of [[0, 7_500], [0.5, 10_000], [1, 12_500]]) {
    const { pace, pass } = startPace(random);
    pace.lose(0);
    const pauses = Array.from({ length: 20 }, () => {
      const pause = pass()!;
      pace.tried("ended");
      return pause;
    });
    assertEquals(Math.max(...pauses), most);
    assertEquals(pauses.at(-1), most);
  }
});

Deno.test("RefillPace doubts a connection parked soon after a restart, for as long as that was ago", () => {
  const { at, pace } = startPace();
  at(100_000);
  assertEquals([pace.isDoubtful(0), pace.hasEndedSince(0)], [false, false]);
  pace.lose(0);
  assertEquals(pace.hasEndedSince(99_999), true);
  assertEquals(pace.hasEndedSince(100_001), false);
  const cases: [parkedAt: number, now: number, isDoubtful: boolean][] = [
    [102_000, 103_999, false],
    [102_000, 104_000, true],
    [130_000, 159_999, false],
    [130_000, 160_000, true],
    [160_000, 900_000, false],
    [99_000, 900_000, false],
  ];
  for (const [parkedAt, now, expected] of cases) {
    at(now);
    assertEquals(pace.isDoubtful(parkedAt), expected, `${parkedAt} ${now}`);
  }
});

for (const trouble of ["failed", "ended"] satisfies Trouble[]) {
  Deno.test(`RefillPace doubts nothing where a first trial stays after one that ${trouble}`, () => {
    const { at, pace, pass } = startPace();
    at(1);
    pace.backOff(trouble);
    pass();
    pace.tried();
    at(10_000);
    assertEquals(pace.isDoubtful(2), false);
    pace.backOff(trouble);
    pass();
    pace.tried("failed");
    at(30_000);
    assertEquals(pace.isDoubtful(11_000), true);
  });
}

Deno.test("RefillPace.close() ends its pause", () => {
  const { done, pace, pass } = startPace();
  pace.backOff("failed");
  pace.close();
  pace.backOff("failed");
  pace.tried();
  assertEquals([pass(), pace.mayFill, done.length], [undefined, false, 0]);
});
