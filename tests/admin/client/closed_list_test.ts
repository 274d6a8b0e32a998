import { assertEquals } from "@std/assert";
import type { ClosedAnswer, ClosedTunnel } from "../../../lib/admin/api.ts";
import { ClosedList } from "../../../lib/admin/client/closed_list.ts";

function closed(id: number, more: Partial<ClosedTunnel> = {}): ClosedTunnel {
  return {
    id,
    kind: "proxy",
    listener: "127.0.0.1:1080",
    client: "127.0.0.1:40000",
    protocol: "socks5",
    state: "closing",
    startedAt: "2026-01-02T03:04:05.000Z",
    endedAt: "2026-01-02T03:04:10.000Z",
    ageMs: 5_000,
    sent: 0,
    received: 0,
    result: "ok",
    code: "closed",
    reason: "it ended",
    ...more,
  };
}

function some(from: number, count: number): ClosedTunnel[] {
  return Array.from({ length: count }, (_, n) => closed(from + n));
}

function answer(
  closed: ClosedTunnel[],
  next: string | null = null,
): ClosedAnswer {
  const { length } = closed;
  return { closed, kept: length, matching: length, next, silentWorkers: 0 };
}

function ids(list: ClosedList): number[] {
  return list.rows.map(({ tunnel }) => tunnel.id);
}

Deno.test("ClosedList.begin() lists each ended tunnel once", () => {
  const list = new ClosedList();
  list.restart();
  // 3 ended after the answer was made, 4 between it and the tick after it.
  list.take([closed(2), closed(3)]);
  list.begin(answer([closed(1), closed(2), closed(4)]));
  assertEquals(ids(list), [1, 2, 4, 3]);
  list.take([closed(4), closed(5)]);
  assertEquals(ids(list), [1, 2, 4, 3, 5]);
  // Requests have the id of their connection.
  list.take([closed(5, { sent: 1 })]);
  assertEquals(ids(list), [1, 2, 4, 3, 5, 5]);
  // A new begin() drops the tunnels from before.
  list.restart();
  list.begin(answer([closed(1)]));
  assertEquals(ids(list), [1]);
});

Deno.test("ClosedList.take() remembers the last 10,000", () => {
  const list = new ClosedList();
  list.begin(answer(some(0, 9_000)));
  list.take(some(9_000, 1_500));
  assertEquals(list.rows.length, 10_000);
  assertEquals(list.kept, 10_000);
  assertEquals([ids(list).at(0), ids(list).at(-1)], [500, 10_499]);
});

Deno.test("ClosedList.addOlder() puts older ones before all others", () => {
  const list = new ClosedList();
  list.begin({ ...answer(some(500, 3), "2-0-0"), kept: 506 });
  assertEquals([list.kept, list.next], [506, "2-0-0"]);
  list.addOlder(answer([closed(498), closed(499)], "1-0-0"));
  list.addOlder(answer([closed(497)]));
  assertEquals(ids(list), [497, 498, 499, 500, 501, 502]);
  assertEquals(list.next, null);
  // Sorted by when they ended, the keys are in this order too.
  const keys = list.rows.map(({ key }) => key);
  assertEquals(keys, keys.toSorted((a, b) => a - b));
  assertEquals(new Set(keys).size, 6);
});

Deno.test("ClosedList.addOlder() keeps the newest when space is short", () => {
  const list = new ClosedList();
  list.begin(answer(some(2_000, 9_999), "9-0-0"));
  list.addOlder(answer([closed(1), closed(2)], "8-0-0"));
  assertEquals([list.rows.length, ids(list)[0]], [10_000, 2]);
  assertEquals(list.next, null);
});
