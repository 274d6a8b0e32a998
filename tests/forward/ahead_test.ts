import { assert, assertEquals } from "@std/assert";
import { parseIpAddress } from "../../lib/wire/ip_address.ts";
import { eventually, pattern, readToEof } from "../support/dialogue.ts";
import {
  answer,
  ask,
  pooled,
  startHandUpstream,
  startTestForward,
  type TestForward,
  upstreamAt,
} from "../support/forward.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";

Deno.test("forward() gives each client a connection of its own that was ready, with ahead", async () => {
  const seen: string[] = [];
  await using server = startServer(async (conn) => {
    const buffer = new Uint8Array(100);
    let all = "";
    for (let n; (n = await conn.read(buffer)) !== null;) {
      const text = new TextDecoder().decode(buffer.subarray(0, n));
      all += text;
      await writeAll(conn, text.toUpperCase());
    }
    if (all !== "") seen.push(all);
  });
  await using forward = await startTestForward(
    [upstreamAt(server.addr)],
    pooled("ahead", 3),
  );
  for (let n = 0; n < 10; n++) {
    await forward.parked(3);
    using conn = await forward.connect();
    assertEquals(await ask(conn, `client ${n}`, 8), `CLIENT ${n}`);
  }
  await forward.whenEnded(10);
  assert(await eventually(() => seen.length === 10));
  assertEquals(seen.sort(), [...Array(10).keys()].map((n) => `client ${n}`));
  const { hits, misses, opened } = forward.figures;
  assertEquals({ hits, misses, opened }, { hits: 10, misses: 0, opened: 13 });
});

Deno.test("forward() passes the client's first bytes once and in order, with ahead", async () => {
  await using echo = startEcho();
  await using forward = await startTestForward(
    [upstreamAt(echo.addr)],
    pooled("ahead", 2),
  );
  await Promise.all([1, 5, 4096, 4097, 70_000, 300_000].map(async (length) => {
    using conn = await forward.connect();
    const data = pattern(length);
    const [back] = await within(
      10_000,
      Promise.all([readExactly(conn, length), writeAll(conn, data)]),
    );
    assertEquals(back, data);
    await conn.closeWrite();
    assertEquals(await within(5_000, readToEof(conn)), new Uint8Array());
  }));
  for (const event of await forward.whenEnded(6)) {
    assertEquals(event.sent, event.received);
  }
});

Deno.test("forward() spares its client the time that connecting takes, with ahead", async () => {
  const delay = 1_000;
  await using echo = startEcho();
  const upstreams = [upstreamAt({ host: "far.test", port: echo.addr.port })];
  const address = parseIpAddress("127.0.0.1")!;
  // Far away: each connection takes its time to be there.
  const names = {
    cacheSize: 0,
    source: {
      async lookup() {
        await new Promise((resolve) => setTimeout(resolve, delay));
        return { addresses: [address], exists: true, life: 0 };
      },
    },
  };
  const timeToFirstByte = async (forward: TestForward) => {
    using conn = await forward.connect();
    const begin = performance.now();
    assertEquals(await ask(conn, "?", 1), "?");
    return performance.now() - begin;
  };
  await using off = await startTestForward(upstreams, { names });
  const without = await timeToFirstByte(off);
  assert(without >= delay, `${without} ms`);
  await using ahead = await startTestForward(
    upstreams,
    pooled("ahead", 5, { names }),
  );
  await ahead.parked(5);
  for (let n = 0; n < 5; n++) {
    const took = await timeToFirstByte(ahead);
    assert(took < delay, `${took} ms`);
  }
  await ahead.parked(5); // No lookup is left under way.
});

Deno.test("forward() takes no connection for a client that says nothing, with ahead", async () => {
  await using upstream = startHandUpstream();
  await using forward = await startTestForward(
    [upstreamAt(upstream.addr)],
    pooled("ahead", 1, { timeouts: { idle: 100 } }),
  );
  await forward.parked(1);
  using leaving = await forward.connect();
  leaving.close();
  using waiting = await forward.connect();
  assertEquals(await within(5_000, readToEnd(waiting)), new Uint8Array());
  const events = await forward.whenEnded(2);
  assertEquals(events.map(({ reason }) => reason), [
    "client closed first",
    "Idle time of 0.1 s has passed",
  ]);
  const { hits, misses } = forward.figures;
  assertEquals([hits, misses, upstream.conns.length], [0, 0, 1]);
});

Deno.test("forward() notices before it sends a byte that a pooled connection has ended, with ahead", async () => {
  for (let round = 0; round < 5; round++) {
    let upstream = startHandUpstream();
    const { port } = upstream.addr;
    await using forward = await startTestForward(
      [upstreamAt(upstream.addr)],
      pooled("ahead", 200),
    );
    await forward.parked(200);
    assert(await eventually(() => upstream.conns.length === 200));
    using conn = await forward.connect();
    await upstream.stop();
    upstream = startHandUpstream(port);
    await writeAll(conn, "intact");
    // Whichever gets it: all of it, and the client has its answer.
    const { conn: asked, text } = await firstThatSpeaks(upstream.conns);
    assertEquals(text, "intact");
    await writeAll(asked, "answer");
    assertEquals(await answer(conn, 6), "answer");
    conn.close();
    await upstream.stop();
  }
});

