import { assertEquals } from "@std/assert";
import type { Thread } from "../../../lib/admin/threads/thread.ts";
import { Threads } from "../../../lib/admin/threads/threads.ts";
import { TunnelFeed } from "../../../lib/admin/tunnels/feed.ts";
import type { ConnectionChanges } from "../../../lib/admin/tunnels/changes.ts";
import { SharedCounter } from "../../../lib/sync/shared/counter.ts";
import { FakeConnection, openThread, PLACES } from "../../support/threads.ts";

/** Changes, reduced to ids. */
function idsOf({ changed, closed, gone, opened }: ConnectionChanges): {
  opened: number[];
  changed: number[];
  closed: number[];
  gone: number[];
} {
  return {
    opened: opened.map(({ id }) => id),
    changed: changed.map(([id]) => id),
    closed: closed.map(({ id }) => id),
    gone,
  };
}

const NOTHING = { opened: [], changed: [], closed: [], gone: [] };

for (const place of PLACES) {
  Deno.test(`TunnelFeed.look() reports all tunnels first, then changes (${place})`, async () => {
    using test = openThread({ place });
    const threads = new Threads();
    threads.record();
    threads.add(test.thread);
    const feed = new TunnelFeed(threads);
    const one = new FakeConnection(test.listener);
    const other = new FakeConnection(test.listener);
    new FakeConnection(test.listener).end();
    assertEquals(idsOf(await feed.look()), { ...NOTHING, opened: [1, 2] });
    assertEquals(idsOf(await feed.look()), NOTHING);
    one.carry(1, 2);
    assertEquals(idsOf(await feed.look()), { ...NOTHING, changed: [1] });
    other.record.user = "alice";
    assertEquals(idsOf(await feed.look()), { ...NOTHING, opened: [2] });
    other.end();
    assertEquals(
      idsOf(await feed.look()),
      { ...NOTHING, closed: [2], gone: [2] },
    );
    const [left, ...none] = feed.tunnels;
    assertEquals([left!.id, left!.sent, none], [1, 1, []]);
    feed.rest();
    assertEquals(idsOf(await feed.look()), { ...NOTHING, opened: [1] });
  });
}

Deno.test("TunnelFeed.look() reports the tunnels of several threads in the order of time", async () => {
  const counter = new SharedCounter();
  const nextId = () => counter.next();
  using one = openThread({ nextId });
  using other = openThread({ nextId });
  const threads = new Threads();
  threads.record();
  const remove = [one, other].map(({ thread }) => threads.add(thread));
  const feed = new TunnelFeed(threads);
  await feed.look();
  const [first, second, third] = [other, one, other].map(({ listener }) =>
    new FakeConnection(listener)
  );
  await feed.look();
  assertEquals(feed.tunnels.map(({ id }) => id), [1, 2, 3]);
  for (const connection of [third!, second!]) {
    connection.end();
    const ended = Date.now();
    while (Date.now() === ended) await new Promise((go) => setTimeout(go, 1));
  }
  const { closed } = idsOf(await feed.look());
  assertEquals(closed, [3, 2]);
  first!.carry(1, 1);
  // The open tunnels of a removed thread are gone.
  await remove[1]!();
  assertEquals(idsOf(await feed.look()).gone, [1]);
  assertEquals(feed.tunnels, []);
});

/** A thread that answers only after it is released. */
function held(
  thread: Thread,
): { thread: Thread; asked: string[]; letGo(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const asked: string[] = [];
  return {
    asked,
    letGo: resolve,
    thread: {
      worker: 2,
      isSilent: false,
      async ask(question, ...args) {
        asked.push(question);
        const answer = await thread.ask(question, ...args);
        await promise;
        return answer;
      },
      close() {},
    },
  };
}

Deno.test("TunnelFeed.look() limits its wait for a thread, and uses late answers", async () => {
  using test = openThread();
  using slow = openThread();
  const threads = new Threads();
  threads.add(test.thread);
  const { asked, letGo, thread } = held(slow.thread);
  threads.add(thread);
  new FakeConnection(slow.listener);
  new FakeConnection(test.listener);
  const feed = new TunnelFeed(threads);
  assertEquals(idsOf(await feed.look()).opened, [1]);
  assertEquals(idsOf(await feed.look()), NOTHING);
  assertEquals(asked, ["changes"]);
  letGo();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(idsOf(await feed.look()).opened, [1]);
  assertEquals(asked, ["changes", "changes"]);
});

Deno.test("TunnelFeed.rest() discards a look in progress", async () => {
  using slow = openThread();
  const threads = new Threads();
  threads.record();
  const { letGo, thread } = held(slow.thread);
  threads.add(thread);
  new FakeConnection(slow.listener);
  const feed = new TunnelFeed(threads);
  const before = feed.look();
  feed.rest();
  const after = feed.look();
  letGo();
  assertEquals(idsOf(await before), NOTHING);
  assertEquals(idsOf(await after).opened, [1]);
  assertEquals(feed.tunnels.map(({ id }) => id), [1]);
});
