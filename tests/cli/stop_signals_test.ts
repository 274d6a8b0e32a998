import { assertEquals } from "@std/assert";
import { StopSignals } from "../../lib/cli/stop_signals.ts";
import { PATIENCE } from "../support/running_program.ts";
import { within } from "../support/sockets.ts";

/** Windows can't send these. */
const ignore = Deno.build.os === "windows";

Deno.test({
  name: "listenForSignals() keeps signals that arrive before a wait",
  ignore,
  async fn() {
    // In its own process, because the test runner listens for SIGINT too.
    const module = import.meta.resolve("../../lib/cli/stop_signals.ts");
    const code = `import { listenForSignals } from "${module}";
      const signals = listenForSignals();
      for (const signal of ["SIGTERM", "SIGINT"]) {
        const { promise, resolve } = Promise.withResolvers();
        Deno.addSignalListener(signal, resolve);
        Deno.kill(Deno.pid, signal);
        await promise;
        Deno.removeSignalListener(signal, resolve);
      }
      const names = [await signals.next(), await signals.next()];
      const third = signals.next();
      Deno.kill(Deno.pid, "SIGINT");
      names.push(await third);
      Deno.stdout.writeSync(new TextEncoder().encode(names.join()));
      signals[Symbol.dispose](); // Otherwise the process would not end.`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const { stdout } = await within(PATIENCE, child.output());
    assertEquals(new TextDecoder().decode(stdout), "SIGTERM,SIGINT,SIGINT");
  },
});

Deno.test("StopSignals.next() returns raised signals in order, before and during a wait", async () => {
  const signals = new StopSignals();
  signals.raise("SIGTERM");
  signals.raise("Operator");
  assertEquals(await signals.next(), "SIGTERM");
  assertEquals(await signals.next(), "Operator");
  const third = signals.next();
  // Two waits at the same time both get the signal.
  const again = signals.next();
  signals.raise("SIGINT");
  assertEquals([await third, await again], ["SIGINT", "SIGINT"]);
});
