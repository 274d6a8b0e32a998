import { assertEquals, assertMatch } from "@std/assert";
import { StopSignals } from "../../lib/cli/stop_signals.ts";
import { startUntilSignal } from "../../lib/program/start_until_signal.ts";
import { makeFolder } from "../support/programs.ts";
import { PATIENCE } from "../support/running_program.ts";
import { Sluice } from "../support/sluice.ts";
import { within } from "../support/sockets.ts";

const NEVER = Promise.withResolvers<object>().promise;

Deno.test("startUntilSignal() gives what starts in time after a signal", async () => {
  const signals = new StopSignals();
  signals.raise("SIGTERM");
  const { promise, resolve } = Promise.withResolvers<object>();
  const started = startUntilSignal(promise, signals, 100_000);
  const server = {};
  resolve(server);
  assertEquals(await started === server, true);
  assertEquals(await signals.next(), "SIGTERM");
});

Deno.test("startUntilSignal() gives up a start that takes long after a signal", async () => {
  const signals = new StopSignals();
  signals.raise("SIGTERM");
  assertEquals(await startUntilSignal(NEVER, signals, 1), "SIGTERM");
});

Deno.test("startUntilSignal() gives up a start at the second signal", async () => {
  const signals = new StopSignals();
  const started = startUntilSignal(NEVER, signals, 100_000);
  signals.raise("SIGTERM");
  signals.raise("SIGINT");
  assertEquals(await within(5_000, started), "SIGINT");
});

for (const workers of [1, 2]) {
  Deno.test({
    name:
      `sluice ends at a signal while its start waits for a pipe, workers ${workers}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await using folder = await makeFolder();
      const pipe = `${folder.path}/rules`;
      await new Deno.Command("mkfifo", { args: [pipe] }).output();
      await using sluice = new Sluice(
        ...["--listen", "127.0.0.1:0", "--rules", pipe],
        ...["--workers", String(workers)],
      );
      // Opened once the program reads it, and never written to.
      using _pipe = await within(PATIENCE, Deno.open(pipe, { write: true }));
      sluice.kill("SIGHUP"); // Would end it, if nobody listened for it.
      sluice.kill("SIGTERM");
      assertEquals(await sluice.code(), 0);
      assertMatch(sluice.lines.join(), /SIGTERM: stopped during the start/);
    },
  });
}
