import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { Context, timeoutError } from "../../lib/sync/context.ts";

const FIRST = new Error("first");
const SECOND = new Error("second");

/** Collects the reasons that a callback receives. */
function recorder(): { reasons: unknown[]; callback: (r: unknown) => void } {
  const reasons: unknown[] = [];
  return { reasons, callback: (reason) => reasons.push(reason) };
}

/** Resolves with the reason once the context is cancelled. */
function whenCancelled(context: Context): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  context.onCancel(resolve);
  return promise;
}

Deno.test("Context is not cancelled when it is new", () => {
  for (const context of [new Context(), new Context(new Context())]) {
    assertEquals(context.cancelled, false);
    assertEquals(context.reason, undefined);
    assertEquals(context.signal.aborted, false);
    context.throwIfCancelled();
  }
});

Deno.test("Context.cancel() keeps the first reason when called again", () => {
  const context = new Context();
  const { reasons, callback } = recorder();
  context.onCancel(callback);
  context.cancel(FIRST);
  context.cancel(SECOND);
  assertEquals(context.cancelled, true);
  assert(context.reason === FIRST);
  assertEquals(reasons, [FIRST]);
});

Deno.test("Context.cancel() keeps the first reason when a callback cancels again", () => {
  const context = new Context();
  const { reasons, callback } = recorder();
  context.onCancel(() => context.cancel(SECOND));
  context.onCancel(callback);
  context.cancel(FIRST);
  assert(context.reason === FIRST);
  assertEquals(reasons, [FIRST]);
});

Deno.test("Context.cancel() takes any value as the reason", () => {
  for (const reason of [undefined, null, 0, "text", FIRST]) {
    const context = new Context();
    const { reasons, callback } = recorder();
    context.onCancel(callback);
    context.cancel(reason);
    assertEquals(context.cancelled, true);
    assert(context.reason === reason);
    assertEquals(reasons, [reason]);
  }
});

Deno.test("Context.cancel() calls back in the order of registration", () => {
  const context = new Context();
  const order: number[] = [];
  for (const n of [1, 2, 3]) context.onCancel(() => order.push(n));
  context.cancel(FIRST);
  assertEquals(order, [1, 2, 3]);
});

Deno.test("Context.cancel() cancels children and grandchildren with its reason", () => {
  const root = new Context();
  const children = [new Context(root), new Context(root)];
  const grandchildren = children.map((child) => new Context(child));
  const { reasons, callback } = recorder();
  for (const context of [...children, ...grandchildren]) {
    context.onCancel(callback);
  }
  root.cancel(FIRST);
  for (const context of [...children, ...grandchildren]) {
    assertEquals(context.cancelled, true);
    assert(context.reason === FIRST);
  }
  assertEquals(reasons, [FIRST, FIRST, FIRST, FIRST]);
});

Deno.test("Context.cancel() does not cancel the parent or a sibling", () => {
  const root = new Context();
  const child = new Context(root);
  const sibling = new Context(root);
  child.cancel(FIRST);
  assertEquals(root.cancelled, false);
  assertEquals(sibling.cancelled, false);
  root.cancel(SECOND);
  assert(child.reason === FIRST);
  assert(sibling.reason === SECOND);
});

Deno.test("Context is cancelled from the start when its parent is cancelled", () => {
  const root = new Context();
  root.cancel(FIRST);
  const child = new Context(root);
  assertEquals(child.cancelled, true);
  assert(child.reason === FIRST);
  assertEquals(child.signal.aborted, true);
});

Deno.test("Context.release() stops the parent's cancellation", () => {
  const root = new Context();
  const child = new Context(root);
  child.release();
  root.cancel(FIRST);
  assertEquals(child.cancelled, false);
  child.cancel(SECOND);
  assert(child.reason === SECOND);
});

Deno.test("Context.release() does nothing when called again", () => {
  const root = new Context();
  const child = new Context(root);
  const sibling = new Context(root);
  child.release();
  child.release();
  root.cancel(FIRST);
  assertEquals(child.cancelled, false);
  assertEquals(sibling.cancelled, true);
});

Deno.test("Context releases itself at the end of a using block", () => {
  const root = new Context();
  let kept: Context;
  {
    using child = new Context(root);
    kept = child;
  }
  root.cancel(FIRST);
  assertEquals(kept.cancelled, false);
});

Deno.test("Context.release() works inside a callback of the parent's cancellation", () => {
  const root = new Context();
  const first = new Context(root);
  const second = new Context(root);
  first.onCancel(() => second.release());
  root.cancel(FIRST);
  assertEquals(second.cancelled, false);
});

Deno.test("Context.signal aborts with the reason when created before the cancellation", () => {
  const context = new Context();
  const { signal } = context;
  const events: unknown[] = [];
  signal.addEventListener("abort", () => events.push(signal.reason));
  context.cancel(FIRST);
  assertEquals(events, [FIRST]);
  assertEquals(signal.aborted, true);
});

