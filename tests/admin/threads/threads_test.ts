import { assert, assertEquals, assertRejects } from "@std/assert";
import { NO_FIGURES } from "../../../lib/admin/add_figures.ts";
import type { Thread } from "../../../lib/admin/threads/thread.ts";
import { totalsOf } from "../../../lib/admin/threads/figures.ts";
import { Threads } from "../../../lib/admin/threads/threads.ts";
import { listClosed, listTunnels } from "../../../lib/admin/tunnels/lists.ts";
import { Bans } from "../../../lib/policy/users/bans.ts";
import { SharedCounter } from "../../../lib/sync/shared/counter.ts";
import {
  FakeConnection,
  openSilentThread,
  openThread,
  PLACES,
} from "../../support/threads.ts";

const ALL = { filter: "", sort: "id", offset: 0, limit: 20_000 };

/** All connections that have ended. */
function closedOf(threads: Threads) {
  return listClosed(threads, { filter: "", limit: 100, before: undefined });
}

for (const place of PLACES) {
  Deno.test(`Threads shows the connections of one thread (${place})`, async () => {
    using test = openThread({ place });
    const threads = new Threads();
    threads.record();
    threads.add(test.thread);
    await threads.figures(); // It has heard that it is to record.
    const ended = new FakeConnection(test.listener);
    ended.carry(10, 20);
    ended.end();
    const open = new FakeConnection(test.listener, { user: "alice" });
    open.carry(1, 2);
    open.live.begin("dial");
    open.live.end();
    const figures = await threads.figures();
    assertEquals(totalsOf(figures), {
      open: 1,
      total: 2,
      sent: 11,
      received: 22,
    });
    const [listener] = figures.listeners;
    assertEquals(listener!.connections, [
      { protocol: "socks5", result: "ok", count: 1 },
    ]);
    assertEquals(figures.descriptors, 2);
    assertEquals(figures.times.dial!.counts.reduce((a, b) => a + b), 1);
    const { silentWorkers, tunnels } = await listTunnels(threads, ALL);
    assertEquals([silentWorkers, tunnels.length], [0, 1]);
    const { id, sent, state, user } = tunnels[0]!;
    assertEquals([id, sent, state, user], [2, 1, "open", "alice"]);
    const { closed } = await closedOf(threads);
    assertEquals(closed.map(({ id, reason }) => [id, reason]), [
      [1, "client closed"],
    ]);
  });

  Deno.test(`Threads ends a connection by its number (${place})`, async () => {
    using test = openThread({ place });
    const threads = new Threads();
    threads.add(test.thread);
    const { context, live } = new FakeConnection(test.listener);
    assertEquals(await threads.end(live.id), "done");
    assertEquals(String(context.reason), "CutError: Ended by the operator");
    assertEquals(await threads.end(live.id + 1), "none");
  });

  Deno.test(`Threads lists bans and lifts them (${place})`, async () => {
    using test = openThread({ place });
    const threads = new Threads();
    threads.add(test.thread);
    const bans = new Bans({ after: 1 });
    test.registry.showBans(bans);
    bans.fail("192.0.2.1", "alice");
    const list = async () =>
      (await threads.bans()).map(({ key, kind }) => `${kind} ${key}`);
    assertEquals((await list()).toSorted(), [
      "client 192.0.2.1",
      "user alice",
    ]);
    const { attacked, bans: banned } = await threads.figures();
    assertEquals([banned, attacked], [1, 1]);
    const client = { kind: "client", key: "192.0.2.1" } as const;
    assertEquals(await threads.lift(client), "done");
    assertEquals(await threads.lift(client), "none");
    assertEquals(await threads.lift({ kind: "user", key: "alice" }), "done");
    assertEquals(await list(), []);
  });
}

Deno.test("Threads adds up several threads, and lists what they have in order", async () => {
  const counter = new SharedCounter();
  const nextId = () => counter.next();
  using one = openThread({ nextId, place: "same thread" });
  using other = openThread({ nextId });
  using third = openThread({ nextId, worker: 2 });
  const threads = new Threads();
  for (const { thread } of [one, other, third]) threads.add(thread);
  for (const { listener } of [one, third, other, third, one]) {
    new FakeConnection(listener).carry(1, 2);
  }
  const { listeners } = await threads.figures();
  assertEquals(listeners.length, 1);
  const { open, sent, total, uses } = listeners[0]!;
  assertEquals([uses, open, total, sent], [3, 5, 5, 5]);
  const { tunnels } = await listTunnels(threads, ALL);
  assertEquals(tunnels.map(({ id }) => id), [1, 2, 3, 4, 5]);
  for (const id of [1, 2, 3, 4, 5]) assertEquals(await threads.end(id), "done");
});

