import { assertEquals } from "@std/assert";
import { OperatorSignals } from "../../lib/program/operator_signals.ts";
import type { StopSignals } from "../../lib/cli/stop_signals.ts";

class FakeSignals implements StopSignals {
  readonly sent: PromiseWithResolvers<string>[] = [];

  next(): Promise<string> {
    const signal = Promise.withResolvers<string>();
    this.sent.push(signal);
    return signal.promise;
  }

  [Symbol.dispose](): void {}
}

Deno.test("OperatorSignals.next() gives the operator's once, and then the system's", async () => {
  const system = new FakeSignals();
  using signals = new OperatorSignals(system);
  const first = signals.next();
  signals.raise();
  signals.raise();
  assertEquals(await first, "Operator");
  const second = signals.next();
  // What was waited for is not lost.
  assertEquals(system.sent.length, 1);
  system.sent[0]!.resolve("SIGINT");
  assertEquals(await second, "SIGINT");
});

Deno.test("OperatorSignals.next() gives the system's signals one after the other", async () => {
  const system = new FakeSignals();
  using signals = new OperatorSignals(system);
  for (const name of ["SIGTERM", "SIGINT"]) {
    const next = signals.next();
    system.sent.at(-1)!.resolve(name);
    assertEquals(await next, name);
  }
  assertEquals(system.sent.length, 2);
});
