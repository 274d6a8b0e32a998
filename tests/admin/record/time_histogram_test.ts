import { assert, assertEquals } from "@std/assert";
import {
  CLASSES,
  TimeHistogram,
} from "../../../lib/admin/record/time_histogram.ts";
import { seededRandom } from "../../support/random.ts";

Deno.test("TimeHistogram.quantile() is within 5 % at any size", () => {
  for (const size of [0.1, 1, 7.3, 55, 1_000, 30_000, 120_000]) {
    const times = new TimeHistogram();
    for (let n = 0; n < 100; n++) times.add(size);
    for (const share of [0.01, 0.5, 0.95, 1]) {
      const found = times.quantile(share)!;
      assert(Math.abs(found / size - 1) < 0.05, `${size} ${found}`);
    }
  }
});

Deno.test("TimeHistogram.quantile() finds the percentiles of merged counts", () => {
  const random = seededRandom(1);
  const all = Array.from({ length: 5_000 }, () => 0.5 * 1_000 ** random());
  const [one, other] = [new TimeHistogram(), new TimeHistogram()];
  all.forEach((time, index) => (index % 3 === 0 ? one : other).add(time));
  one.merge(other.counts);
  all.sort((a, b) => a - b);
  assertEquals(one.total, all.length);
  for (const share of [0.5, 0.95, 0.99]) {
    const exact = all[Math.ceil(all.length * share) - 1]!;
    const found = one.quantile(share)!;
    assert(Math.abs(found / exact - 1) < 0.05, `${share} ${exact} ${found}`);
  }
});

Deno.test("TimeHistogram counts any duration, and has no percentiles without any", () => {
  const times = new TimeHistogram();
  assertEquals([times.quantile(0.5), times.total], [null, 0]);
  for (const time of [0, 1e-9, 1e9]) times.add(time);
  assertEquals([times.counts[0], times.counts[CLASSES - 1]], [2, 1]);
});
