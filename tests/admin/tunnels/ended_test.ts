import { assert, assertEquals } from "@std/assert";
import { parseFilter } from "../../../lib/admin/filter.ts";
import { EndedTunnels } from "../../../lib/admin/tunnels/ended.ts";
import type { ConnectionEvent } from "../../../lib/observe/log_event.ts";
import { Registry } from "../../../lib/serve/registry.ts";
import { FakeConnection } from "../../support/threads.ts";

/** Ended tunnels of a registry, and a function that ends one. */
function start(most: number): {
  ended: EndedTunnels;
  end: (more?: Partial<ConnectionEvent>) => void;
} {
  const registry = new Registry();
  const listener = registry.listen({
    name: "127.0.0.1:1080",
    kind: "proxy",
    isPublic: false,
  });
  const ended = new EndedTunnels(most);
  registry.onEnd((one) => ended.add(one));
  return { ended, end: (more) => new FakeConnection(listener, more).end() };
}

const EVERYTHING = parseFilter("");

Deno.test("EndedTunnels keeps the latest tunnels in order", () => {
  const { end, ended } = start(5);
  for (let n = 0; n < 12; n++) end();
  const ids = (since: number, most = 100) =>
    ended.since(since, most).map(({ id }) => id);
  assertEquals(ended.count, 12);
  assertEquals(ids(0), [8, 9, 10, 11, 12]);
  assertEquals(ids(10), [11, 12]);
  assertEquals(ids(12), []);
  assertEquals(ids(0, 2), [11, 12]);
});

Deno.test("EndedTunnels.page() lists only the known fields of each", () => {
  const { end, ended } = start(5);
  end({ user: "alice", result: "failed", code: "dial-timeout" });
  const { kept, left, matching, rows } = ended.page(EVERYTHING, { limit: 10 });
  assertEquals([kept, left, matching], [1, 1, 1]);
  const [[order, closed]] = rows as [typeof rows[0]];
  const { endedAt, startedAt, ...rest } = closed;
  assert(Date.parse(endedAt) >= Date.parse(startedAt));
  assertEquals([order, rest], [1, {
    id: 1,
    kind: "proxy",
    listener: "127.0.0.1:1080",
    client: "127.0.0.1:50000",
    protocol: "socks5",
    user: "alice",
    target: "example.com:443",
    address: "192.0.2.1:443",
    state: "ended",
    ageMs: 5,
    sent: 0,
    received: 0,
    result: "failed",
    code: "dial-timeout",
    reason: "client closed",
  }]);
});

Deno.test("EndedTunnels.page() filters and pages, the newest first", () => {
  const { end, ended } = start(100);
  for (let n = 1; n <= 30; n++) end({ user: n % 3 === 0 ? "alice" : "bob" });
  const terms = parseFilter("user=alice");
  const first = ended.page(terms, { limit: 4 });
  assertEquals(
    [first.kept, first.matching, first.left, first.rows.map(([n]) => n)],
    [30, 10, 10, [30, 27, 24, 21]],
  );
  // All ended in about the same millisecond, so the number decides.
  const { endedAt } = first.rows.at(-1)![1];
  const before = Date.parse(endedAt);
  const next = ended.page(terms, { limit: 4, before, order: 21 });
  assertEquals([next.matching, next.left, next.rows.map(([n]) => n)], [
    10,
    6,
    [18, 15, 12, 9],
  ]);
  assertEquals(ended.page(terms, { limit: 4, before: 0 }).left, 0);
});
