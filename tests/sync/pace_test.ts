import { assert, assertEquals } from "@std/assert";
import { Pace } from "../../lib/sync/pace.ts";
import { Rate } from "../../lib/sync/rate.ts";
import { within } from "../support/sockets.ts";

Deno.test("Pace.isOpen follows the slowest rate", async () => {
  const slow = new Rate(100_000);
  const fast = new Rate(10_000_000);
  const pace = new Pace([slow, fast]);
  assertEquals(pace.piece, slow.piece);
  assert(pace.isOpen);
  pace.charge(11_000); // A debt of 10 ms of the slow rate.
  assert(!pace.isOpen && fast.isOpen);
  const started = performance.now();
  await within(5_000, pace.wait());
  assert(performance.now() - started >= 9);
});

Deno.test("Pace.wait() waits for one rate after the other", async () => {
  const rates = [new Rate(1_000_000), new Rate(1_000_000)];
  const pace = new Pace(rates);
  pace.charge(110_000);
  const waiting = pace.wait();
  assertEquals(rates.map((rate) => rate.waiting), [1, 0]);
  await within(5_000, waiting);
  assert(pace.isOpen);
  assertEquals(rates.map((rate) => rate.waiting), [0, 0]);
});

Deno.test("Pace.release() ends the wait for any of the rates", async () => {
  for (const debts of [[1, 0], [0, 1], [1, 1]]) {
    const rates = debts.map((debt) => {
      const rate = new Rate(1_000);
      rate.charge(debt * 1_000_000);
      return rate;
    });
    const pace = new Pace(rates);
    const waiting = pace.wait();
    pace.release();
    pace.release();
    await within(5_000, waiting);
    assertEquals(rates.map((rate) => rate.waiting), [0, 0]);
  }
});

Deno.test("Pace.admitDatagram() charges all rates or none", () => {
  const now = () => 0;
  const narrow = new Rate(10_000, { now });
  const wide = new Rate(1_000_000, { now });
  const pace = new Pace([wide, narrow]);
  let passed = 0;
  while (pace.admitDatagram(1_000)) passed++;
  assertEquals(passed, 3, "the least burst is 2,048");
  let left = 0;
  while (wide.admits(1_000)) {
    wide.chargeDatagram(1_000);
    left++;
  }
  assertEquals(left, 97);
});
