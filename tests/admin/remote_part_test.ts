import { assertEquals } from "@std/assert";
import { RemotePart } from "../../lib/admin/remote_part.ts";
import { askOver, openPart, openSilentPart } from "../support/parts.ts";
import { within } from "../support/sockets.ts";

Deno.test("RemotePart answers again when the worker does, and drops what comes too late", async () => {
  const { port1, port2 } = new MessageChannel();
  const part = new RemotePart(askOver(port1), { worker: 1, timeout: 10 });
  const asked: { id: number; values: unknown[] }[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  port2.onmessage = ({ data }) => {
    asked.push(data);
    if (data.values[0] === "end") resolve();
  };
  assertEquals(await part.ask("bans"), undefined);
  assertEquals(part.isSilent, true);
  assertEquals(await part.ask("closed"), undefined);
  const ended = part.ask("end", 1);
  await within(5_000, all);
  assertEquals(await ended, undefined);
  assertEquals(asked.map(({ values }) => values[0]), ["bans", "end"]);
  for (const { id } of asked) port2.postMessage({ id, answer: [] });
  while (part.isSilent) await new Promise((resolve) => setTimeout(resolve, 1));
  port2.onmessage = ({ data }) =>
    port2.postMessage({ id: data.id, answer: ["new"] });
  assertEquals(await part.ask("bans") as unknown, ["new"]);
  part.close();
  port1.close();
  port2.close();
});

Deno.test("RemotePart waits for changes until they come or it ends", async () => {
  using test = openSilentPart(5);
  const changes = test.part.ask("changes");
  assertEquals(await test.part.ask("bans"), undefined);
  let isOver = false;
  changes.then(() => isOver = true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals([isOver, test.part.isSilent], [false, true]);
  test.part.close();
  assertEquals(await changes, undefined);
});

Deno.test("RemotePart asks nothing any more once it is closed", async () => {
  using test = openSilentPart(60_000);
  const waiting = test.part.ask("figures");
  test.part.close();
  test.part.close();
  assertEquals(await waiting, undefined);
  assertEquals(await test.part.ask("figures"), undefined);
  assertEquals(test.part.isSilent, true);
});

Deno.test("answerFor() tells what its thread uses", async () => {
  using test = openPart();
  const { thread } = (await test.part.ask("figures"))!;
  assertEquals([thread!.heap > 0, thread!.loopDelay >= 0], [true, true]);
});
