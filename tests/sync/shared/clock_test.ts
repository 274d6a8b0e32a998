import { assertLess } from "@std/assert";
import { clockLead, sharedClock } from "../../../lib/sync/shared/clock.ts";

/** Milliseconds between two readings on a busy machine. */
const SLACK = 200;

function assertNear(one: number, other: number): void {
  assertLess(Math.abs(one - other), SLACK);
}

Deno.test("sharedClock() shows the system's time when nobody has set it", () => {
  assertNear(sharedClock(clockLead())(), Date.now());
});

Deno.test("sharedClock() follows a thread that started before the clock was set", () => {
  const hour = 3_600_000;
  // The other thread's clock is now an hour behind the system's.
  const now = sharedClock(clockLead() + hour);
  assertNear(now(), Date.now() - hour);
});
