import { assert, assertEquals, assertRejects } from "@std/assert";
import { dialCounts } from "../../lib/workers/dials.ts";
import { WorkerThread } from "../../lib/workers/thread.ts";
import { clockLead } from "../../lib/sync/shared/clock.ts";
import { within } from "../support/sockets.ts";

const PROGRAM = import.meta.resolve("../../lib/program/worker_entry.ts");
const STUBBORN = import.meta.resolve("../support/stubborn_worker.ts");

function begin(entry: string, patience = 10_000): WorkerThread {
  const acts = {
    log() {},
    copy() {},
    ban() {},
    whose: () => Promise.resolve(undefined),
  };
  return new WorkerThread({ entry, patience, acts });
}

/** Lets nothing else happen in this thread. */
function standStill(milliseconds: number): void {
  const words = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(words, 0, 0, milliseconds);
}

Deno.test("WorkerThread.look() does not take its own standing still for a thread's", async () => {
  const thread = begin(STUBBORN, 50);
  await within(10_000, thread.ready);
  standStill(200);
  thread.look();
  assert(thread.isAlive);
  await within(10_000, thread.count());
  thread.end("the test is over");
});

Deno.test("runWorker() starts nothing where the program ends already", async () => {
  const thread = begin(PROGRAM);
  await within(20_000, thread.ready);
  assertEquals(await thread.ask("shutdown", 1_000), 0);
  const start = thread.ask("start", {
    thread: { index: 0, count: 2 },
    plan: {
      program: {},
      listeners: [{
        index: 0,
        kindName: "echo",
        given: new Map([["listen", ["127.0.0.1:0"]]]),
      }],
      isReplaceable: false,
    },
    watch: undefined,
    agreement: { places: new Map(), tables: new Map(), pipes: new Map() },
    log: { format: "text", quiet: true },
    descriptors: 1_024,
    memory: undefined,
    clockLead: clockLead(),
    dials: dialCounts(2),
    isFirst: true,
    isReplacing: false,
    fleet: undefined,
  });
  await assertRejects(() => within(20_000, start), Error, "the program ends");
  thread.end("the test is over");
});
