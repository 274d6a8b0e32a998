import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertMatch,
} from "@std/assert";
import { eventually, readToEof } from "../support/dialogue.ts";
import { LineClient, startTestHub, type TestHub } from "../support/hub.ts";
import { readToEnd, within } from "../support/sockets.ts";

/**
 * Sends so much that the system accepts no more for a client that does not
 * read.
 */
async function flood(hub: TestHub, lines: number): Promise<void> {
  using speaker = await hub.join();
  const line = "x".repeat(60_000);
  for (let n = 0; n < lines; n++) await speaker.say(`${n} ${line}`);
  assertEquals(await speaker.ask("/ping"), "* pong");
}

Deno.test("startHub() drops a slow client's oldest messages, and reports their number", async () => {
  await using hub = await startTestHub({ queue: 10, slow: "drop-oldest" });
  using slow = await hub.join();
  await flood(hub, 300);
  const heard: number[] = [];
  let lost = 0;
  while (heard.at(-1) !== 299) {
    const line = (await slow.hear())!;
    const loss = /^\* hub: (\d+) messages? dropped: /.exec(line)?.[1];
    if (loss === undefined) heard.push(parseInt(line));
    else lost += Number(loss);
  }
  assertEquals(heard, heard.toSorted((a, b) => a - b));
  assertEquals(heard.slice(-10), heard.slice(-10).map((_, n) => 290 + n));
  assertGreaterOrEqual(lost, 1);
  assertEquals(heard.length + lost, 300);
  slow.conn.close();
  const records = await hub.whenEnded(2);
  assertEquals(records[1]!.messages!.dropped, lost);
});

Deno.test("startHub() drops a slow client's newest messages until it has caught up", async () => {
  await using hub = await startTestHub({ queue: 10, slow: "drop-newest" });
  using slow = await hub.join();
  await flood(hub, 300);
  let next = 0;
  let line = (await slow.hear())!;
  while (!line.startsWith("* ")) {
    assertEquals(parseInt(line), next++);
    line = (await slow.hear())!;
  }
  assertMatch(line, new RegExp(`^\\* hub: ${300 - next} messages dropped: `));
  using speaker = await hub.join();
  await speaker.say("again");
  assertEquals(await slow.hear(), "again");
});

Deno.test("startHub() disconnects a slow client when slow is disconnect", async () => {
  await using hub = await startTestHub({ queue: 10, slow: "disconnect" });
  using slow = await hub.join();
  using good = await hub.join();
  const counting = (async () => {
    let count = 0;
    while (count < 300 && await good.hear() !== undefined) count++;
    return count;
  })();
  using speaker = await hub.join();
  for (let n = 0; n < 300; n++) {
    await speaker.say(`${n} ${"x".repeat(60_000)}`);
    assertEquals(await speaker.ask("/ping"), "* pong");
  }
  assertEquals(await within(10_000, counting), 300);
  const [record] = await hub.whenEnded(1);
  assertEquals(record!.result, "cut");
  assertEquals(
    record!.reason,
    "client reads too slowly: 10 messages wait",
  );
  await readToEnd(slow.conn);
});

Deno.test("startHub() sends silent clients heartbeats, and closes those without an answer", async () => {
  await using hub = await startTestHub({ heartbeat: 150 });
  using dead = await hub.join();
  using alive = await hub.join();
  const answering = (async () => {
    let count = 0;
    while (hub.ended.length === 0) {
      if (await alive.hear() === "* ping") count++;
      await alive.say("/pong");
    }
    return count;
  })();
  const start = performance.now();
  assertEquals(await dead.hearRest(), [
    "* ping",
    "* ping",
    "* Closing: nothing heard for 0.45 s",
  ]);
  assertGreaterOrEqual(performance.now() - start, 300);
  dead.conn.close();
  const [record] = await hub.whenEnded(1);
  assertEquals(
    [record!.result, record!.reason],
    ["cut", "Closing: nothing heard for 0.45 s"],
  );
  assertGreaterOrEqual(await answering, 2);
  assertEquals(hub.hub.clients(), 1);
});

Deno.test("startHub() reads a client over its rate more slowly, and loses nothing", async () => {
  await using hub = await startTestHub({ ratePerClient: 20 });
  using a = await hub.join();
  using b = await hub.join();
  const start = performance.now();
  for (let n = 0; n < 30; n++) await a.say(`${n}`);
  const heard = await b.hearAll(30);
  assertEquals(heard, heard.map((_, n) => `${n}`));
  const elapsed = performance.now() - start;
  assertGreaterOrEqual(elapsed, 490);
  assertLess(elapsed, 5_000);
});

Deno.test("startHub() tells a client over the limit why it closes", async () => {
  await using hub = await startTestHub({ maxConnections: 1 });
  using first = await hub.join();
  const { hostname, port } = hub.addr;
  using second = new LineClient(await Deno.connect({ hostname, port }));
  assertEquals(await second.hearRest(), ["* Limit of 1 connection reached"]);
  second.conn.close();
  const [record] = await hub.whenEnded(1);
  assertEquals(record!.result, "refused");
  assertEquals(await first.ask("/ping"), "* pong");
});

Deno.test("startHub() announces a shutdown to every client after its queued messages", async () => {
  const hub = await startTestHub();
  const clients = [await hub.join(), await hub.join(), await hub.join()];
  for (let n = 0; n < 50; n++) await clients[0]!.say(`${n}`);
  await clients[0]!.ask("/ping");
  const stopping = hub.hub.shutdown(10_000);
  for (const [index, client] of clients.entries()) {
    const lines = await client.hearRest();
    assertEquals(lines.at(-1), "* The hub is shutting down");
    assertEquals(lines.length, index === 0 ? 1 : 51);
    client.conn.close();
  }
  assertEquals(await within(5_000, stopping), 0);
  assertEquals(hub.hub.clients(), 0);
  const reasons = hub.ended.map(({ reason }) => reason);
  assertEquals(reasons, Array(3).fill("The hub is shutting down"));
});

Deno.test("startHub() does not wait long at a shutdown for a client that does not read", async () => {
  const hub = await startTestHub({ queue: 10 });
  using slow = await hub.join();
  await flood(hub, 300);
  const start = performance.now();
  assertEquals(await within(20_000, hub.hub.shutdown(30_000)), 0);
  assertLess(performance.now() - start, 20_000);
  await readToEnd(slow.conn);
});

Deno.test("startHub() cuts the remaining clients at the drain deadline", async () => {
  const hub = await startTestHub({ queue: 10 });
  using slow = await hub.join();
  await flood(hub, 300);
  await hub.whenEnded(1);
  assertEquals(await within(10_000, hub.hub.shutdown(100)), 1);
  await readToEnd(slow.conn);
});

Deno.test("startHub() closes a leaving client without waiting for its end", async () => {
  await using hub = await startTestHub();
  using client = await hub.join();
  await client.conn.closeWrite();
  assertEquals((await readToEof(client.conn)).length, 0);
  assert(await eventually(() => hub.hub.clients() === 0));
});
