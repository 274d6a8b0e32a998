import { assertEquals } from "@std/assert";
import { UpstreamHealth } from "../../../lib/policy/limits/upstream_health.ts";

/** A health with a clock that the test sets. */
function healthAt(options: { rise?: number; fall?: number } = {}) {
  const clock = { now: 0 };
  const health = new UpstreamHealth({
    ...options,
    retryAfter: 1000,
    now: () => clock.now,
  });
  return { clock, health };
}

Deno.test("UpstreamHealth starts as up", () => {
  const { health } = healthAt();
  assertEquals(health.isUp, true);
  assertEquals(health.upSince, -Infinity);
});

Deno.test("UpstreamHealth.fail() takes an upstream down after enough failures in a row", () => {
  const { health } = healthAt({ fall: 3 });
  assertEquals([health.fail(), health.fail()], [false, false]);
  assertEquals(health.succeed(), false);
  assertEquals([health.fail(), health.fail()], [false, false]);
  assertEquals(health.isUp, true);
  assertEquals(health.fail(), true);
  assertEquals(health.isUp, false);
  assertEquals(health.fail(), false);
});

Deno.test("UpstreamHealth.succeed() brings an upstream up after enough successes in a row", () => {
  const { clock, health } = healthAt({ rise: 2, fall: 1 });
  health.fail();
  assertEquals(health.succeed(), false);
  health.fail();
  assertEquals(health.succeed(), false);
  clock.now = 5;
  assertEquals(health.succeed(), true);
  assertEquals(health.isUp, true);
  assertEquals(health.upSince, 5);
  assertEquals(health.succeed(), false);
});

Deno.test("UpstreamHealth.mayTry() allows one client to try from time to time", () => {
  const { clock, health } = healthAt({ fall: 1 });
  health.fail();
  assertEquals(health.mayTry(), false);
  clock.now = 999;
  assertEquals(health.mayTry(), false);
  clock.now = 1000;
  assertEquals(health.mayTry(), true);
  assertEquals(health.mayTry(), false);
  clock.now = 2000;
  assertEquals(health.mayTry(), true);
});

Deno.test("UpstreamHealth.mayTry() allows the next client immediately after a success", () => {
  const { clock, health } = healthAt({ rise: 2, fall: 1 });
  health.fail();
  clock.now = 1000;
  assertEquals([health.mayTry(), health.mayTry()], [true, false]);
  assertEquals(health.succeed(), false);
  assertEquals(health.mayTry(), true);
  assertEquals(health.succeed(), true);
});

Deno.test("UpstreamHealth.mayTry() allows the next client after a try without a result", () => {
  const { clock, health } = healthAt({ fall: 1 });
  health.fail();
  clock.now = 1000;
  assertEquals([health.mayTry(), health.mayTry()], [true, false]);
  health.abstain();
  assertEquals([health.isUp, health.mayTry(), health.mayTry()], [
    ...[false, true, false],
  ]);
});

Deno.test("UpstreamHealth.mayTry() refuses clients when health checks decide", () => {
  const health = new UpstreamHealth({ rise: 2, fall: 1, retryAfter: Infinity });
  health.fail();
  assertEquals(health.mayTry(), false);
  health.succeed();
  health.abstain();
  assertEquals(health.mayTry(), false);
});
