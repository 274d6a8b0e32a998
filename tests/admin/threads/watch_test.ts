import { assert, assertEquals } from "@std/assert";
import { Threads } from "../../../lib/admin/threads/threads.ts";
import { CONFIRMED, readEvents, startTestAdmin } from "../../support/admin.ts";
import { eventually } from "../../support/dialogue.ts";
import { type Figures, parseFigures } from "../../support/figures.ts";
import { startProxyWorkers } from "../../support/proxy_workers.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../../support/sockets.ts";

/** The sum of a figure over all of its labels. */
function sumOf(figures: Figures, start: string): number {
  return [...figures].filter(([name]) => name.startsWith(start))
    .reduce((sum, [, value]) => sum + value, 0);
}

Deno.test("watchThread() lets the admin listener show and end connections of workers", async () => {
  const threads = new Threads();
  await using admin = await startTestAdmin({ threads, eventStep: 20 });
  assertEquals((await admin.ask("GET", "/readyz")).text, "no worker\n");
  const [one, other] = await startProxyWorkers(threads, 2);
  using _one = one!;
  using _other = other!;
  assertEquals((await admin.ask("GET", "/readyz")).status, 200);
  await using echo = startEcho();
  using stream = await admin.connect();
  await writeAll(
    stream,
    `GET /api/events HTTP/1.1\r\nHost: ${admin.host}\r\n\r\n`,
  );
  const events = readEvents(stream);
  assertEquals((await events.next()).value!.data.tunnels, []);
  const conns: Deno.TcpConn[] = [];
  for (const worker of [one!, other!, one!]) {
    const conn = await worker.openTunnel(echo.addr);
    await writeAll(conn, "hello");
    await readExactly(conn, 5);
    conns.push(conn);
  }
  const { silentWorkers, total, tunnels } = await admin.get("/api/tunnels");
  assertEquals([silentWorkers, total], [0, 3]);
  assertEquals(
    tunnels.map((
      { id, listener, sent }: Record<string, unknown>,
    ) => [id, listener, sent]),
    [one!, other!, one!].map((
      { addr },
      n,
    ) => [n + 1, `127.0.0.1:${addr.port}`, 5]),
  );
  const { text } = await admin.ask("GET", "/metrics");
  const figures = parseFigures(text);
  assertEquals(sumOf(figures, "sluice_open_connections"), 3);
  assertEquals(sumOf(figures, "sluice_bytes_total"), 30);
  assertEquals(figures.get("sluice_dial_duration_seconds_count"), 3);
  assertEquals(figures.get('sluice_workers{state="answering"}'), 2);
  const { workers } = await admin.get("/api/status");
  assertEquals(
    workers.map((
      { worker, open, isSilent }: Record<string, unknown>,
    ) => [worker, open, isSilent]),
    [[1, 2, false], [2, 1, false]],
  );
  const path = "/api/tunnels/2";
  const ended = await admin.ask("DELETE", path, { headers: CONFIRMED });
  assertEquals(ended.status, 204);
  assertEquals((await within(5_000, readToEnd(conns[1]!))).length, 0);
  // The open connections of a worker that dies are lost.
  one![Symbol.dispose]();
  await one!.remove();
  const seen = { opened: new Set<number>(), gone: new Set<number>() };
  while (seen.gone.size < 3) {
    const { data, name } = (await events.next()).value!;
    if (name !== "tick") continue;
    for (const { id } of data.opened) seen.opened.add(id);
    for (const id of data.gone) seen.gone.add(id);
  }
  assertEquals([...seen.opened].toSorted(), [1, 2, 3]);
  const after = parseFigures((await admin.ask("GET", "/metrics")).text);
  assertEquals(sumOf(after, "sluice_open_connections"), 0);
  assertEquals(sumOf(after, "sluice_accepted_connections_total"), 3);
  assertEquals(sumOf(after, "sluice_lost_connections_total"), 2);
  for (const [name, value] of figures) {
    if (!/_total|_count|_bucket|_sum/.test(name)) continue;
    assert(after.get(name)! >= value, name);
  }
  for (const conn of conns) conn.close();
});

