import { assert, assertEquals } from "@std/assert";
import { tick, topState, topTunnel } from "../support/top.ts";

function lost(hasEnded: boolean) {
  return { is: "lost", why: "refused", retryAt: 0, hasEnded } as const;
}

Deno.test("ServerState.onState() remembers that the server has ended", () => {
  const state = topState([topTunnel(1)]);
  const hasEnded = () => state.stream.is === "lost" && state.stream.hasEnded;
  state.onState(lost(false));
  assertEquals(hasEnded(), false);
  state.onState(lost(true));
  state.onState({ is: "connecting" });
  state.onState(lost(false));
  assertEquals(hasEnded(), true);
  state.onState({ is: "live" });
  state.onState(lost(false));
  assertEquals(hasEnded(), false);
});

Deno.test("ServerState.onEvent() follows the status and the tunnels", async () => {
  const state = topState([topTunnel(1), topTunnel(2)], { open: 2 });
  tick(state, {
    status: { ...state.status!, open: 1 },
    opened: [topTunnel(3)],
    gone: [1, 2],
  });
  assertEquals([state.status!.open, state.status!.version], [1, "1.2.3"]);
  assertEquals([...state.list.open.keys()], [3]);
  const row = state.list.open.get(3)!;
  await state.onEvent({ name: "unknown to this version", data: "no JSON" });
  await state.onEvent({ name: "end", data: "{}" });
  assert(row.isGone);
});

Deno.test("ServerState.onEvent() keeps no ended tunnels", () => {
  const state = topState([topTunnel(1)]);
  const { startedAt } = topTunnel(1);
  tick(state, {
    gone: [1],
    closed: [{
      ...topTunnel(1),
      ...{ endedAt: startedAt, result: "ok", code: "closed", reason: "done" },
    }],
  });
  assertEquals(state.list.closed.rows.length, 0);
});

Deno.test("ServerState.status counts the uptime itself", () => {
  const state = topState([]);
  const { uptimeMs } = state.status!;
  assert(uptimeMs >= 3 * 86_400_000 && uptimeMs < 4 * 86_400_000);
});

Deno.test("ServerState.opened counts new connections by the server's clock", () => {
  const state = topState([], { total: 100 });
  const tell = (at: number, total: number) => {
    tick(state, { at, status: { ...state.status!, total } });
    return state.opened;
  };
  assertEquals(tell(10_000, 104), 4); // A tick is usually a second.
  assertEquals(tell(12_000, 110), 3);
  assertEquals(tell(13_000, 110), 0);
  assertEquals(tell(14_000, 5), 0); // A worker that has ended is not counted.
});
