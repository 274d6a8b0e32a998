import { assertEquals, assertRejects } from "@std/assert";
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
  const accepting = listener.accept();
  using near = await Deno.connect({
    hostname: "127.0.0.1",
    port: listener.addr.port,
  });
  using far = await accepting;
  const work = async (name: string) => {
    await turns.take(new Context());
    // Sent at once, and read as soon as the event loop looks at sockets.
    void near.write(new Uint8Array(1));
    const end = performance.now() + 30;
    while (performance.now() < end); // Lasts longer than the pause.
    order.push(name);
  };
  const hear = async () => {
    assertEquals(await far.read(new Uint8Array(1)), 1);
    order.push("socket");
  };
  await Promise.all([hear(), work("first"), work("second")]);
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
