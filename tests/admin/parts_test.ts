import { assert, assertEquals, assertRejects } from "@std/assert";
import { NO_FIGURES } from "../../lib/admin/add_figures.ts";
import type { Part } from "../../lib/admin/part.ts";
import { totalsOf } from "../../lib/admin/part_figures.ts";
import { Parts } from "../../lib/admin/parts.ts";
import { Bans } from "../../lib/policy/users/bans.ts";
import { SharedCounter } from "../../lib/sync/shared/counter.ts";
import {
  FakeConnection,
  openPart,
  openSilentPart,
  PLACES,
} from "../support/parts.ts";

for (const place of PLACES) {
  Deno.test(`Parts tells what one part has (${place})`, async () => {
    using test = openPart({ place });
    const parts = new Parts();
    parts.add(test.part);
    const ended = new FakeConnection(test.listener);
    ended.carry(10, 20);
    ended.end();
    const open = new FakeConnection(test.listener, { user: "alice" });
    open.carry(1, 2);
    open.live.begin("dial");
    open.live.end();
    const figures = await parts.figures();
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
    const { silent, tunnels } = await parts.tunnels();
    assertEquals([silent, tunnels.length], [0, 1]);
    const { id, sent, state, user } = tunnels[0]!;
    assertEquals([id, sent, state, user], [2, 1, "open", "alice"]);
    const closed = await parts.closed();
    assertEquals(closed.map(({ id, reason }) => [id, reason]), [
      [1, "client closed"],
    ]);
  });

  Deno.test(`Parts ends a connection by its number (${place})`, async () => {
    using test = openPart({ place });
    const parts = new Parts();
    parts.add(test.part);
    const { context, live } = new FakeConnection(test.listener);
    assertEquals(await parts.end(live.id), "done");
    assertEquals(String(context.reason), "Error: Ended by the operator");
    assertEquals(await parts.end(live.id + 1), "none");
  });

  Deno.test(`Parts lists bans and lifts them (${place})`, async () => {
    using test = openPart({ place });
    const parts = new Parts();
    parts.add(test.part);
    const bans = new Bans({ after: 1 });
    test.registry.showBans(bans);
    bans.fail("192.0.2.1", "alice");
    const list = async () =>
      (await parts.bans()).map(({ key, kind }) => `${kind} ${key}`);
    assertEquals((await list()).toSorted(), [
      "client 192.0.2.1",
      "user alice",
    ]);
    const { attacked, bans: banned } = await parts.figures();
    assertEquals([banned, attacked], [1, 1]);
    const client = { kind: "client", key: "192.0.2.1" } as const;
    assertEquals(await parts.lift(client), "done");
    assertEquals(await parts.lift(client), "none");
    assertEquals(await parts.lift({ kind: "user", key: "alice" }), "done");
    assertEquals(await list(), []);
  });
}

Deno.test("Parts adds up several parts, and lists what they have in order", async () => {
  const counter = new SharedCounter();
  const nextId = () => counter.next();
  using one = openPart({ nextId, place: "same thread" });
  using other = openPart({ nextId });
  using third = openPart({ nextId, worker: 2 });
  const parts = new Parts();
  for (const { part } of [one, other, third]) parts.add(part);
  for (const { listener } of [one, third, other, third, one]) {
    new FakeConnection(listener).carry(1, 2);
  }
  const { listeners } = await parts.figures();
  assertEquals(listeners.length, 1);
  const { open, sent, total, uses } = listeners[0]!;
  assertEquals([uses, open, total, sent], [3, 5, 5, 5]);
  const { tunnels } = await parts.tunnels();
  assertEquals(tunnels.map(({ id }) => id), [1, 2, 3, 4, 5]);
  for (const id of [1, 2, 3, 4, 5]) assertEquals(await parts.end(id), "done");
});

Deno.test("Parts shows a ban of several parts once, and lifts it in all", async () => {
  using one = openPart();
  using other = openPart();
  const parts = new Parts();
  for (const { part, registry } of [one, other]) {
    parts.add(part);
    const bans = new Bans({ after: 1 });
    bans.fail("192.0.2.1", "alice");
    registry.showBans(bans);
  }
  assertEquals((await parts.bans()).length, 2);
  assertEquals((await parts.figures()).bans, 1);
  await parts.lift({ kind: "client", key: "192.0.2.1" });
  assertEquals((await parts.bans()).map(({ kind }) => kind), ["user"]);
});

