import { assert, assertEquals } from "@std/assert";
import { RemotePart } from "../../lib/admin/remote_part.ts";
import { openPart, openSilentPart } from "../support/parts.ts";
import { within } from "../support/sockets.ts";
import { turns } from "../support/time.ts";
import { eventually } from "../support/dialogue.ts";

Deno.test("RemotePart answers again when the worker does, and drops what comes too late", async () => {
  const { port1, port2 } = new MessageChannel();
  const part = new RemotePart(port1, { worker: 1, timeout: 10 });
  const asked: { number: number; question: string }[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  port2.onmessage = ({ data }) => {
    asked.push(data);
    if (data.question === "end") resolve();
  };
  assertEquals(await part.ask("bans"), undefined);
  assertEquals(part.isSilent, true);
  assertEquals(await part.ask("closed"), undefined);
  const ended = part.ask("end", 1);
  await within(5_000, all);
  assertEquals(await ended, undefined);
  assertEquals(asked.map(({ question }) => question), ["bans", "end"]);
  for (const { number } of asked) port2.postMessage({ number, answer: [] });
  assert(await eventually(() => !part.isSilent));
  port2.onmessage = ({ data }) =>
    port2.postMessage({ number: data.number, answer: ["new"] });
  assertEquals(await part.ask("bans") as unknown, ["new"]);
  part.close();
  port2.close();
});

Deno.test("RemotePart waits for changes until they come or it ends", async () => {
  using test = openSilentPart(5);
  const changes = test.part.ask("changes");
  assertEquals(await test.part.ask("bans"), undefined);
  let isOver = false;
  changes.then(() => isOver = true);
  assert(await eventually(() => test.part.isSilent));
  await turns();
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

Deno.test("servePart() tells what its thread uses", async () => {
  using test = openPart();
  const { thread } = (await test.part.ask("figures"))!;
  assertEquals([thread!.heap > 0, thread!.loopDelay >= 0], [true, true]);
});
