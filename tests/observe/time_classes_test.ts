import { assertEquals } from "@std/assert";
import {
  addTimes,
  CLASS_ENDS,
  TimeClasses,
} from "../../lib/observe/time_classes.ts";

Deno.test("TimeClasses.add() counts a time in the first class that contains it", () => {
  for (const [index, end] of CLASS_ENDS.entries()) {
    const classes = new TimeClasses();
    classes.add(end);
    classes.add(end + 0.25);
    const { counts, sum } = classes.counted;
    assertEquals(counts.indexOf(1), index);
    assertEquals([counts[index], counts[index + 1]], [1, 1]);
    assertEquals(sum, end + end + 0.25);
  }
});

Deno.test("addTimes() adds up every class", () => {
  const [one, other] = [new TimeClasses(), new TimeClasses()];
  for (const time of [0, 3, 99_999]) one.add(time);
  for (const time of [3, 4]) other.add(time);
  const { counts, sum } = addTimes(one.counted, other.counted);
  assertEquals(sum, 100_009);
  assertEquals([counts[0], counts[3], counts.at(-1)], [1, 3, 1]);
  assertEquals(counts.length, CLASS_ENDS.length + 1);
});
