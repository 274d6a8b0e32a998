import { assert, assertEquals, assertMatch } from "@std/assert";
import { eventually } from "../support/dialogue.ts";
import {
  answer,
  ask,
  pooled,
  type SomeForwardConfig,
  startHandUpstream,
  startTestForward,
  type TestForward,
  upstreamAt,
} from "../support/forward.ts";
import { connectResettable } from "../support/reset.ts";
import {
  readExactly,
  readToEnd,
  startServer,
  type TestServer,
  within,
  writeAll,
} from "../support/sockets.ts";
import { pass } from "../support/time.ts";

/** Answers each line with its own port and the line. */
function startLines(): TestServer {
  return startServer(async (conn) => {
    const { port } = conn.remoteAddr as Deno.NetAddr;
    const buffer = new Uint8Array(1000);
    for (let text = "";;) {
      const count = await conn.read(buffer);
      if (count === null) return;
      text += new TextDecoder().decode(buffer.subarray(0, count));
      const lines = text.split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        await writeAll(conn, `${String(port).padStart(5)} ${line}\n`);
      }
    }
  });
}

/** One question of a client of its own; gives the port that it came from. */
async function askLine(forward: TestForward, line: string): Promise<string> {
  using conn = await forward.connect();
  const said = await ask(conn, `${line}\n`, 7 + line.length);
  assertEquals(said.slice(6), `${line}\n`);
  return said.slice(0, 5);
}

Deno.test("forward() gives a client the connection that another has left in good order, with reuse", async () => {
  await using server = startLines();
  await using forward = await startTestForward(
    [upstreamAt(server.addr)],
    pooled("reuse", 4),
  );
  const ports = new Set<string>();
  for (let n = 0; n < 8; n++) {
    ports.add(await askLine(forward, `question ${n}`));
    await forward.parked(1);
  }
  assertEquals([ports.size, server.accepted], [1, 1]);
  const { hits, misses, opened, evicted } = forward.figures;
  assertEquals({ hits, misses, opened }, { hits: 7, misses: 1, opened: 1 });
  assertEquals(Object.values(evicted).every((count) => count === 0), true);
  for (const { result, reason, sent, received } of forward.ended) {
    assertEquals([result, reason], ["ok", "client closed first"]);
    assertEquals([sent, received], [11, 17]);
  }
});

Deno.test("forward() keeps a connection for the next client at its own idle timeout, with reuse", async () => {
  await using server = startLines();
  await using forward = await startTestForward(
    [upstreamAt(server.addr)],
    pooled("reuse", 1, { timeouts: { idle: 100 } }),
  );
  using silent = await forward.connect();
  const said = await ask(silent, "one\n", 10);
  assertEquals(await within(5_000, readToEnd(silent)), new Uint8Array());
  await forward.parked(1);
  assertEquals(await askLine(forward, "two"), said.slice(0, 5));
  assertMatch(forward.ended[0]!.reason, /^Idle time of 0\.1 s/);
});

Deno.test("forward() works with a time to settle of 0", async () => {
  await using server = startLines();
  await using forward = await startTestForward(
    [upstreamAt(server.addr)],
    pooled("reuse", 1, { poolSettle: 0 }),
  );
  for (let n = 0; n < 3; n++) {
    await askLine(forward, `${n}`);
    await forward.parked(1);
  }
  assertEquals(server.accepted, 1);
});

/** Ways in which a connection does not go to another client. */
const BAD: {
  name: string;
  config?: SomeForwardConfig;
  /** Makes it bad; is given the client and what the upstream has of it. */
  make: (
    client: Deno.Conn,
    served: Deno.TcpConn,
    forward: TestForward,
  ) => Promise<void>;
}[] = [
  {
    name: "owes an answer",
    config: { timeouts: { halfClose: 100 } },
    async make(client, served) {
      await writeAll(client, "second");
      await readExactly(served, 6);
      client.close();
    },
  },
  {
    name: "was left in mid-message",
    config: { timeouts: { halfClose: 100 } },
    async make(client, served) {
      await writeAll(client, "sec");
      await readExactly(served, 3);
      client.close();
    },
  },
  {
    name: "was half-closed by the upstream",
    async make(client, served) {
      await served.closeWrite();
      assertEquals(await readToEnd(client), new Uint8Array());
      client.close();
    },
  },
  {
    name: "was closed by the upstream",
    async make(client, served) {
      served.close();
      await readToEnd(client);
      client.close();
    },
  },
  {
    name: "speaks after its client has left",
    async make(client, served, forward) {
      client.close();
      await forward.parked(1);
      await writeAll(served, "late");
      assert(await eventually(() => forward.figures.evicted.spoke === 1));
    },
  },
  {
    name: "speaks while its client is leaving, a little at a time",
    config: { poolSettle: 200, timeouts: { halfClose: 5_000 } },
    async make(client, served, forward) {
      await client.closeWrite();
      for (let n = 0; n < 30; n++) {
        await ask(served, "late", 0);
        assertEquals(await answer(client, 4), "late");
        await pass(10);
      }
      assertEquals(forward.figures.idle, 0);
      client.close();
      await forward.parked(1);
      await writeAll(served, "later");
      assert(await eventually(() => forward.figures.evicted.spoke === 1));
    },
  },
  {
    name: "ends while it is parked",
    async make(client, served, forward) {
      client.close();
      await forward.parked(1);
      served.close();
      assert(await eventually(() => forward.figures.evicted.ended === 1));
    },
  },
  {
    name: "half-closes while it is parked",
    async make(client, served, forward) {
      client.close();
      await forward.parked(1);
      await served.closeWrite();
      assert(await eventually(() => forward.figures.evicted.ended === 1));
    },
  },
  {
    name: "is parked for too long",
    config: { pool: { idleTimeout: 50 } },
    async make(client, _served, forward) {
      client.close();
      assert(await eventually(() => forward.figures.evicted.idle === 1));
    },
  },
  {
    name: "is too old when its client leaves",
    config: { pool: { maxAge: 50 } },
    async make(client, _served, forward) {
      await pass(60);
      client.close();
      await forward.whenEnded(1);
      assertEquals(forward.figures.idle, 0);
    },
  },
  {
    name: "grows too old while it is parked",
    config: { pool: { maxAge: 300 } },
    async make(client, _served, forward) {
      client.close();
      await forward.parked(1);
      assert(await eventually(() => forward.figures.evicted.aged === 1));
    },
  },
  {
    name: "takes no more bytes of its client",
    config: { timeouts: { halfClose: 100, idle: 300 } },
    async make(client, _served, forward) {
      const writing = writeAll(client, new Uint8Array(30_000_000));
      await forward.whenEnded(1);
      await writing.catch(() => {});
      client.close();
    },
  },
  {
    name: "has a client that takes no more bytes",
    config: { timeouts: { halfClose: 100, idle: 300 } },
    async make(client, served, forward) {
      await writeAll(client, "go");
      await readExactly(served, 2);
      const writing = writeAll(served, new Uint8Array(30_000_000));
      await forward.whenEnded(1);
      await writing.catch(() => {});
      client.close();
    },
  },
];

