import { assertEquals, assertRejects } from "@std/assert";
import { PasswordQueue } from "../../../lib/policy/users/password_queue.ts";
import { Refusal } from "../../../lib/policy/limits/refusal.ts";

/** A check that ends when the test says so. */
function held() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const started: string[] = [];
  return {
    end: resolve,
    started,
    check: (name: string) => async () => {
      started.push(name);
      await promise;
      return name;
    },
  };
}

Deno.test("PasswordQueue.run() runs a limited number together, and the rest in order", async () => {
  const queue = new PasswordQueue({ atOnce: 2 });
  const { check, started, end } = held();
  const all = ["a", "b", "c", "d"].map((name) => queue.run(name, check(name)));
  await Promise.resolve();
  assertEquals(started, ["a", "b"]);
  end();
  assertEquals(await Promise.all(all), ["a", "b", "c", "d"]);
  assertEquals(started, ["a", "b", "c", "d"]);
});

Deno.test("PasswordQueue.run() refuses when too many wait", async () => {
  const queue = new PasswordQueue({ atOnce: 1, waiting: 3 });
  const { check, end } = held();
  const all = ["a", "b", "c", "d"].map((name) => queue.run(name, check(name)));
  const error = await assertRejects(() => queue.run("e", check("e")), Refusal);
  assertEquals([error.kind, error.limit], ["limit reached", "password-checks"]);
  end();
  await Promise.all(all);
  assertEquals(await queue.run("e", check("e")), "e");
});

Deno.test("PasswordQueue.run() refuses a client when too many of its checks wait, but no other", async () => {
  const queue = new PasswordQueue({ atOnce: 1, waitingOfClient: 2 });
  const { check, end } = held();
  const all = ["a", "a", "a"].map((name) => queue.run(name, check(name)));
  await assertRejects(() => queue.run("a", check("a")), Refusal);
  const other = queue.run("b", check("b"));
  end();
  await Promise.all([...all, other]);
  await Promise.all(
    ["a", "a", "a"].map((name) => queue.run(name, check(name))),
  );
});

Deno.test("PasswordQueue.run() frees its place when the check fails", async () => {
  const queue = new PasswordQueue({ atOnce: 1, waiting: 1 });
  for (let n = 0; n < 3; n++) {
    await assertRejects(
      () => queue.run("a", () => Promise.reject(new Error("no hash"))),
      Error,
      "no hash",
    );
  }
  assertEquals(await queue.run("a", () => Promise.resolve(1)), 1);
});
