import { assert, assertEquals } from "@std/assert";
import { OtherThread } from "../../../lib/admin/threads/other.ts";
import {
  askOver,
  openSilentThread,
  openThread,
} from "../../support/threads.ts";
import { within } from "../../support/sockets.ts";
import { turns } from "../../support/time.ts";
import { eventually } from "../../support/dialogue.ts";

Deno.test("OtherThread answers again when the worker does, and drops late answers", async () => {
  const { port1, port2 } = new MessageChannel();
  const thread = new OtherThread(askOver(port1), { worker: 1, timeout: 10 });
  const asked: { id: number; values: unknown[] }[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  port2.onmessage = ({ data }) => {
    asked.push(data);
    if (data.values[0] === "end") resolve();
  };
  assertEquals(await thread.ask("bans"), undefined);
  assertEquals(thread.isSilent, true);
  assertEquals(await thread.ask("bans"), undefined);
  const ended = thread.ask("end", 1);
  await within(5_000, all);
  assertEquals(await ended, undefined);
  assertEquals(asked.map(({ values }) => values[0]), ["bans", "end"]);
  for (const { id } of asked) port2.postMessage({ id, answer: [] });
  assert(await eventually(() => !thread.isSilent));
  port2.onmessage = ({ data }) =>
    port2.postMessage({ id: data.id, answer: ["new"] });
  assertEquals(await thread.ask("bans") as unknown, ["new"]);
  thread.close();
  port1.close();
  port2.close();
});

Deno.test("OtherThread waits for changes until they arrive or it ends", async () => {
  using test = openSilentThread(5);
  const changes = test.thread.ask("changes");
  assertEquals(await test.thread.ask("bans"), undefined);
  let isOver = false;
  changes.then(() => isOver = true);
  assert(await eventually(() => test.thread.isSilent));
  await turns();
  assertEquals([isOver, test.thread.isSilent], [false, true]);
  test.thread.close();
  assertEquals(await changes, undefined);
});

Deno.test("OtherThread asks nothing after it is closed", async () => {
  using test = openSilentThread(60_000);
  const waiting = test.thread.ask("figures");
  test.thread.close();
  test.thread.close();
  assertEquals(await waiting, undefined);
  assertEquals(await test.thread.ask("figures"), undefined);
  assertEquals(test.thread.isSilent, true);
});

Deno.test("answerFor() reports the load of its thread", async () => {
  using test = openThread();
  const { load } = (await test.thread.ask("figures"))!;
  assertEquals([load!.heap > 0, load!.loopDelay >= 0], [true, true]);
});
