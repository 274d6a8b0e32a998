import { assert, assertEquals, assertRejects } from "@std/assert";
import { Context } from "../../lib/sync/context.ts";
import { SpacedTurns } from "../../lib/sync/spaced_turns.ts";

Deno.test("SpacedTurns.take() grants the first turn without a timer", async () => {
  using turns = new SpacedTurns();
  let isOver = false;
  const timer = setTimeout(() => isOver = true, 0);
  await turns.take(new Context());
  assertEquals(isOver, false);
  clearTimeout(timer);
});

Deno.test("SpacedTurns.take() lets timers and sockets run between two turns", async () => {
  using turns = new SpacedTurns();
  const order: string[] = [];
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const work = async (name: string) => {
    await turns.take(new Context());
    const end = performance.now() + 30;
    while (performance.now() < end); // Lasts longer than the pause.
    await null;
    order.push(name);
  };
  const work1 = work("first");
  const work2 = work("second");
  const dial = async () => {
    await work1;
    using _ = await Deno.connect({
      hostname: "127.0.0.1",
      port: listener.addr.port,
    });
    using conn = await listener.accept();
    assert(conn.remoteAddr.port > 0);
    order.push("socket");
  };
  await Promise.all([work2, dial()]);
  assertEquals(order, ["first", "socket", "second"]);
});

Deno.test("SpacedTurns.take() throws for a cancelled caller, and serves the next one", async () => {
  using turns = new SpacedTurns();
  const context = new Context();
  await turns.take(context);
  const cancelled = Array.from({ length: 1_000 }, () => turns.take(context));
  const last = turns.take(new Context());
  context.cancel(new Error("over"));
  for (const taking of cancelled) {
    await assertRejects(() => taking, Error, "over");
  }
  await last;
});