for (const { name, config = {}, make } of BAD) {
  Deno.test(`forward() gives no client a connection that ${name}, with reuse`, async () => {
    await using upstream = startHandUpstream();
    await using forward = await startTestForward(
      [upstreamAt(upstream.addr)],
      pooled("reuse", 2, config),
    );
    const client = await forward.connect();
    await writeAll(client, "first");
    const served = await upstream.conn(0);
    assertEquals(await ask(served, "answer", 5), "first");
    assertEquals(await answer(client, 6), "answer");
    await make(client, served, forward);
    await forward.whenEnded(1);
    // Another one gets a new connection, and its own bytes alone.
    using next = await forward.connect();
    await writeAll(next, "mine!");
    const other = await upstream.conn(1);
    assertEquals(await ask(other, "yours", 5), "mine!");
    assertEquals(await answer(next, 5), "yours");
    assertEquals(forward.figures.hits, 0);
  });
}

Deno.test("forward() gives no client a connection whose client has reset, with reuse", async () => {
  await using upstream = startHandUpstream();
  await using forward = await startTestForward(
    [upstreamAt(upstream.addr)],
    pooled("reuse"),
  );
  const socket = await connectResettable(forward.addr);
  socket.write("first");
  const served = await upstream.conn(0);
  assertEquals(await ask(served, "answer", 5), "first");
  socket.resetAndDestroy();
  const [event] = await forward.whenEnded(1);
  assertEquals(event!.reason, "client: connection reset");
  assertEquals(await within(5_000, readToEnd(served)), new Uint8Array());
  assertEquals(forward.figures.idle, 0);
});

Deno.test("forward() never mixes up answers, whatever clients do, with reuse", async () => {
  // Answers come after a random time; every third client leaves before its own.
  await using server = startServer(async (conn) => {
    const buffer = new Uint8Array(8);
    while (true) {
      await readExactly(conn, 8).then((bytes) => buffer.set(bytes));
      const wait = Math.random() < 0.5 ? 0 : Math.random() * 40;
      if (wait > 0) await pass(wait);
      await writeAll(conn, buffer);
    }
  });
  await using forward = await startTestForward(
    [upstreamAt(server.addr)],
    pooled("reuse", 8, { poolSettle: 10 }),
  );
  let number = 0;
  const mixed: string[] = [];
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (let n = 0; n < 25; n++) {
      const mine = String(++number).padStart(8, "0");
      using conn = await forward.connect();
      await writeAll(conn, mine);
      if (n % 3 === 2) continue;
      const said = await answer(conn, 8);
      if (said !== mine) mixed.push(`${said} for ${mine}`);
    }
  }));
  assertEquals(mixed, []);
  assertEquals((await forward.whenEnded(400)).length, 400);
  assert(forward.figures.hits > 50, JSON.stringify(forward.figures));
});

Deno.test("forward() redials what ended while it was parked without losing a byte, with reuse", async () => {
  let upstream = startHandUpstream();
  const { port } = upstream.addr;
  await using forward = await startTestForward(
    [upstreamAt(upstream.addr)],
    pooled("reuse", 4),
  );
  for (let round = 0; round < 10; round++) {
    const client = await forward.connect();
    await writeAll(client, "first");
    const served = await upstream.conn(0);
    assertEquals(await ask(served, "answer", 5), "first");
    assertEquals(await answer(client, 6), "answer");
    client.close();
    await forward.parked(1);
    using next = await forward.connect();
    await upstream.stop();
    upstream = startHandUpstream(port);
    await writeAll(next, "intact");
    const again = await upstream.conn(0);
    assertEquals(await ask(again, "answer", 6), "intact");
    assertEquals(await answer(next, 6), "answer");
    await upstream.stop(); // What is parked now ends as well.
    next.close();
    upstream = startHandUpstream(port);
  }
  await upstream.stop();
});