/** Reads from all that there are until one of them has said something. */
async function firstThatSpeaks(
  conns: readonly Deno.TcpConn[],
): Promise<{ conn: Deno.TcpConn; text: string }> {
  const { promise, resolve } = Promise.withResolvers<
    { conn: Deno.TcpConn; text: string }
  >();
  const asked = new Set<Deno.TcpConn>();
  const timer = setInterval(() => {
    conns.forEach((conn) => {
      if (asked.has(conn)) return;
      asked.add(conn);
      const buffer = new Uint8Array(100);
      conn.read(buffer).then((count) => {
        if (!count) return;
        const text = new TextDecoder().decode(buffer.subarray(0, count));
        resolve({ conn, text });
      }, () => {});
    });
  }, 5);
  try {
    return await within(10_000, promise);
  } finally {
    clearInterval(timer);
  }
}

Deno.test("forward() gives each client the greeting of its server, with --server-speaks-first", async () => {
  let count = 0;
  await using server = startServer(async (conn) => {
    await writeAll(conn, `220 ${String(count++).padStart(3, "0")}\r\n`);
    const hello = new TextDecoder().decode(await readExactly(conn, 5));
    await writeAll(conn, `250 ${hello}\r\n`);
    await readToEnd(conn);
  });
  await using forward = await startTestForward(
    [upstreamAt(server.addr)],
    pooled("ahead", 4, { pool: { serverSpeaksFirst: true } }),
  );
  await forward.parked(4);
  const greetings = new Set<string>();
  for (let n = 0; n < 12; n++) {
    using conn = await forward.connect();
    greetings.add(await answer(conn, 9));
    assertEquals(await ask(conn, `EHLO${n % 10}`, 11), `250 EHLO${n % 10}\r\n`);
  }
  assertEquals(greetings.size, 12);
  for (const { sent, received } of await forward.whenEnded(12)) {
    assertEquals([sent, received], [5, 20]);
  }
  assert(forward.figures.hits >= 1, "none was ready");
});

Deno.test("forward() gives no client the unexpected bytes of a server, with ahead", async () => {
  await using upstream = startHandUpstream();
  await using forward = await startTestForward(
    [upstreamAt(upstream.addr)],
    pooled("ahead", 1),
  );
  await forward.parked(1);
  await writeAll(await upstream.conn(0), "surprise");
  assert(await eventually(() => forward.figures.evicted.spoke === 1));
  using conn = await forward.connect();
  await writeAll(conn, "hello");
  const served = await upstream.conn(1);
  assertEquals(await ask(served, "world", 5), "hello");
  assertEquals(await answer(conn, 5), "world");
});

Deno.test("forward() drains: closes pooled connections, drops waiting clients, lets tunnels finish", async () => {
  await using upstream = startHandUpstream();
  await using forward = await startTestForward(
    [upstreamAt(upstream.addr)],
    pooled("ahead", 2),
  );
  await forward.parked(2);
  using busy = await forward.connect();
  await writeAll(busy, "work");
  assert(await eventually(() => forward.figures.hits === 1));
  await forward.parked(2);
  using waiting = await forward.connect();
  assert(await eventually(() => forward.relay.connections === 2));
  const stopped = forward.relay.shutdown(10_000);
  assertEquals(await within(5_000, readToEnd(waiting)), new Uint8Array());
  let served: Deno.TcpConn | undefined;
  for (let n = 0; n < 3; n++) {
    const conn = await upstream.conn(n);
    const said = new Uint8Array(4);
    if (await within(5_000, conn.read(said)) !== null) served = conn;
  }
  await writeAll(served!, "done");
  assertEquals(await answer(busy, 4), "done");
  served!.close();
  busy.close();
  assertEquals(await within(5_000, stopped), 0);
  const [dropped, finished] = forward.ended;
  assertEquals(dropped!.result, "cut");
  assertEquals([finished!.result, finished!.received], ["ok", 4]);
  const { idle, evicted } = forward.figures;
  assertEquals([idle, evicted.closed], [0, 2]);
});

Deno.test("forward() ends a client whose upstream takes no more bytes, when the drain is over", async () => {
  await using upstream = startHandUpstream();
  await using forward = await startTestForward(
    [upstreamAt(upstream.addr)],
    pooled("ahead", 1),
  );
  using conn = await forward.connect();
  const writing = writeAll(conn, new Uint8Array(30_000_000)).catch(() => {});
  await upstream.conn(0);
  await forward.relay.shutdown(50);
  assertEquals(forward.ended.length, 1);
  await writing;
});

Deno.test("forward() fills up again after many failures, with ahead", async () => {
  const first = startHandUpstream();
  const { port } = first.addr;
  await using forward = await startTestForward(
    [upstreamAt(first.addr)],
    pooled("ahead", 2),
  );
  await forward.parked(2);
  await first.stop();
  assert(
    await eventually(() => forward.messages.some((m) => /is down/.test(m))),
  );
  const again = startHandUpstream(port);
  // The client's own connection tells that it is back.
  using conn = await forward.connect();
  await writeAll(conn, "x");
  await forward.parked(2);
  await again.stop();
});
