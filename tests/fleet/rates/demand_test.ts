import { assertEquals } from "@std/assert";
import { Demand } from "../../../lib/fleet/rates/demand.ts";

Deno.test("Demand begins with a quarter, and follows what is carried", () => {
  const demand = new Demand(0, 0, 1_600);
  assertEquals(demand.bytes, 400);
  demand.look(100, 1_000, 1_600, false);
  assertEquals(Math.round(demand.bytes), 110);
  demand.look(300, 2_000, 1_600, false);
  assertEquals(Math.round(demand.bytes), 220);
  demand.look(300, 3_000, 1_600, false); // A pause does not count yet.
  assertEquals(Math.round(demand.bytes), 220);
  demand.look(300, 4_000, 1_600, false);
  assertEquals(demand.bytes, 0);
});

Deno.test("Demand doubles while somebody waits, up to the rate", () => {
  const demand = new Demand(0, 0, 1_600);
  demand.look(0, 1_000, 1_600, true);
  assertEquals(demand.bytes, 100);
  demand.look(500, 2_000, 1_600, true);
  assertEquals(demand.bytes, 1_000);
  demand.look(1_500, 3_000, 1_600, true);
  assertEquals(demand.bytes, 1_600);
});