Deno.test("Threads shows a ban of several threads once, and lifts it in all", async () => {
  using one = openThread();
  using other = openThread();
  const threads = new Threads();
  for (const { thread, registry } of [one, other]) {
    threads.add(thread);
    const bans = new Bans({ after: 1 });
    bans.fail("192.0.2.1", "alice");
    registry.showBans(bans);
  }
  assertEquals((await threads.bans()).length, 2);
  assertEquals((await threads.figures()).bans, 1);
  await threads.lift({ kind: "client", key: "192.0.2.1" });
  assertEquals((await threads.bans()).map(({ kind }) => kind), ["user"]);
});

Deno.test("Threads keeps the counts of a thread that is removed in good order", async () => {
  using one = openThread();
  using other = openThread();
  const threads = new Threads();
  threads.add(one.thread);
  const remove = threads.add(other.thread);
  await threads.figures();
  // Only the last question before the removal could find this out.
  const ended = new FakeConnection(other.listener);
  ended.carry(10, 20);
  ended.end();
  await remove();
  await remove();
  assertEquals(threads.all, [one.thread]);
  assertEquals(totalsOf(await threads.figures()), {
    open: 0,
    total: 1,
    sent: 10,
    received: 20,
  });
  using next = openThread();
  threads.add(next.thread);
  new FakeConnection(next.listener).carry(1, 1);
  const { listeners } = await threads.figures();
  const { lost, sent, total, uses } = listeners[0]!;
  assertEquals([total, sent, lost, uses], [2, 11, 0, 2]);
});

Deno.test("Threads counts the open connections of a dead thread as lost", async () => {
  using test = openThread();
  const threads = new Threads();
  const remove = threads.add(test.thread);
  new FakeConnection(test.listener).carry(5, 6);
  await threads.figures();
  test.thread.close();
  await remove();
  assertEquals(threads.isServing, false);
  const { listeners } = await threads.figures();
  const { lost, open, sent, total, uses } = listeners[0]!;
  assertEquals([open, lost, total, sent, uses], [0, 1, 1, 5, 0]);
  assertEquals((await listTunnels(threads, ALL)).tunnels, []);
});

Deno.test("Threads never reports smaller counts while threads come and go", async () => {
  const threads = new Threads();
  let last = totalsOf(NO_FIGURES);
  for (let round = 0; round < 20; round++) {
    using test = openThread();
    const remove = threads.add(test.thread);
    for (let n = 0; n < 5; n++) {
      const connection = new FakeConnection(test.listener);
      connection.carry(n, n);
      if (n % 2 === 0) connection.end();
      const totals = totalsOf(await threads.figures());
      assert(totals.total === last.total + 1 && totals.sent >= last.sent);
      last = totals;
    }
    if (round % 2 === 0) test.thread.close();
    await remove();
    assertEquals(totalsOf(threads.known), { ...last, open: 0 });
  }
  assertEquals(last.total, 100);
});

Deno.test("Threads leaves out a silent thread, and reports it", async () => {
  using test = openThread();
  using silent = openSilentThread(20);
  const threads = new Threads();
  threads.add(silent.thread);
  threads.add(test.thread);
  const { context, live } = new FakeConnection(test.listener);
  const all = await listTunnels(threads, ALL);
  assertEquals([all.silentWorkers, all.tunnels.length], [1, 1]);
  assertEquals([silent.thread.isSilent, threads.isServing], [true, true]);
  assertEquals(totalsOf(await threads.figures()).open, 1);
  assertEquals(await threads.end(live.id), "done");
  assert(context.cancelled);
  assertEquals(await threads.end(live.id + 1), "silent");
  // It gets no more questions, but still receives actions.
  assertEquals(silent.asked, ["tunnels", "figures", "end", "end"]);
});

Deno.test("Threads uses the last figures of a silent thread", async () => {
  using test = openThread();
  const threads = new Threads();
  let isSilent = false;
  const thread: Thread = {
    worker: 1,
    get isSilent() {
      return isSilent;
    },
    ask: (question, ...asked) =>
      isSilent
        ? Promise.resolve(undefined)
        : test.thread.ask(question, ...asked),
    close() {},
  };
  threads.add(thread);
  new FakeConnection(test.listener).carry(1, 2);
  const before = await threads.figures();
  isSilent = true;
  assertEquals(await threads.figures(), before);
  assertEquals(threads.isServing, false);
});

Deno.test("Threads serves once it has a thread", () => {
  using test = openThread({ place: "same thread" });
  const threads = new Threads();
  assertEquals(threads.isServing, false);
  threads.add(test.thread);
  assertEquals(threads.isServing, true);
});

Deno.test("Threads passes on the internal error of a thread", async () => {
  using test = openThread();
  const threads = new Threads();
  threads.add(test.thread);
  test.registry.showBans({
    get active() {
      throw new Error("out of order");
    },
    // deno-lint-ignore no-explicit-any
  } as any);
  const error = await assertRejects(() => threads.figures(), Error);
  assertEquals(error.message, "Cannot ask worker: out of order");
});