Deno.test("watchThread() leaves out a worker that hangs, and shows it again when it continues", async () => {
  const threads = new Threads();
  await using admin = await startTestAdmin({ threads });
  // The other worker may be slow on a busy machine, but must stay in the list.
  const timeouts = [200, 60_000];
  const [one, other] = await startProxyWorkers(threads, 2, { timeouts });
  using _one = one!;
  using _other = other!;
  await using echo = startEcho();
  using _first = await one!.openTunnel(echo.addr);
  using _second = await other!.openTunnel(echo.addr);
  const totalIs = (count: number) =>
    eventually(
      async () => (await admin.get("/api/tunnels")).total === count,
      30_000,
    );
  assert(await totalIs(2));
  const goOn = await one!.hang();
  const { silentWorkers, total, tunnels } = await admin.get("/api/tunnels");
  assertEquals([silentWorkers, total, tunnels.length], [1, 2, 1]);
  const path = "/api/tunnels/1";
  const busy = await admin.ask("DELETE", path, { headers: CONFIRMED });
  assertEquals([busy.status, JSON.parse(busy.text).error.code], [503, "busy"]);
  assertEquals((await admin.get("/api/status")).workers[0].isSilent, true);
  goOn();
  assert(await totalIs(1), "it carries out the action when it continues");
  assertEquals(one!.thread.isSilent, false);
});

Deno.test("watchThread() lets workers record, end matching tunnels, and refuse a banned client", async () => {
  const threads = new Threads();
  await using admin = await startTestAdmin({ threads, historyStep: 20 });
  const workers = await startProxyWorkers(threads, 2);
  const [one, other] = workers;
  using _one = one!;
  using _other = other!;
  await threads.figures(); // Both have heard that they are to record.
  await using echo = startEcho();
  const conns: Deno.TcpConn[] = [];
  for (const worker of workers) {
    const conn = await worker.openTunnel(echo.addr);
    await writeAll(conn, "hello");
    await readExactly(conn, 5);
    conns.push(conn);
  }
  const target = `127.0.0.1:${echo.addr.port}`;
  let talkers;
  do talkers = await admin.get("/api/talkers?by=target"); while (
    talkers.bytes < 20
  );
  assertEquals(talkers.talkers, [{
    key: target,
    ...{ bytes: 20, bytesError: 0, connections: 2, connectionsError: 0 },
  }]);
  const { groups } = await admin.get("/api/groups?by=target");
  assertEquals(groups.map(({ open }: { open: number }) => open), [2]);
  const ask = async (method: string, path: string) =>
    JSON.parse((await admin.ask(method, path, { headers: CONFIRMED })).text);
  const filter = `filter=target=${target}`;
  assertEquals(await ask("DELETE", `/api/tunnels?${filter}&expect=2`), {
    ended: 2,
  });
  for (const conn of conns) {
    assertEquals((await within(5_000, readToEnd(conn))).length, 0);
    conn.close();
  }
  let closed;
  do closed = await admin.get("/api/closed?limit=1"); while (closed.kept < 2);
  const before = `before=${closed.next}`;
  const older = await admin.get(`/api/closed?limit=1&${before}`);
  assertEquals(older.next, null);
  const ids = [...older.closed, ...closed.closed].map(({ id }) => id);
  assertEquals(ids.toSorted(), [1, 2]);
  await ask("POST", "/api/bans?client=127.0.0.1");
  for (const worker of workers) {
    const refused = await worker.openTunnel(echo.addr).then(
      () => false,
      () => true,
    );
    assert(refused);
  }
  await admin.ask("DELETE", "/api/bans/127.0.0.1", { headers: CONFIRMED });
  for (const worker of workers) {
    (await worker.openTunnel(echo.addr)).close();
    await worker.stop();
    await worker.remove();
  }
});
