import { assertEquals, assertRejects } from "@std/assert";
import { ThreadEnded } from "../../lib/sync/thread_link.ts";
import {
  type AskWhose,
  askWhose,
  dialCounts,
  WorkerDials,
} from "../../lib/workers/dials.ts";

const ARRIVAL = { place: "127.0.0.1 1080", ends: "127.0.0.1 1 127.0.0.1 1080" };

/** Two threads, and a supervisor that asks others. */
function start(...others: AskWhose[]): WorkerDials {
  return new WorkerDials({
    counts: dialCounts(2),
    index: 0,
    ask: (arrival) => askWhose(arrival, others),
  });
}

Deno.test("WorkerDials.areAny counts the dials of other threads, not its own", () => {
  const counts = dialCounts(2);
  const ask = () => Promise.resolve(undefined);
  const [one, two] = [0, 1].map((index) =>
    new WorkerDials({ counts, index, ask })
  );
  one!.tell(1);
  assertEquals([one!.areAny, two!.areAny], [false, true]);
  one!.tell(0);
  assertEquals(two!.areAny, false);
});

Deno.test("WorkerDials.ask() gives what one knows, though another never answers", async () => {
  const silent = () => new Promise<undefined>(() => {});
  const knows = () => Promise.resolve(["a", "b"]);
  assertEquals(await start(silent, knows).ask(ARRIVAL), ["a", "b"]);
});

Deno.test("WorkerDials.ask() takes a thread that has ended for one that knows nothing", async () => {
  const dead = () => Promise.reject(new ThreadEnded("it has ended"));
  const other = () => Promise.resolve(undefined);
  assertEquals(await start(dead, other).ask(ARRIVAL), undefined);
  assertEquals(await start().ask(ARRIVAL), undefined);
});

Deno.test("WorkerDials.ask() fails where one that may have dialled it can't tell", async () => {
  const late = () => Promise.reject(new Error("Time of 10 s has passed"));
  await assertRejects(
    () => start(late).ask(ARRIVAL),
    DOMException,
    "Time of 10 s has passed",
  );
});
