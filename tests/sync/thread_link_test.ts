import { assertEquals, assertRejects } from "@std/assert";
import { ThreadEnded, ThreadLink } from "../../lib/sync/thread_link.ts";

/** Functions of one end in these tests. */
interface Acts {
  add(one: number, other: number): number;
  wait(): Promise<string>;
  fail(): never;
  note(text: string): void;
  give(): unknown;
}

/** Both ends of a link. Disposing of it closes them. */
function open(
  acts: Partial<Acts>,
  options: ConstructorParameters<typeof ThreadLink>[2] = {},
): { link: ThreadLink<Acts>; port: MessagePort } & Disposable {
  const { port1, port2 } = new MessageChannel();
  new ThreadLink<Acts>(port2, acts, options);
  return {
    link: new ThreadLink<Acts>(port1, {}, options),
    port: port2,
    [Symbol.dispose]() {
      port1.close();
      port2.close();
    },
  };
}

Deno.test("ThreadLink.ask() returns the other end's answers in any order", async () => {
  const wait = Promise.withResolvers<string>();
  using test = open({
    add: (one, other) => one + other,
    wait: () => wait.promise,
  });
  const waiting = test.link.ask("wait");
  assertEquals(await test.link.ask("add", 1, 2), 3);
  wait.resolve("done");
  assertEquals(await waiting, "done");
});

Deno.test("ThreadLink.ask() asks and tells in order, both ways on one link", async () => {
  const noted: string[] = [];
  const { port1, port2 } = new MessageChannel();
  const one = new ThreadLink<Acts>(port1, {
    note: (text: string) => noted.push(text),
  });
  const ends: { other?: ThreadLink<Acts> } = {};
  ends.other = new ThreadLink<Acts>(port2, {
    async add(first: number, second: number) {
      ends.other!.tell("note", "before");
      await Promise.resolve();
      return first + second;
    },
    note: (text: string) => noted.push(text),
  });
  one.tell("note", "told");
  assertEquals(await one.ask("add", 1, 1), 2);
  assertEquals(noted, ["told", "before"]);
  port1.close();
  port2.close();
});

Deno.test("ThreadLink.ask() throws the other end's errors, and those of answers that can't be sent", async () => {
  using test = open({
    fail() {
      throw new RangeError("no such thing");
    },
    give: () => () => {},
  });
  await assertRejects(() => test.link.ask("fail"), Error, "no such thing");
  await assertRejects(
    () => test.link.ask("give"),
    Error,
    "could not be cloned",
  );
});

Deno.test("ThreadLink.ask() converts errors with its codec", async () => {
  using test = open({
    fail() {
      throw new RangeError("no");
    },
  }, {
    faults: {
      encode: (error) => [(error as Error).name, (error as Error).message],
      decode: (fault) => new RangeError((fault as string[]).join(" ")),
    },
  });
  await assertRejects(() => test.link.ask("fail"), RangeError, "RangeError no");
});

Deno.test("ThreadLink.ask() refuses when too many questions wait", async () => {
  using test = open({ wait: () => new Promise(() => {}) }, { mostWaiting: 2 });
  const waiting = [test.link.ask("wait"), test.link.ask("wait")];
  await assertRejects(() => test.link.ask("wait"), Error, "2 questions wait");
  test.link.close("over");
  for (const one of waiting) {
    await assertRejects(() => one, ThreadEnded, "over");
  }
});

Deno.test("ThreadLink.close() ends waiting and later questions, and sends nothing", async () => {
  const noted: string[] = [];
  using test = open({
    note: (text) => void noted.push(text),
    wait: () => new Promise(() => {}),
  });
  const waiting = test.link.ask("wait");
  test.link.close("it has ended");
  test.link.close("again");
  test.link.tell("note", "late");
  await assertRejects(() => waiting, ThreadEnded, "it has ended");
  await assertRejects(() => test.link.ask("add", 1, 1), ThreadEnded, "it has");
  await assertRejects(() => test.link.ask("wait"), ThreadEnded);
  assertEquals(noted, []);
});

Deno.test("ThreadLink.silence measures the time since the other end's last message", async () => {
  using test = open({ add: (one, other) => one + other });
  await test.link.ask("add", 1, 1);
  const before = test.link.silence;
  const until = performance.now() + 20;
  while (performance.now() < until);
  assertEquals(test.link.silence >= before + 20, true);
  await test.link.ask("add", 1, 1);
  assertEquals(test.link.silence < 20, true);
});
