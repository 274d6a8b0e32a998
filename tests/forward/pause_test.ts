import { assert, assertEquals } from "@std/assert";
import { eventually } from "../support/dialogue.ts";
import {
  ask,
  pooled,
  startTestForward,
  type TestForward,
  upstreamAt,
} from "../support/forward.ts";
import { startServer, type TestServer, within } from "../support/sockets.ts";

/** Connections that are parked. */
const POOL = 8;

/**
 * A server that stops as PostgreSQL does: it ends all connections, accepts
 * others until its work is done, and has not stopped before the last of those
 * has gone. It does not end them itself.
 */
class Lingering {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns = new Set<Deno.TcpConn>();
  readonly #accepting = this.#accept();
  #isStopping = false;
  /** Connections that have come since it has begun to stop. */
  late = 0;

  get addr(): Deno.NetAddr {
    return this.#listener.addr;
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      if (this.#isStopping) this.late++;
      this.#conns.add(conn);
      void this.#untilEnd(conn);
    }
  }

  async #untilEnd(conn: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64);
    while (await conn.read(buffer).catch(() => null) !== null);
    this.#conns.delete(conn);
    conn[Symbol.dispose]();
  }

  /**
   * Stops.
   *
   * @param work Milliseconds of work that it has to do yet.
   * @returns How long it took beyond that, in milliseconds.
   */
  async stop(work: number): Promise<number> {
    this.#isStopping = true;
    const end = performance.now() + work;
    for (const conn of this.#conns) conn.close();
    await new Promise((resolve) => setTimeout(resolve, work));
    this.#listener.close();
    await this.#accepting;
    const haveGone = await eventually(() => this.#conns.size === 0, 5_000);
    for (const conn of this.#conns) conn.close();
    assert(haveGone, "Somebody stays for ever");
    return performance.now() - end;
  }
}

async function startPool(
  addr: Deno.NetAddr,
): Promise<TestForward> {
  const forward = await startTestForward(
    [upstreamAt(addr)],
    pooled("ahead", POOL),
  );
  await forward.parked(POOL);
  return forward;
}

/** Starts what comes after a restart. */
function startAgain({ port }: Deno.NetAddr): TestServer {
  return startServer(
    async (conn) => {
      const buffer = new Uint8Array(64);
      for (let n; (n = await conn.read(buffer)) !== null;) {
        await conn.write(buffer.subarray(0, n));
      }
    },
    "127.0.0.1",
    port,
  );
}

async function served(forward: TestForward): Promise<void> {
  using conn = await forward.connect();
  assertEquals(await ask(conn, "hello", 5), "hello");
}

Deno.test("forward() does not hold up an upstream that restarts, with ahead", async () => {
  const upstream = new Lingering();
  await using forward = await startPool(upstream.addr);
  const held = await within(10_000, upstream.stop(200));
  // Long before the first of them is tried, after a second.
  assert(held < 700, `${held} ms`);
  assertEquals(upstream.late, 0);
  await using again = startAgain(upstream.addr);
  const begin = performance.now();
  await served(forward);
  assert(performance.now() - begin < 700);
  // Nothing but that client's, then one that is tried, then all of them.
  assertEquals(again.accepted, 1);
  assert(await eventually(() => again.accepted > 1));
  assertEquals(again.accepted, 2);
  await forward.parked(POOL);
  const { hits } = forward.figures;
  await served(forward);
  assertEquals(forward.figures.hits, hits + 1);
  const { ended, restart } = forward.figures.evicted;
  assertEquals(ended + restart >= POOL + 1, true);
});

Deno.test("forward() holds up an upstream that takes its time for no longer than that, with ahead", async () => {
  // In the first a trial comes meanwhile, in the second all that follow it.
  await Promise.all(
    [1_600, 2_600].map(async (work) => {
      const upstream = new Lingering();
      await using forward = await startPool(upstream.addr);
      const held = await upstream.stop(work);
      assert(held < work, `${held} ms after ${work} ms`);
      assert(upstream.late > 0, "nothing has come meanwhile");
      assert(forward.figures.evicted.restart > 0);
    }),
  );
});

Deno.test("forward() replaces the one of many that ends, with ahead", async () => {
  const conns: Deno.TcpConn[] = [];
  await using upstream = startServer(async (conn) => {
    conns.push(conn);
    await conn.read(new Uint8Array(1));
  });
  await using forward = await startPool(upstream.addr);
  assert(await eventually(() => conns.length === POOL));
  // Sooner than after a second it would seem not to want any.
  const since = performance.now();
  assert(await eventually(() => performance.now() > since + 1_000));
  conns[0]!.close();
  assert(await eventually(() => forward.figures.evicted.ended === 1));
  await forward.parked(POOL);
  const { opened, evicted } = forward.figures;
  assertEquals([opened, evicted.ended, evicted.restart], [POOL + 1, 1, 0]);
});
