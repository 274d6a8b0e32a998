import { assertEquals } from "@std/assert";
import {
  HubOutbox,
  type OutboxOptions,
  SLOW_POLICIES,
} from "../../lib/hub/outbox.ts";
import { Context } from "../../lib/sync/context.ts";
import { bytesOf, textOf } from "../support/hub_frames.ts";

const context = new Context();

function make(options: Partial<OutboxOptions> = {}): HubOutbox {
  return new HubOutbox({
    most: 3,
    mostBytes: 1_000,
    slow: "drop-oldest",
    describeLoss: (count) => bytesOf(`(${count} dropped)`),
    onOverflow: () => {},
    ...options,
  });
}

function push(outbox: HubOutbox, ...texts: string[]): void {
  for (const text of texts) {
    outbox.push({ bytes: bytesOf(text), isMessage: true });
  }
}

async function take(outbox: HubOutbox): Promise<string | undefined> {
  const batch = await outbox.take(context);
  return batch && `${textOf(batch.bytes)} ${batch.messages}`;
}

Deno.test("HubOutbox returns all queued messages together", async () => {
  const outbox = make();
  push(outbox, "a", "b", "c");
  assertEquals(await take(outbox), "abc 3");
  const waiting = take(outbox);
  push(outbox, "d");
  assertEquals(await waiting, "d 1");
});

Deno.test("HubOutbox returns the shared bytes when one message is queued", async () => {
  const outbox = make();
  const bytes = bytesOf("a");
  outbox.push({ bytes, isMessage: true });
  assertEquals((await outbox.take(context))!.bytes === bytes, true);
});

Deno.test("HubOutbox drops the oldest and reports it before the next message", async () => {
  const outbox = make();
  push(outbox, "a", "b", "c", "d", "e");
  assertEquals([outbox.size, outbox.dropped], [3, 2]);
  assertEquals(await take(outbox), "(2 dropped)cde 3");
  push(outbox, "f");
  assertEquals(await take(outbox), "f 1");
});

Deno.test("HubOutbox drops the newest until it is empty and reports it after the others", async () => {
  const outbox = make({ slow: "drop-newest" });
  push(outbox, "a", "b", "c", "d", "e");
  assertEquals([outbox.size, outbox.dropped], [3, 2]);
  assertEquals(await take(outbox), "abc(2 dropped) 3");
  push(outbox, "f");
  assertEquals(await take(outbox), "f 1");
});

Deno.test("HubOutbox disconnects once and drops further messages", async () => {
  let overflows = 0;
  const outbox = make({
    slow: "disconnect",
    onOverflow: () => overflows++,
  });
  push(outbox, "a", "b", "c");
  assertEquals(overflows, 0);
  push(outbox, "d", "e");
  assertEquals([overflows, outbox.size, outbox.dropped], [1, 3, 2]);
  outbox.close(undefined);
  assertEquals(await take(outbox), "abc(2 dropped) 3");
});

Deno.test("HubOutbox limits the bytes except for a single message", () => {
  for (const slow of SLOW_POLICIES) {
    const outbox = make({ most: 100, mostBytes: 10, slow });
    push(outbox, "x".repeat(50));
    assertEquals([outbox.size, outbox.dropped], [1, 0], slow);
    push(outbox, "y");
    assertEquals([outbox.size, outbox.dropped], [1, 1], slow);
  }
});

Deno.test("HubOutbox does not count the bytes of taken messages", async () => {
  const outbox = make({ most: 100, mostBytes: 10 });
  for (let n = 0; n < 50; n++) {
    push(outbox, "123456789");
    assertEquals(await take(outbox), "123456789 1");
  }
  assertEquals(outbox.dropped, 0);
});

Deno.test("HubOutbox returns queued messages, the last bytes, then the end", async () => {
  const outbox = make();
  push(outbox, "a", "b", "c", "d");
  outbox.close(bytesOf("bye"));
  push(outbox, "late");
  assertEquals(await take(outbox), "(1 dropped)bcd 3");
  assertEquals(await take(outbox), "bye 0");
  assertEquals(await take(outbox), undefined);
});

Deno.test("HubOutbox joins at most 64 KiB and one message", async () => {
  const outbox = make({ most: 1_000, mostBytes: 10_000_000 });
  for (let n = 0; n < 100; n++) push(outbox, "x".repeat(10_000));
  const batch = await outbox.take(context);
  assertEquals(batch!.bytes.length, 70_000);
});
