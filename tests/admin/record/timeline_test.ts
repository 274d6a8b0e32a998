import { assertEquals } from "@std/assert";
import {
  PointRing,
  SERIES,
  type Step,
  Timeline,
} from "../../../lib/admin/record/timeline.ts";
import { TimeHistogram } from "../../../lib/admin/record/time_histogram.ts";

const STEP = 5_000;

const START = 1_700_000_000_000;

function step(given: Partial<Step> = {}): Step {
  return {
    elapsed: STEP,
    ...{ sent: 0, received: 0, opened: 0, ended: 0, failed: 0, refused: 0 },
    dial: new TimeHistogram().counts,
    resolve: new TimeHistogram().counts,
    ...given,
  };
}

function times(...milliseconds: number[]): Uint32Array {
  const all = new TimeHistogram();
  for (const one of milliseconds) all.add(one);
  return all.counts;
}

const end = (at: number, open = 0) => ({ at, open, memory: 100 });

/** Adds ordinary steps. */
function fill(history: Timeline, count: number): void {
  for (let n = 1; n <= count; n++) history.add(step(), end(START + n * STEP));
}

Deno.test("Timeline.add() computes the rates and percentiles of a step", () => {
  const history = new Timeline({ now: START, step: STEP });
  const point = history.add(
    step({
      ...{ sent: 500, received: 5_000, opened: 10, ended: 5, failed: 1 },
      dial: times(...Array(19).fill(10), 400),
    }),
    end(START + STEP, 7),
  )!;
  const { dialP50, dialP95, ...rest } = point;
  assertEquals(rest, {
    at: START + STEP,
    ...{ up: 100, down: 1_000, opened: 2, ended: 1, failed: 0.2, refused: 0 },
    ...{ open: 7, resolveP50: null, resolveP95: null, memory: 100 },
  });
  assertEquals([Math.round(dialP50!), Math.round(dialP95!)], [10, 10]);
});

Deno.test("Timeline begins with the program, and keeps an hour", () => {
  const history = new Timeline({ now: START, step: STEP });
  assertEquals(history.hour(0).at, []);
  fill(history, 721);
  const { at, series } = history.hour(0);
  assertEquals([at.length, at[0], at.at(-1)], [
    720,
    START + 2 * STEP,
    START + 721 * STEP,
  ]);
  assertEquals(Object.keys(series).toSorted(), [...SERIES].toSorted());
  assertEquals(history.hour(START + 700 * STEP).at.length, 21);
});

Deno.test("Timeline.day() has a point of twelve steps", () => {
  const history = new Timeline({ now: START, step: STEP });
  for (let n = 1; n <= 24; n++) {
    const isFirst = n <= 12;
    history.add(
      step({ sent: isFirst ? 600 : 0, resolve: times(isFirst ? 1 : 100) }),
      end(START + n * STEP, n),
    );
  }
  const { at, series } = history.day(0);
  assertEquals([history.longStep, at], [60_000, [
    START + 60_000,
    START + 120_000,
  ]]);
  assertEquals([series.up, series.open], [[120, 0], [12, 24]]);
  assertEquals(series.resolveP95.map((time) => Math.round(time!)), [1, 103]);
  assertEquals(series.dialP50, [null, null]);
});

Deno.test("Timeline.add() leaves a gap when the machine was suspended", () => {
  const history = new Timeline({ now: START, step: STEP });
  fill(history, 2);
  // A suspended machine: its clock advanced, the process time did not.
  const later = START + 3_600_000;
  assertEquals(history.add(step({ sent: 9 }), end(later)), undefined);
  history.add(step({ sent: 500 }), end(later + STEP));
  const { at, series } = history.hour(0);
  assertEquals(at, [
    START + STEP,
    START + 2 * STEP,
    START + 3 * STEP,
    later + STEP,
  ]);
  assertEquals(series.up, [0, 0, null, 100]);
  assertEquals(series.open, [0, 0, null, 0]);
  assertEquals(history.day(0).series.up, [null]);
});

Deno.test("Timeline.add() leaves a gap when the process was stopped", () => {
  const history = new Timeline({ now: START, step: STEP });
  fill(history, 1);
  const stopped = step({ elapsed: 60_000 });
  assertEquals(history.add(stopped, end(START + STEP + 60_000)), undefined);
  assertEquals(history.hour(0).series.up, [0, null]);
});

Deno.test("Timeline drops later points when the clock is set back", () => {
  const history = new Timeline({ now: START, step: STEP });
  fill(history, 10);
  history.add(step({ sent: 500 }), end(START + 4 * STEP + 1));
  const { at, series } = history.hour(0);
  assertEquals(at.length, 5);
  assertEquals(at, at.toSorted((a, b) => a - b));
  assertEquals(series.up.at(-1), 100);
});

Deno.test("PointRing stays at its size", () => {
  const ring = new PointRing(3);
  for (let at = 1; at <= 10; at++) ring.addGap(at);
  assertEquals([ring.length, ring.read(0).at], [3, [8, 9, 10]]);
  ring.addGap(9);
  assertEquals(ring.read(0).at, [8, 9]);
  for (const at of [10, 11]) ring.addGap(at);
  assertEquals(ring.read(0).at, [9, 10, 11]);
});
