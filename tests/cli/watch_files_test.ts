import { assertEquals, assertGreater } from "@std/assert";
import { listenForHangups } from "../../lib/cli/hangups.ts";
import { watchFiles } from "../../lib/cli/watch_files.ts";
import { within } from "../support/sockets.ts";
import { pass } from "../support/time.ts";

/** Counts checks, and resolves after a number of them. */
class FakeFile {
  polls = 0;
  reloads = 0;
  #changed = Promise.withResolvers<void>();

  poll(): Promise<void> {
    this.polls++;
    this.#changed.resolve();
    return Promise.resolve();
  }

  reload(): Promise<void> {
    this.reloads++;
    this.#changed.resolve();
    return Promise.resolve();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await within(5_000, this.#changed.promise);
      this.#changed = Promise.withResolvers();
    }
  }
}

Deno.test("watchFiles() checks repeatedly until disposed of", async () => {
  const file = new FakeFile();
  {
    await using _watching = watchFiles([file], { interval: 1 });
    await file.until(() => file.polls >= 3);
  }
  const { polls } = file;
  await pass(20); // Twenty intervals.
  assertEquals([file.polls, file.reloads], [polls, 0]);
});

Deno.test("watchFiles() waits for a read to end before the next check", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = new FakeFile();
  const other = new FakeFile();
  slow.poll = () => (slow.polls++, promise);
  {
    await using _watching = watchFiles([slow, other], { interval: 1 });
    await other.until(() => other.polls > 0);
    assertEquals(slow.polls, 1);
    resolve();
    await other.until(() => other.polls > 1);
    assertGreater(slow.polls, 1);
  }
});

Deno.test({
  name: "watchFiles() reloads on SIGHUP",
  ignore: Deno.build.os === "windows",
  async fn() {
    const files = [new FakeFile(), new FakeFile()];
    await using _watching = watchFiles(files, { interval: 100_000 });
    Deno.kill(Deno.pid, "SIGHUP");
    for (const file of files) await file.until(() => file.reloads === 1);
    assertEquals(files.map(({ polls }) => polls), [0, 0]);
  },
});

Deno.test({
  name: "watchFiles() calls onIdleSignal on SIGHUP when there are no files",
  ignore: Deno.build.os === "windows" || Deno.stdin.isTerminal(),
  async fn() {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using _watching = watchFiles([], { onIdleSignal: resolve });
    Deno.kill(Deno.pid, "SIGHUP");
    await within(5_000, promise);
  },
});

Deno.test("watchFiles() reads once more when any number of hangups arrive while it reads", async () => {
  let act = () => {};
  const hangups = {
    follow: (given: () => void) => {
      act = given;
      return () => {};
    },
    [Symbol.dispose]() {},
  };
  const first = Promise.withResolvers<void>();
  let reloads = 0;
  const file = {
    poll: () => Promise.resolve(),
    reload: () => ++reloads === 1 ? first.promise : Promise.resolve(),
  };
  const done: Promise<unknown>[] = [];
  const options = {
    ...{ hangups, interval: 100_000 },
    onSignal: (one: Promise<unknown>) => void done.push(one),
  };
  await using _watching = watchFiles([file], options);
  act();
  await Promise.resolve(); // The first reading has started.
  for (let n = 0; n < 100; n++) act();
  assertEquals(reloads, 1);
  first.resolve();
  await within(5_000, Promise.all(done));
  assertEquals(reloads, 2);
});

Deno.test({
  name: "listenForHangups() keeps a hangup that arrives before follow()",
  ignore: Deno.build.os === "windows" || Deno.stdin.isTerminal(),
  async fn() {
    using hangups = listenForHangups();
    const { promise, resolve } = Promise.withResolvers<void>();
    // Signals arrive in order, so SIGHUP arrives before this one.
    Deno.addSignalListener("SIGUSR1", resolve);
    Deno.kill(Deno.pid, "SIGHUP");
    Deno.kill(Deno.pid, "SIGUSR1");
    await within(5_000, promise);
    Deno.removeSignalListener("SIGUSR1", resolve);
    const acted = Promise.withResolvers<void>();
    hangups.follow(acted.resolve);
    await within(5_000, acted.promise);
  },
});