Deno.test("Context.signal is aborted with the reason when created after the cancellation", () => {
  const context = new Context();
  context.cancel(FIRST);
  assertEquals(context.signal.aborted, true);
  assert(context.signal.reason === FIRST);
});

Deno.test("Context.signal returns the same object every time", () => {
  const context = new Context();
  const { signal } = context;
  assert(context.signal === signal);
  context.cancel(FIRST);
  assert(context.signal === signal);
});

Deno.test("Context.signal aborts when an ancestor is cancelled", () => {
  const root = new Context();
  const { signal } = new Context(new Context(root));
  root.cancel(FIRST);
  assert(signal.reason === FIRST);
});

Deno.test("Context.signal cancels a platform call", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const context = new Context();
  context.cancel(FIRST);
  await assertRejects(
    () =>
      Deno.connect({
        hostname: "127.0.0.1",
        port: listener.addr.port,
        signal: context.signal,
      }),
    Error,
    FIRST.message,
  );
});

Deno.test("Context.cancelAfter() cancels with a TimeoutError when the time has passed", async () => {
  const context = new Context();
  const cancelled = whenCancelled(context);
  const started = performance.now();
  context.cancelAfter(30);
  const reason = await cancelled;
  const took = performance.now() - started;
  assertGreaterOrEqual(took, 29);
  assertLess(took, 3_000);
  assert(reason instanceof DOMException);
  assertEquals(reason.name, "TimeoutError");
  assertEquals(reason.message, "Time limit of 0.03 s has passed");
});

Deno.test("Context.cancelAfter() replaces the first time when called again", async () => {
  const context = new Context();
  const cancelled = whenCancelled(context);
  const started = performance.now();
  context.cancelAfter(20);
  context.cancelAfter(80);
  const reason = await cancelled as DOMException;
  assertGreaterOrEqual(performance.now() - started, 79);
  assertEquals(reason.message, "Time limit of 0.08 s has passed");
});

Deno.test({
  name:
    "Context.cancelAfter() leaves no timer when the context is cancelled or released",
  sanitizeOps: true, // Off by default; it would find the timer.
  fn() {
    const cancelled = new Context();
    cancelled.cancelAfter(60_000);
    cancelled.cancel(FIRST);
    const released = new Context(new Context());
    released.cancelAfter(60_000);
    released.release();
    const root = new Context();
    const child = new Context(root);
    child.cancelAfter(60_000);
    root.cancel(FIRST);
    const late = new Context();
    late.cancel(FIRST);
    late.cancelAfter(60_000);
    assert(late.reason === FIRST);
  },
});

Deno.test("Context.onCancel() calls back immediately when already cancelled", () => {
  const context = new Context();
  context.cancel(FIRST);
  const { reasons, callback } = recorder();
  const unregister = context.onCancel(callback);
  assertEquals(reasons, [FIRST]);
  unregister();
  context.cancel(SECOND);
  assertEquals(reasons, [FIRST]);
});

Deno.test("Context.onCancel() calls back immediately when registered by a callback", () => {
  const context = new Context();
  const { reasons, callback } = recorder();
  context.onCancel(() => context.onCancel(callback));
  context.cancel(FIRST);
  assertEquals(reasons, [FIRST]);
});

Deno.test("Context.onCancel() does not call back when unregistered", () => {
  const context = new Context();
  const taken = recorder();
  const kept = recorder();
  const unregister = context.onCancel(taken.callback);
  context.onCancel(kept.callback);
  unregister();
  unregister();
  context.cancel(FIRST);
  assertEquals(taken.reasons, []);
  assertEquals(kept.reasons, [FIRST]);
});

Deno.test("Context.onCancel() does not call back when another callback has unregistered it", () => {
  const context = new Context();
  const { reasons, callback } = recorder();
  context.onCancel(() => unregister());
  const unregister = context.onCancel(callback);
  context.cancel(FIRST);
  assertEquals(reasons, []);
});

Deno.test("Context.throwIfCancelled() throws the reason itself", () => {
  const context = new Context();
  context.cancel(FIRST);
  const error = assertThrows(() => context.throwIfCancelled());
  assert(error === FIRST);
});

Deno.test("timeoutError() names the limit in seconds", () => {
  const cases = [
    { error: timeoutError(10_000), message: "Time limit of 10 s has passed" },
    { error: timeoutError(250), message: "Time limit of 0.25 s has passed" },
    {
      error: timeoutError(1_500, "Connect time"),
      message: "Connect time of 1.5 s has passed",
    },
  ];
  for (const { error, message } of cases) {
    assertEquals(error.name, "TimeoutError");
    assertEquals(error.message, message);
  }
});
