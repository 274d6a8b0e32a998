import { assert, assertEquals } from "@std/assert";
import { FleetView } from "../../../lib/serve/counts/fleet_view.ts";
import { within } from "../../support/sockets.ts";

Deno.test("FleetView shows all threads whether Redis answers, and its time", () => {
  const memory = FleetView.memory("refuse");
  const [one, other] = [0, 1].map(() => new FleetView(memory, () => 1_000));
  assertEquals([other!.isUp, other!.now()], [false, 1_000]);
  one!.isUp = true;
  one!.addOffset(5_000.5);
  one!.addOffset(-1_000);
  assertEquals([other!.isUp, other!.now()], [true, 5_000.5]);
  assertEquals(other!.onLoss, "refuse");
});

Deno.test("FleetView.hurried() ends with a call of hurry(), also an earlier one, and with its time", async () => {
  const memory = FleetView.memory("keep");
  const [one, other] = [0, 1].map(() => new FleetView(memory, () => 0));
  const before = one!.hurries;
  const waiting = one!.hurried(before, 60_000);
  other!.hurry();
  await within(5_000, waiting);
  await within(5_000, one!.hurried(before, 60_000));
  assert(one!.hurries > before);
  await within(5_000, one!.hurried(one!.hurries, 10));
});
