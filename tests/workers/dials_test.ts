import { assertEquals, assertRejects } from "@std/assert";
import {
  dialCounts,
  passOnWhose,
  WorkerDials,
} from "../../lib/workers/dials.ts";
import type { FromWorker, ToWorker } from "../../lib/workers/message.ts";
import { WorkerEnded, type WorkerThread } from "../../lib/workers/thread.ts";

const ARRIVAL = { place: "127.0.0.1 1080", ends: "127.0.0.1 1 127.0.0.1 1080" };

type Ask = Pick<WorkerThread, "ask">;

/** A thread that answers every question with the same. */
function thread(answer: () => Promise<unknown>): Ask {
  return { ask: answer as Ask["ask"] };
}

/** Two threads, and a supervisor that asks others. */
function start(...others: Ask[]): WorkerDials {
  const dials: WorkerDials = new WorkerDials({
    counts: dialCounts(2),
    index: 0,
    tell(message: FromWorker) {
      const asker = {
        send: (answer: ToWorker) =>
          dials.answer(answer as Extract<ToWorker, { type: "trail" }>),
      };
      void passOnWhose(
        asker,
        message as Extract<FromWorker, { type: "whose" }>,
        others,
      );
    },
  });
  return dials;
}

Deno.test("WorkerDials.areAny tells what other threads have dialled, not its own", () => {
  const counts = dialCounts(2);
  const [one, two] = [0, 1].map((index) =>
    new WorkerDials({ counts, index, tell: () => {} })
  );
  one!.tell(1);
  assertEquals([one!.areAny, two!.areAny], [false, true]);
  one!.tell(0);
  assertEquals(two!.areAny, false);
});

Deno.test("WorkerDials.ask() gives what one knows, though another never answers", async () => {
  const silent = thread(() => Promise.withResolvers().promise);
  const knows = thread(() => Promise.resolve(["a", "b"]));
  assertEquals(await start(silent, knows).ask(ARRIVAL), ["a", "b"]);
});

Deno.test("WorkerDials.ask() takes a thread that has ended for one that knows nothing", async () => {
  const dead = thread(() => Promise.reject(new WorkerEnded("it has ended")));
  const other = thread(() => Promise.resolve(undefined));
  assertEquals(await start(dead, other).ask(ARRIVAL), undefined);
  assertEquals(await start().ask(ARRIVAL), undefined);
});

Deno.test("WorkerDials.ask() fails where one that may have dialled it can't tell", async () => {
  const late = thread(() =>
    Promise.reject(new Error("Time of 10 s has passed"))
  );
  await assertRejects(
    () => start(late).ask(ARRIVAL),
    DOMException,
    "Time of 10 s has passed",
  );
});
