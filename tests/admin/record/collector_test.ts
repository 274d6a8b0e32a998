import { assertEquals } from "@std/assert";
import { Collector } from "../../../lib/admin/record/collector.ts";
import type { Thread } from "../../../lib/admin/threads/thread.ts";
import { totalsOf } from "../../../lib/admin/threads/figures.ts";
import { Threads } from "../../../lib/admin/threads/threads.ts";
import { FakeConnection, openThread } from "../../support/threads.ts";

async function collectorOf(threads: Threads): Promise<Collector> {
  const totals = totalsOf(await threads.figures());
  const collector = new Collector(threads, { step: 5_000, totals });
  await threads.figures(); // All have heard that they are to record.
  return collector;
}

/** Users with their bytes in the last five minutes. */
function users({ blocks }: Collector): Record<string, number> {
  const sum = blocks.sum(300_000, Date.now());
  return Object.fromEntries(
    sum.rankings.user.top("bytes", 10).map(({ bytes, key }) => [key, bytes]),
  );
}

Deno.test("Collector adds up the records of all threads", async () => {
  using one = openThread({ place: "same thread" });
  using other = openThread();
  const threads = new Threads();
  for (const { thread } of [one, other]) threads.add(thread);
  const collector = await collectorOf(threads);
  for (const { listener } of [one, other]) {
    const open = new FakeConnection(listener, { user: "alice" });
    open.carry(10, 20);
    const ended = new FakeConnection(listener, {
      user: "bob",
      result: "failed",
      code: "dial-timeout",
    });
    ended.carry(1, 0);
    ended.end();
  }
  const point = (await collector.collect())!;
  assertEquals(users(collector), { alice: 60, bob: 2 });
  assertEquals(point.open, 2);
  // Rates depend on real time, so they are not compared.
  assertEquals(Math.round(100 * point.down / point.up), 182);
  assertEquals(point.opened / point.failed, 2);
  assertEquals(point.ended, point.failed);
  const again = (await collector.collect())!;
  assertEquals([again.up, again.ended, users(collector)["alice"]], [0, 0, 60]);
});

Deno.test("Collector does not wait for a silent thread, and loses none of its records", async () => {
  using test = openThread();
  using slow = openThread({ timeout: 20 });
  const threads = new Threads();
  threads.add(test.thread);
  let letGo = () => {};
  const asked: string[] = [];
  const held: Thread = {
    worker: 2,
    isSilent: false,
    close() {},
    ask: async (question, ...more) => {
      asked.push(question);
      if (question === "recorded") {
        await new Promise<void>((resolve) => letGo = resolve);
      }
      return await slow.thread.ask(question, ...more);
    },
  };
  threads.add(held);
  const collector = await collectorOf(threads);
  const open = (user: string, listener: typeof test.listener) =>
    new FakeConnection(listener, { user }).carry(1, 0);
  open("alice", test.listener);
  open("bob", slow.listener);
  await collector.collect();
  assertEquals(users(collector), { alice: 1 });
  // The thread is not asked again until it has answered.
  const late = collector.collect();
  letGo();
  await late;
  await collector.collect();
  assertEquals(users(collector), { alice: 1, bob: 1 });
  assertEquals(asked.filter((question) => question === "recorded").length, 2);
  letGo();
});

Deno.test("Collector continues after a thread has ended", async () => {
  using test = openThread();
  const threads = new Threads();
  const remove = threads.add(test.thread);
  const collector = await collectorOf(threads);
  new FakeConnection(test.listener, { user: "alice" }).carry(1, 0);
  await collector.collect();
  test.thread.close();
  await remove();
  await collector.collect();
  using next = openThread();
  threads.add(next.thread);
  await threads.figures();
  new FakeConnection(next.listener, { user: "alice" }).carry(1, 0);
  await collector.collect();
  assertEquals(users(collector), { alice: 2 });
});
