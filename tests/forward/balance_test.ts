import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import type { UpstreamConfig } from "../../lib/serve/target/route.ts";
import type { NameAnswer } from "../../lib/net/names/answer.ts";
import { BALANCE_METHODS } from "../../lib/policy/limits/balancer.ts";
import { eventually } from "../support/dialogue.ts";
import {
  answer,
  ask,
  pooled,
  type SomeForwardConfig,
  startTestForward,
  type TestForward,
  upstreamAt,
} from "../support/forward.ts";
import { listenAgain, untilReleased } from "../support/free_port.ts";
import { closedPort, readToEnd, within, writeAll } from "../support/sockets.ts";

/** An upstream that can be stopped, and started again at its port. */
class Named implements AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** Connections that it has accepted. */
  accepted = 0;
  #listener: Deno.TcpListener | undefined;
  #accepting: Promise<void> | undefined;
  readonly #open = new Set<Deno.TcpConn>();

  constructor(name: string) {
    this.name = name;
    this.port = closedPort();
    this.start();
  }

  start(): void {
    const listener = listenAgain({ hostname: "127.0.0.1", port: this.port });
    this.#listener = listener;
    this.#accepting = (async () => {
      for await (const conn of listener) {
        this.accepted++;
        this.#open.add(conn);
        this.#serve(conn);
      }
    })();
  }

  /** Tells its name to whoever says something, until they leave. */
  async #serve(conn: Deno.TcpConn): Promise<void> {
    try {
      while (await conn.read(new Uint8Array(100)) !== null) {
        await writeAll(conn, this.name);
      }
    } catch {
      // It was stopped.
    }
    this.#open.delete(conn);
    conn[Symbol.dispose]();
  }

  async stop(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    await this.#accepting;
    untilReleased(this.port);
    for (const conn of this.#open) conn[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function at(
  { port }: Named,
  settings: Partial<UpstreamConfig> = {},
): UpstreamConfig {
  return upstreamAt({ hostname: "127.0.0.1", port }, settings);
}

/** A client of its own that asks for the upstream's name. */
async function nameFrom(forward: TestForward): Promise<string> {
  using conn = await forward.connect();
  return await ask(conn, "?", 1);
}

async function namesFrom(forward: TestForward, count: number): Promise<string> {
  let names = "";
  for (let n = 0; n < count; n++) names += await nameFrom(forward);
  return names;
}

function countOf(names: string, name: string): number {
  return names.split(name).length - 1;
}

Deno.test("Upstreams takes turns by weight", async () => {
  await using a = new Named("a");
  await using b = new Named("b");
  await using forward = await startTestForward([at(a, { weight: 3 }), at(b)]);
  const names = await namesFrom(forward, 16);
  assertEquals([countOf(names, "a"), countOf(names, "b")], [12, 4]);
  assert(!names.includes("bb"), names);
});

Deno.test("Upstreams takes the one with the fewest connections", async () => {
  await using a = new Named("a");
  await using b = new Named("b");
  await using forward = await startTestForward([at(a), at(b)], {
    balance: { method: "least-connections" },
  });
  const held: Deno.TcpConn[] = [];
  let names = "";
  for (let n = 0; n < 6; n++) {
    const conn = await forward.connect();
    held.push(conn);
    names += await ask(conn, "?", 1);
  }
  assertEquals([countOf(names, "a"), countOf(names, "b")], [3, 3]);
  // Those of one leave: it is next, until both are even.
  const leaving = held.filter((_, index) => names[index] === "a");
  for (const conn of leaving) conn.close();
  await forward.whenEnded(3);
  for (let n = 0; n < 3; n++) {
    const conn = await forward.connect();
    held.push(conn);
    assertEquals(await ask(conn, "?", 1), "a");
  }
  for (const conn of held) conn[Symbol.dispose]();
});

Deno.test("Upstreams takes the less busy of two at random", async () => {
  await using a = new Named("a");
  await using b = new Named("b");
  await using forward = await startTestForward([at(a), at(b)], {
    balance: { method: "random" },
  });
  const held: Deno.TcpConn[] = [];
  let names = "";
  for (let n = 0; n < 8; n++) {
    const conn = await forward.connect();
    held.push(conn);
    names += await ask(conn, "?", 1);
  }
  // Of two that is both, so they are never more than one apart.
  assertEquals([countOf(names, "a"), countOf(names, "b")], [4, 4]);
  for (const conn of held) conn.close();
});

Deno.test("Upstreams keeps a client's address at its upstream", async () => {
  await using a = new Named("a");
  await using b = new Named("b");
  await using c = new Named("c");
  const upstreams = [a, b, c];
  await using forward = await startTestForward(
    upstreams.map((one) => at(one)),
    { balance: { method: "source" } },
  );
  const names = await namesFrom(forward, 6);
  assertEquals(countOf(names, names[0]!), 6);
  // When that goes, another one has it.
  await upstreams.find(({ name }) => name === names[0])!.stop();
  const others = await namesFrom(forward, 3);
  assertEquals(countOf(others, others[0]!), 3);
  assert(others[0] !== names[0]);
});

for (const method of BALANCE_METHODS) {
  Deno.test(`Upstreams tries the next before any byte is sent, with ${method}`, async () => {
    await using a = new Named("a");
    const gone = upstreamAt({ hostname: "127.0.0.1", port: closedPort() });
    await using forward = await startTestForward([gone, at(a)], {
      balance: { method },
      health: { fall: 3, retryAfter: 60_000 },
    });
    assertEquals(await namesFrom(forward, 8), "aaaaaaaa");
    const events = await forward.whenEnded(8);
    assert(events.every(({ result }) => result === "ok"));
    assert(forward.messages.filter((one) => /is down/.test(one)).length <= 1);
  });
}

Deno.test("Upstreams takes a backup only while no other is up", async () => {
  await using a = new Named("a");
  await using b = new Named("b");
  await using forward = await startTestForward(
    [at(a), at(b, { isBackup: true })],
    { health: { fall: 1, rise: 1, retryAfter: 50 } },
  );
  assertEquals(await namesFrom(forward, 3), "aaa");
  await a.stop();
  assertEquals(await namesFrom(forward, 3), "bbb");
  a.start();
  assert(await eventually(async () => await nameFrom(forward) === "a"));
  assertEquals(await namesFrom(forward, 3), "aaa");
});

/** Milliseconds until an upstream that is down is tried again. */
const RETRY_AFTER = 2_000;

Deno.test("Upstreams closes immediately if all are down, logs it, and recovers", async () => {
  await using a = new Named("a");
  await using b = new Named("b");
  await using forward = await startTestForward([at(a), at(b)], {
    health: { fall: 1, rise: 2, retryAfter: RETRY_AFTER },
  });
  await a.stop();
  await b.stop();
  for (let n = 0; n < 2; n++) {
    using conn = await forward.connect();
    assertEquals(await within(5_000, readToEnd(conn)), new Uint8Array());
  }
  const [first, second] = await forward.whenEnded(2);
  assertMatch(first!.reason, /^Cannot reach .*: connection refused$/);
  assertEquals([second!.result, second!.address], ["failed", undefined]);
  assertEquals(
    second!.reason,
    `No upstream is up (127.0.0.1:${a.port}, 127.0.0.1:${b.port})`,
  );
  assertLess(second!.duration, RETRY_AFTER, "waited for the next attempt");
  const downs = [a, b].map(({ port }) =>
    `Upstream 127.0.0.1:${port} is down: Cannot reach 127.0.0.1:${port}: connection refused`
  );
  assertEquals(forward.messages, downs);
  a.start();
  assert(
    await eventually(async () => {
      using conn = await forward.connect();
      await writeAll(conn, "?").catch(() => {});
      return (await readSome(conn)) === "a";
    }),
  );
  // One success lets the next client try at once; two bring it up.
  await nameFrom(forward);
  assertEquals(forward.messages.slice(2), [
    `Upstream 127.0.0.1:${a.port} is up again`,
  ]);
});

async function readSome(conn: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(10);
  const count = await within(5_000, conn.read(buffer)).catch(() => 0);
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
}

Deno.test("Upstreams takes down what does not answer a check in time", async () => {
  await using a = new Named("a");
  await using forward = await startTestForward([
    at(a),
    upstreamAt({ host: "never.test", port: 1 }),
  ], {
    balance: { checkInterval: 10, checkTimeout: 30 },
    health: { fall: 2 },
    names: {
      source: {
        lookup: (_name, context) =>
          new Promise((_resolve, reject) => context.onCancel(reject)),
      },
    },
  });
  assert(await eventually(() => forward.messages.length === 1));
  assertEquals(
    forward.messages[0],
    "Upstream never.test:1 is down: Check time of 0.03 s has passed",
  );
  assertEquals(await namesFrom(forward, 3), "aaa");
});

Deno.test("Upstreams finds by health checks which upstream is down and up again", async () => {
  await using a = new Named("a");
  await using b = new Named("b");
  await using forward = await startTestForward([at(a), at(b)], {
    balance: { checkInterval: 20, checkTimeout: 1_000 },
    health: { fall: 2, rise: 2 },
  });
  const said = (pattern: RegExp) =>
    eventually(() => forward.messages.some((one) => pattern.test(one)));
  await a.stop();
  assert(await said(new RegExp(`:${a.port} is down: .*connection refused$`)));
  assertEquals(await namesFrom(forward, 4), "bbbb");
  await b.stop();
  assert(await said(new RegExp(`:${b.port} is down`)));
  using conn = await forward.connect();
  assertEquals(await within(5_000, readToEnd(conn)), new Uint8Array());
  conn.close();
  const event = (await forward.whenEnded(5))[4]!;
  assertMatch(event.reason, /^No upstream is up/);
  a.start();
  b.start();
  assert(await said(new RegExp(`:${a.port} is up again`)));
  assert(await said(new RegExp(`:${b.port} is up again`)));
  const names = await namesFrom(forward, 4);
  assertEquals([countOf(names, "a"), countOf(names, "b")], [2, 2]);
});

Deno.test("Upstreams gives one that came up its share slowly", async () => {
  await using a = new Named("a");
  await using b = new Named("b");
  await using forward = await startTestForward([at(a), at(b)], {
    balance: { checkInterval: 10, slowStart: 60_000 },
    health: { fall: 1, rise: 1 },
  });
  await a.stop();
  assert(await eventually(() => forward.messages.length === 1));
  a.start();
  assert(await eventually(() => forward.messages.length === 2));
  const names = await namesFrom(forward, 22);
  // A tenth of its share at first: one or two of 22.
  const count = countOf(names, "a");
  assert(count >= 1 && count <= 4, names);
});

Deno.test("Upstreams keeps one up when a client leaves", async () => {
  // The lookup takes longer than the client stays.
  const { promise, resolve } = Promise.withResolvers<NameAnswer>();
  const config: SomeForwardConfig = {
    health: { fall: 1 },
    names: { source: { lookup: () => promise } },
  };
  await using forward = await startTestForward([
    upstreamAt({ host: "a.test", port: 1 }),
    upstreamAt({ host: "b.test", port: 1 }),
  ], config);
  using conn = await forward.connect();
  assert(await eventually(() => forward.relay.connections === 1));
  const stopped = forward.relay.shutdown(0);
  assertEquals(await within(5_000, readToEnd(conn)), new Uint8Array());
  resolve({ addresses: [], exists: false, life: 0 });
  await stopped;
  assertEquals(forward.messages, []);
});

for (const mode of ["ahead", "reuse"] as const) {
  Deno.test(`Upstreams goes to the next where the pool of one is spoilt, with ${mode}`, async () => {
    await using a = new Named("a");
    await using b = new Named("b");
    await using forward = await startTestForward(
      [at(a), at(b)],
      pooled(mode, 2, { health: { fall: 1, retryAfter: 60_000 } }),
    );
    await namesFrom(forward, 4);
    await a.stop();
    assertEquals(await namesFrom(forward, 6), "bbbbbb");
    using conn = await forward.connect();
    await writeAll(conn, "?");
    assertEquals(await answer(conn, 1), "b");
  });
}
