import { assertEquals } from "@std/assert";
import { follow, type StreamState } from "../../../lib/admin/client/live.ts";

/** Follows streams until a state is reached; returns all states. */
async function statesUntil(
  last: StreamState["is"],
  open: (limit: AbortSignal) => Promise<Response>,
): Promise<StreamState[]> {
  const over = new AbortController();
  const states: StreamState[] = [];
  const opener = {
    open: (_path: string, { limit }: { limit?: () => AbortSignal }) =>
      open(limit!()),
    describe: (error: unknown) => `described: ${error}`,
  };
  await follow(opener, {
    onEvent: () => Promise.resolve(),
    onState(state) {
      states.push(state);
      if (state.is === last) over.abort();
    },
  }, over.signal);
  return states;
}

Deno.test("follow() can be aborted in a pause, and uses the opener's words for failures", async () => {
  const states = await statesUntil(
    "lost",
    () => Promise.reject(new Error("no way")),
  );
  assertEquals(states.map(({ is }) => is), ["connecting", "lost"]);
  const [, lost] = states;
  assertEquals(lost?.is === "lost" && lost.why, "described: Error: no way");
});

Deno.test("follow() can be aborted during a stream", async () => {
  let limit: AbortSignal | undefined;
  const states = await statesUntil("live", (signal) => {
    limit = signal;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("event: a\ndata: 1\n\n"));
        signal.addEventListener("abort", () => controller.error(signal.reason));
      },
    });
    return Promise.resolve(new Response(body));
  });
  assertEquals(states.map(({ is }) => is), ["connecting", "live"]);
  assertEquals(limit!.aborted, true);
});

Deno.test("follow() does nothing when it is already aborted", async () => {
  const over = new AbortController();
  over.abort();
  await follow({ open: () => Promise.reject(new Error("not called")) }, {
    onEvent: () => Promise.resolve(),
    onState: () => {
      throw new Error("It has begun");
    },
  }, over.signal);
});
