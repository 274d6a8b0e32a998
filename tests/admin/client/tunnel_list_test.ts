import { assert, assertEquals } from "@std/assert";
import type {
  ClosedTunnel,
  TickEvent,
  Tunnel,
} from "../../../lib/admin/api.ts";
import { TunnelList } from "../../../lib/admin/client/tunnel_list.ts";

function tunnel(id: number, more: Partial<Tunnel> = {}): Tunnel {
  return {
    id,
    kind: "proxy",
    listener: "127.0.0.1:1080",
    client: "127.0.0.1:40000",
    protocol: "socks5",
    state: "open",
    startedAt: "2026-01-02T03:04:05.000Z",
    ageMs: 5_000,
    sent: 0,
    received: 0,
    ...more,
  };
}

function closed(id: number): ClosedTunnel {
  const endedAt = "2026-01-02T03:04:05.000Z";
  const code = "closed";
  return { ...tunnel(id), endedAt, result: "ok", code, reason: "it ended" };
}

function tick(at: number, more: Partial<TickEvent> = {}): TickEvent {
  const status = {
    open: 1,
    total: 1,
    sent: 0,
    received: 0,
    draining: false,
    eventLoopDelayMs: 0,
  } as const;
  return {
    at,
    status,
    opened: [],
    closed: [],
    changed: [],
    gone: [],
    ...more,
  };
}

Deno.test("TunnelList.update() computes rates by the server's clock", async () => {
  const list = new TunnelList();
  await list.restart({ tunnels: [tunnel(1, { sent: 100, received: 1_000 })] });
  list.update(tick(10_000, { changed: [[1, 300, 1_000, "open"]] }));
  const row = list.open.get(1)!;
  // The length of the first tick is unknown and assumed to be a second.
  assertEquals(row.rates?.up(list.tick), 200);
  list.update(tick(14_000, { changed: [[1, 300, 9_000, "half-closed"]] }));
  assertEquals(row.rates?.up(list.tick), 0);
  assertEquals(row.rates?.down(list.tick), 2_000);
  assertEquals(row.tunnel.state, "half-closed");
  assertEquals(row.tunnel.received, 9_000);
});

Deno.test("TunnelList.update() replaces a tunnel with new facts", async () => {
  const list = new TunnelList();
  await list.restart({ tunnels: [] });
  const bare = tunnel(1, { protocol: "", state: "handshake" });
  list.update(tick(1_000, { opened: [bare] }));
  const row = list.open.get(1)!;
  assertEquals(row.sortKey("target", row.tunnel.target), "");
  const known = tunnel(1, { target: "b.example:80", sent: 50 });
  list.update(tick(2_000, { opened: [known] }));
  assertEquals(list.open.get(1), row);
  assertEquals(row.tunnel.target, "b.example:80");
  assert(row.sortKey("target", row.tunnel.target).startsWith("b.example"));
  assertEquals(row.rates?.up(list.tick), 50);
});

Deno.test("TunnelList.update() keeps tunnels of which only a request ended", async () => {
  const list = new TunnelList();
  await list.restart({ tunnels: [tunnel(1), tunnel(2)] });
  const row = list.open.get(2)!;
  list.update(tick(1_000, { closed: [closed(1), closed(2)], gone: [2] }));
  assertEquals([...list.open.keys()], [1]);
  assert(row.isGone);
  assertEquals(list.closed.rows.map(({ tunnel }) => tunnel.id), [1, 2]);
  assertEquals(new Set(list.closed.rows.map(({ key }) => key)).size, 2);
  // Unknown ids are ignored.
  list.update(tick(2_000, { changed: [[9, 1, 1, "open"]], gone: [9] }));
  assertEquals([...list.open.keys()], [1]);
});

Deno.test("TunnelList.restart() keeps the rates of known tunnels", async () => {
  const list = new TunnelList();
  await list.restart({ tunnels: [tunnel(1), tunnel(2)] });
  list.update(tick(1_000, { changed: [[1, 70, 0, "open"]] }));
  const gone = list.open.get(2)!;
  await list.restart({ tunnels: [tunnel(1, { sent: 500 })] });
  assertEquals(list.open.get(1)?.rates?.up(list.tick), 70);
  assert(gone.isGone);
  assertEquals(list.open.size, 1);
});

Deno.test("TunnelList.update() adds up the rates of all tunnels", () => {
  const list = new TunnelList();
  const { status } = tick(0);
  const later = { ...status, sent: 4_000, received: 8_000 };
  list.update(tick(1_000));
  assertEquals([list.up, list.down], [0, 0]);
  list.update(tick(3_000, { status: later }));
  assertEquals([list.up, list.down], [2_000, 4_000]);
  // A server that has restarted.
  list.update(tick(4_000));
  assertEquals([list.up, list.down], [0, 0]);
});

Deno.test("TunnelList.end() leaves no row that a person could end", async () => {
  const list = new TunnelList();
  await list.restart({ tunnels: [tunnel(1), tunnel(2)] });
  list.end();
  assertEquals([...list.open.values()].map(({ isGone }) => isGone), [
    true,
    true,
  ]);
  await list.restart({ tunnels: [tunnel(3)] });
  assertEquals([...list.open.values()].map(({ isGone }) => isGone), [false]);
});

Deno.test("TunnelList.update() shows no burst when a clock is set", async () => {
  const list = new TunnelList();
  await list.restart({ tunnels: [tunnel(1)] });
  list.update(tick(10_000));
  const { ageMs } = list.open.get(1)!;
  using _clock = setClock(7_200_000);
  // An hour back, on the server.
  list.update(tick(-3_590_000, { changed: [[1, 500, 0, "open"]] }));
  const row = list.open.get(1)!;
  assertEquals(row.rates?.up(list.tick), 500);
  assert(row.ageMs - ageMs < 60_000);
});

/** Sets the clock of this machine forward, until disposed of. */
function setClock(by: number): Disposable {
  const { now } = Date;
  Date.now = () => now() + by;
  return { [Symbol.dispose]: () => void (Date.now = now) };
}
