import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Channel, ChannelClosed } from "../../lib/sync/channel.ts";
import { Context } from "../../lib/sync/context.ts";

const REASON = new Error("cancelled");

/** Runs the callbacks of all settled promises. */
async function settle(): Promise<void> {
  for (let n = 0; n < 10; n++) await Promise.resolve();
}

/** A context that counts its current registrations. */
class CountingContext extends Context {
  registered = 0;

  override onCancel(callback: (reason: unknown) => void): () => void {
    this.registered++;
    const unregister = super.onCancel(callback);
    return () => {
      this.registered--;
      unregister();
    };
  }
}

Deno.test("Channel refuses an invalid capacity", () => {
  for (const capacity of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(
      () => new Channel(capacity),
      RangeError,
      `capacity is ${capacity}`,
    );
  }
});

Deno.test("Channel.trySend() takes values up to the capacity", () => {
  const channel = new Channel<number>(2);
  assertEquals([1, 2, 3].map((n) => channel.trySend(n)), [true, true, false]);
  assertEquals([channel.size, channel.isFull], [2, true]);
  assertEquals(channel.tryReceive(), 1);
  assertEquals(channel.trySend(4), true);
  assertEquals([channel.tryReceive(), channel.tryReceive()], [2, 4]);
  assertEquals(channel.tryReceive(), undefined);
});

Deno.test("Channel.send() waits while the channel is full", async () => {
  const channel = new Channel<number>(3);
  const context = new Context();
  let most = 0;
  const sending = (async () => {
    for (let n = 0; n < 100; n++) await channel.send(n, context);
    channel.close();
  })();
  const received: number[] = [];
  while (true) {
    most = Math.max(most, channel.size);
    const value = await channel.receive(context);
    if (value === undefined) break;
    received.push(value);
    if (value % 7 === 0) await settle();
  }
  await sending;
  assertEquals(received, Array.from({ length: 100 }, (_, n) => n));
  assertEquals(most, 3);
});

Deno.test("Channel serves senders in the order of their calls", async () => {
  const channel = new Channel<number>(1);
  const context = new Context();
  assert(channel.trySend(0));
  const sends = [1, 2, 3].map((n) => channel.send(n, context));
  assertEquals(channel.waiting, 3);
  assertEquals(channel.trySend(9), false);
  const received = [];
  while (channel.size > 0) {
    received.push(channel.tryReceive());
    assertEquals(channel.trySend(9), false, "overtook who waits");
    if (received.length === 3) break;
  }
  await Promise.all(sends);
  assertEquals([...received, channel.tryReceive()], [0, 1, 2, 3]);
  assertEquals(channel.waiting, 0);
});

Deno.test("Channel serves receivers in the order of their calls", async () => {
  const channel = new Channel<string>(1);
  const context = new Context();
  const got: string[] = [];
  const receives = [1, 2, 3].map(async (n) => {
    got.push(`${n}${await channel.receive(context)}`);
  });
  for (const value of ["a", "b", "c"]) assert(channel.trySend(value));
  await Promise.all(receives);
  assertEquals(got, ["1a", "2b", "3c"]);
  assertEquals([channel.size, channel.waiting], [0, 0]);
});

Deno.test("Channel serves several senders equally", async () => {
  const channel = new Channel<number>(2);
  const context = new Context();
  const senders = [0, 1, 2, 3].map(async (sender) => {
    for (let n = 0; n < 50; n++) await channel.send(sender, context);
  });
  const counts = [0, 0, 0, 0];
  for (let n = 0; n < 100; n++) {
    counts[(await channel.receive(context))!]!++;
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    assert(most - least <= 3, counts.join());
  }
  for (let n = 0; n < 100; n++) await channel.receive(context);
  await Promise.all(senders);
});

Deno.test("Channel.close() lets receivers take the remaining values before the end", async () => {
  const channel = new Channel<number>(2);
  const context = new Context();
  channel.trySend(1);
  channel.trySend(2);
  const late = channel.send(3, context);
  channel.close();
  channel.close();
  assertEquals([channel.isClosed, channel.trySend(4)], [true, false]);
  await assertRejects(() => late, ChannelClosed);
  await assertRejects(() => channel.send(5, context), ChannelClosed);
  assertEquals(await channel.receive(context), 1);
  assertEquals(await channel.receive(context), 2);
  assertEquals(await channel.receive(context), undefined);
  assertEquals(channel.waiting, 0);
});

Deno.test("Channel.close() ends the wait of receivers", async () => {
  const channel = new Channel<number>(1);
  const receives = [1, 2].map(() => channel.receive(new Context()));
  channel.close();
  assertEquals(await Promise.all(receives), [undefined, undefined]);
});

Deno.test("Channel.send() and receive() throw when cancelled, and leave no waiter", async () => {
  const channel = new Channel<number>(1);
  const context = new CountingContext();
  const receiving = channel.receive(context);
  assertEquals([channel.waiting, context.registered], [1, 1]);
  context.cancel(REASON);
  assert(await assertRejects(() => receiving) === REASON);
  assert(await assertRejects(() => channel.receive(context)) === REASON);
  assert(await assertRejects(() => channel.send(1, context)) === REASON);
  assertEquals([channel.waiting, context.registered], [0, 0]);

  const impatient = new CountingContext();
  channel.trySend(1);
  const sending = channel.send(2, impatient);
  const patient = channel.send(3, new Context());
  impatient.cancel(REASON);
  assert(await assertRejects(() => sending) === REASON);
  assertEquals([channel.tryReceive(), channel.tryReceive()], [1, 3]);
  await patient;
  assertEquals([channel.waiting, impatient.registered], [0, 0]);
});

Deno.test("Channel keeps a delivered value when the cancellation comes too late", async () => {
  const channel = new Channel<number>(1);
  const context = new Context();
  const receiving = channel.receive(context);
  channel.trySend(1);
  context.cancel(REASON);
  assertEquals(await receiving, 1);

  const sender = new Context();
  channel.trySend(2);
  const sending = channel.send(3, sender);
  assertEquals(channel.tryReceive(), 2);
  sender.cancel(REASON);
  await sending;
  assertEquals(channel.tryReceive(), 3);
});

Deno.test("Channel leaves no registration with a context that lives on", async () => {
  const channel = new Channel<number>(1);
  const context = new CountingContext();
  for (let n = 0; n < 100; n++) {
    const receiving = channel.receive(context);
    await channel.send(n, context);
    assertEquals(await receiving, n);
  }
  assertEquals(context.registered, 0);
});

Deno.test("Channel neither loses nor duplicates values when tasks are cancelled at random", async () => {
  const channel = new Channel<number>(2);
  const sent: number[] = [];
  const received: number[] = [];
  const impatient = (n: number) => {
    const context = new Context();
    if (n % 3 === 0) queueMicrotask(() => context.cancel(REASON));
    return context;
  };
  const senders = Array.from({ length: 200 }, async (_, n) => {
    try {
      await channel.send(n, impatient(n));
      sent.push(n);
    } catch {
      // The value was not sent.
    }
  });
  const receivers = Array.from({ length: 200 }, async (_, n) => {
    try {
      const value = await channel.receive(impatient(n + 1));
      if (value !== undefined) received.push(value);
    } catch {
      // No value was received.
    }
  });
  await Promise.all(senders);
  while (channel.size > 0) received.push(channel.tryReceive()!);
  channel.close();
  await Promise.all(receivers);
  assert(sent.length > 100);
  assertEquals(received.sort(), sent.sort());
  assertEquals(channel.waiting, 0);
});