Deno.test("Parts keeps what a part has counted when it is taken out in good order", async () => {
  using one = openPart();
  using other = openPart();
  const parts = new Parts();
  parts.add(one.part);
  const remove = parts.add(other.part);
  await parts.figures();
  // It could not be known before it was asked a last time.
  const ended = new FakeConnection(other.listener);
  ended.carry(10, 20);
  ended.end();
  await remove();
  await remove();
  assertEquals(parts.all, [one.part]);
  assertEquals(totalsOf(await parts.figures()), {
    open: 0,
    total: 1,
    sent: 10,
    received: 20,
  });
  assertEquals((await parts.closed()).map(({ id }) => id), [1]);
  using next = openPart();
  parts.add(next.part);
  new FakeConnection(next.listener).carry(1, 1);
  const { listeners } = await parts.figures();
  const { lost, sent, total, uses } = listeners[0]!;
  assertEquals([total, sent, lost, uses], [2, 11, 0, 2]);
});

Deno.test("Parts counts what was open in a part that has died as lost", async () => {
  using test = openPart();
  const parts = new Parts();
  const remove = parts.add(test.part);
  new FakeConnection(test.listener).carry(5, 6);
  await parts.figures();
  test.part.close();
  await remove();
  assertEquals(parts.isServing, false);
  const { listeners } = await parts.figures();
  const { lost, open, sent, total, uses } = listeners[0]!;
  assertEquals([open, lost, total, sent, uses], [0, 1, 1, 5, 0]);
  assertEquals((await parts.tunnels()).tunnels, []);
});

Deno.test("Parts never tells fewer while parts come and go", async () => {
  const parts = new Parts();
  let last = totalsOf(NO_FIGURES);
  for (let round = 0; round < 20; round++) {
    using test = openPart();
    const remove = parts.add(test.part);
    for (let n = 0; n < 5; n++) {
      const connection = new FakeConnection(test.listener);
      connection.carry(n, n);
      if (n % 2 === 0) connection.end();
      const totals = totalsOf(await parts.figures());
      assert(totals.total === last.total + 1 && totals.sent >= last.sent);
      last = totals;
    }
    if (round % 2 === 0) test.part.close();
    await remove();
    assertEquals(totalsOf(parts.known), { ...last, open: 0 });
  }
  assertEquals(last.total, 100);
});

Deno.test("Parts does without a part that is silent, and says so", async () => {
  using test = openPart();
  using silent = openSilentPart(20);
  const parts = new Parts();
  parts.add(silent.part);
  parts.add(test.part);
  const { context, live } = new FakeConnection(test.listener);
  const all = await parts.tunnels();
  assertEquals([all.silent, all.tunnels.length], [1, 1]);
  assertEquals([silent.part.isSilent, parts.isServing], [true, true]);
  assertEquals(totalsOf(await parts.figures()).open, 1);
  assertEquals(await parts.end(live.id), "done");
  assert(context.cancelled);
  assertEquals(await parts.end(live.id + 1), "silent");
  // It is asked nothing more, but told what is to be done.
  assertEquals(silent.asked, ["tunnels", "end", "end"]);
});

Deno.test("Parts tells what a part told last while it is silent", async () => {
  using test = openPart();
  const parts = new Parts();
  let isSilent = false;
  const part: Part = {
    worker: 1,
    get isSilent() {
      return isSilent;
    },
    ask: (question, ...asked) =>
      isSilent ? Promise.resolve(undefined) : test.part.ask(question, ...asked),
    close() {},
  };
  parts.add(part);
  new FakeConnection(test.listener).carry(1, 2);
  const before = await parts.figures();
  isSilent = true;
  assertEquals(await parts.figures(), before);
  assertEquals(parts.isServing, false);
});

Deno.test("Parts serves once there is a part", () => {
  using test = openPart({ place: "same thread" });
  const parts = new Parts();
  assertEquals(parts.isServing, false);
  parts.add(test.part);
  assertEquals(parts.isServing, true);
});

Deno.test("Parts tells of a mistake that a part made", async () => {
  using test = openPart();
  const parts = new Parts();
  parts.add(test.part);
  test.registry.showBans({
    get active() {
      throw new Error("out of order");
    },
    // deno-lint-ignore no-explicit-any
  } as any);
  const error = await assertRejects(() => parts.figures(), Error);
  assertEquals(error.message, "Cannot ask worker: out of order");
});
