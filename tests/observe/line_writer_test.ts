import { assert, assertEquals } from "@std/assert";
import { LineWriter } from "../../lib/observe/line_writer.ts";

/** Most waiting lines, as in the writer. */
const MOST_WAITING = 10_000;

/** A receiver that accepts a batch only when the test allows it. */
class SlowReceiver {
  readonly batches: string[] = [];
  #gates: PromiseWithResolvers<void>[] = [];
  #arrived = Promise.withResolvers<void>();

  write = (bytes: Uint8Array): Promise<void> => {
    this.batches.push(new TextDecoder().decode(bytes));
    const gate = Promise.withResolvers<void>();
    this.#gates.push(gate);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
    return gate.promise;
  };

  /** Waits until this many batches have arrived. */
  async whenCalled(count: number): Promise<void> {
    while (this.batches.length < count) await this.#arrived.promise;
  }

  /** Accepts the oldest waiting batch. */
  next(): void {
    this.#gates.shift()!.resolve();
  }
}

function describeLoss(count: number): string {
  return `${count} lost`;
}

/**
 * A writer with a receiver that accepts everything, and the accepted batches.
 */
function fastWriter(): { writer: LineWriter; batches: string[] } {
  const batches: string[] = [];
  const writer = new LineWriter((bytes) => {
    batches.push(new TextDecoder().decode(bytes));
    return Promise.resolve();
  }, describeLoss);
  return { writer, batches };
}

Deno.test("LineWriter.push() writes the lines of one turn together and in order", async () => {
  const { writer, batches } = fastWriter();
  for (const line of ["one", "two", "drei ä🦀"]) writer.push(line);
  assertEquals(batches, []);
  await writer.flush();
  assertEquals(batches, ["one\ntwo\ndrei ä🦀\n"]);
});

Deno.test("LineWriter.push() starts again when everything was written", async () => {
  const { writer, batches } = fastWriter();
  for (const line of ["one", "two", "three"]) {
    writer.push(line);
    await writer.flush();
  }
  assertEquals(batches, ["one\n", "two\n", "three\n"]);
});

Deno.test("LineWriter.push() makes one write at a time and collects lines in between", async () => {
  const receiver = new SlowReceiver();
  const writer = new LineWriter(receiver.write, describeLoss);
  writer.push("one");
  await receiver.whenCalled(1);
  for (const line of ["two", "three"]) {
    writer.push(line);
    await Promise.resolve();
  }
  assertEquals(receiver.batches, ["one\n"]);
  receiver.next();
  await receiver.whenCalled(2);
  assertEquals(receiver.batches, ["one\n", "two\nthree\n"]);
  receiver.next();
  await writer.flush();
});

Deno.test("LineWriter.flush() waits for lines pushed during the wait", async () => {
  const receiver = new SlowReceiver();
  const writer = new LineWriter(receiver.write, describeLoss);
  writer.push("one");
  let isFlushed = false;
  const flushed = writer.flush().then(() => isFlushed = true);
  await receiver.whenCalled(1);
  writer.push("two");
  receiver.next();
  await receiver.whenCalled(2);
  assertEquals(isFlushed, false);
  receiver.next();
  await flushed;
  assertEquals(receiver.batches, ["one\n", "two\n"]);
});

Deno.test("LineWriter.flush() returns immediately when no line waits", async () => {
  const { writer, batches } = fastWriter();
  await writer.flush();
  writer.push("one");
  await writer.flush();
  await writer.flush();
  assertEquals(batches, ["one\n"]);
});

Deno.test("LineWriter.push() drops lines beyond the limit and reports their number", async () => {
  const receiver = new SlowReceiver();
  const writer = new LineWriter(receiver.write, describeLoss);
  writer.push("held");
  await receiver.whenCalled(1);
  for (let n = 0; n < MOST_WAITING + 7; n++) writer.push(`line ${n}`);
  receiver.next();
  await receiver.whenCalled(2);
  const lines = receiver.batches[1]!.trimEnd().split("\n");
  assertEquals(lines.length, MOST_WAITING + 1);
  assertEquals(lines[0], "line 0");
  assertEquals(lines.at(-2), `line ${MOST_WAITING - 1}`);
  assertEquals(lines.at(-1), "7 lost");
  writer.push("after");
  receiver.next();
  await receiver.whenCalled(3);
  // Reported once, not with every batch.
  assertEquals(receiver.batches[2], "after\n");
  receiver.next();
  await writer.flush();
});

Deno.test("LineWriter.push() loses nothing up to the limit", async () => {
  const { writer, batches } = fastWriter();
  for (let n = 0; n < MOST_WAITING; n++) writer.push("x");
  await writer.flush();
  assertEquals(batches, ["x\n".repeat(MOST_WAITING)]);
});

Deno.test("LineWriter continues when the receiver fails", async () => {
  const batches: string[] = [];
  let calls = 0;
  const writer = new LineWriter((bytes) => {
    calls++;
    if (calls === 1) throw new Error("thrown");
    if (calls === 2) return Promise.reject(new Deno.errors.BrokenPipe());
    batches.push(new TextDecoder().decode(bytes));
    return Promise.resolve();
  }, describeLoss);
  for (const line of ["one", "two", "three"]) {
    writer.push(line);
    await writer.flush();
  }
  assertEquals(calls, 3);
  assertEquals(batches, ["three\n"]);
});

Deno.test("LineWriter keeps no more than the limit when nobody ever reads", async () => {
  const receiver = new SlowReceiver();
  const writer = new LineWriter(receiver.write, describeLoss);
  writer.push("held");
  await receiver.whenCalled(1);
  for (let n = 0; n < 5 * MOST_WAITING; n++) writer.push("x");
  receiver.next();
  await receiver.whenCalled(2);
  assert(receiver.batches[1]!.endsWith(`\n${4 * MOST_WAITING} lost\n`));
  receiver.next();
  await writer.flush();
});
