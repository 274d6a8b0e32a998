import { assertEquals } from "@std/assert";
import { Progress } from "../../../lib/proxy/rules/progress.ts";

/** A progress with a clock that the test turns. */
function makeProgress() {
  let time = 0;
  const written: string[] = [];
  const progress = new Progress({
    output: {
      writeSync(bytes) {
        written.push(new TextDecoder().decode(bytes));
        return bytes.length;
      },
    },
    now: () => time,
  });
  const wait = (milliseconds: number) => time += milliseconds;
  return { progress, wait, written };
}

Deno.test("Progress shows twice a second how much was read", () => {
  const { progress, wait, written } = makeProgress();
  progress.total = 400;
  progress.add(100, 10);
  wait(499);
  progress.add(1, 11);
  assertEquals(written, []);
  wait(1);
  progress.add(99, 1234);
  progress.add(100, 1300);
  progress.total = undefined;
  wait(500);
  progress.add(700, 2000);
  progress.end();
  assertEquals(written, [
    "\r\x1b[K50 %, 1,234 lines",
    "\r\x1b[K1.0 kB, 2,000 lines",
    "\r\x1b[K",
  ]);
});

Deno.test("Progress of a short log leaves no trace", () => {
  const { progress, written } = makeProgress();
  progress.add(100, 10);
  progress.end();
  assertEquals(written, []);
});
