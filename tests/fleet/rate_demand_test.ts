import { assertEquals } from "@std/assert";
import { Demand } from "../../lib/fleet/rate_demand.ts";

const RATE = 1_600;

/** Looks once a second, at a node that has the whole rate. */
function lookEachSecond(demand: Demand) {
  let now = 0;
  return (carried: number, waited = false, part = RATE) => {
    demand.look({ carried, now: now += 1_000, rate: RATE, waited, part });
    return Math.round(demand.bytes);
  };
}

Deno.test("Demand begins with a quarter, and follows the mean use", () => {
  const demand = new Demand(0, 0, RATE);
  assertEquals(demand.bytes, 400);
  const look = lookEachSecond(demand);
  assertEquals(look(100), 100);
  assertEquals(look(300), 125);
  assertEquals(look(300), 94); // A pause makes it smaller,
  assertEquals(look(300), 0); // and two pauses end it.
});

Deno.test("Demand doubles while a full part is too small, up to the rate", () => {
  const look = lookEachSecond(new Demand(0, 0, RATE));
  assertEquals(look(0, true, 0), 100);
  assertEquals(look(100, true, 100), 200);
  assertEquals(look(600, true, 500), 1_000);
  assertEquals(look(1_600, true, 1_000), RATE);
});

Deno.test("Demand does not grow while a part is not full, though chunks wait", () => {
  const look = lookEachSecond(new Demand(0, 0, RATE));
  assertEquals(look(100, true, 120), 100);
  assertEquals(look(200, true, 120), 100);
});
