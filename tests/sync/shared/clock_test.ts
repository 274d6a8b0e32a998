import { assertLess } from "@std/assert";
import { clockLead, sharedClock } from "../../../lib/sync/shared/clock.ts";

/** Milliseconds that two readings may take on a busy machine. */
const SLACK = 200;

function assertNear(one: number, other: number): void {
  assertLess(Math.abs(one - other), SLACK);
}

Deno.test("sharedClock() shows the system's time where nobody has set it", () => {
  assertNear(sharedClock(clockLead())(), Date.now());
});

Deno.test("sharedClock() follows a thread that began before the clock was set", () => {
  const hour = 3_600_000;
  // The other thread's clock shows an hour less than the system's does now.
  const now = sharedClock(clockLead() + hour);
  assertNear(now(), Date.now() - hour);
});
