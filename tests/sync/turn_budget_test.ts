import { assertEquals } from "@std/assert";
import { TurnBudget } from "../../lib/sync/turn_budget.ts";

Deno.test("TurnBudget.spend() waits for a turn of the event loop when the budget is used up", async () => {
  const budget = new TurnBudget(10);
  assertEquals(budget.spend(4), undefined);
  assertEquals(budget.spend(5), undefined);
  let hasTurned = false;
  setTimeout(() => hasTurned = true, 0);
  const wait = budget.spend(1);
  assertEquals(budget.spend(100), wait, "one turn for all who wait");
  await wait;
  assertEquals(hasTurned, true);
  assertEquals(budget.spend(9), undefined);
  await budget.spend(1);
});
