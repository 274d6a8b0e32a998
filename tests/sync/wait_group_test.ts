import { assertEquals } from "@std/assert";
import { WaitGroup } from "../../lib/sync/wait_group.ts";

/** Runs the callbacks of all settled promises. */
async function settle(): Promise<void> {
  for (let n = 0; n < 10; n++) await Promise.resolve();
}

Deno.test("WaitGroup.wait() returns immediately when nothing was added", async () => {
  const group = new WaitGroup();
  assertEquals(group.size, 0);
  await group.wait();
});

Deno.test("WaitGroup.wait() waits for every task", async () => {
  const group = new WaitGroup();
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  group.add(first.promise);
  group.add(second.promise);
  assertEquals(group.size, 2);
  let isOver = false;
  const over = group.wait().then(() => isOver = true);
  first.resolve();
  await settle();
  assertEquals(group.size, 1);
  assertEquals(isOver, false);
  second.resolve();
  await over;
  assertEquals(group.size, 0);
});

Deno.test("WaitGroup.wait() ends when a task rejects", async () => {
  const group = new WaitGroup();
  const task = Promise.withResolvers<void>();
  group.add(task.promise);
  const over = group.wait();
  task.reject(new Error("for the caller to handle"));
  await over;
  assertEquals(group.size, 0);
  await task.promise.catch(() => {});
});

Deno.test("WaitGroup.wait() ends for all waiters", async () => {
  const group = new WaitGroup();
  const task = Promise.withResolvers<void>();
  group.add(task.promise);
  const waits = [group.wait(), group.wait(), group.wait()];
  task.resolve();
  await Promise.all(waits);
});

Deno.test("WaitGroup.wait() waits for tasks that a task adds", async () => {
  const group = new WaitGroup();
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  group.add(first.promise);
  let isOver = false;
  const over = group.wait().then(() => isOver = true);
  group.add(second.promise);
  first.resolve();
  await settle();
  assertEquals(isOver, false);
  second.resolve();
  await over;
});

Deno.test("WaitGroup.wait() waits again when a task is added later", async () => {
  const group = new WaitGroup();
  group.add(Promise.resolve());
  await group.wait();
  const task = Promise.withResolvers<void>();
  group.add(task.promise);
  let isOver = false;
  const over = group.wait().then(() => isOver = true);
  await settle();
  assertEquals(isOver, false);
  task.resolve();
  await over;
});
