import { assertEquals } from "@std/assert";
import type { Tunnel } from "../../../../lib/admin/api.ts";
import type { Dimension } from "../../../../lib/admin/client/dimensions.ts";
import { Grouping } from "../../../../lib/admin/page/tunnels/groups.ts";
import { RateHistory } from "../../../../lib/admin/client/rate_history.ts";
import { Row } from "../../../../lib/admin/client/row.ts";

function row(id: number, more: Partial<Tunnel> = {}): Row {
  const tunnel: Tunnel = {
    id,
    kind: "proxy",
    listener: "127.0.0.1:1080",
    client: `10.0.0.9:${40_000 + id}`,
    protocol: "socks5",
    state: "open",
    startedAt: "2026-01-02T03:04:05.000Z",
    ageMs: 0,
    sent: 10,
    received: 100,
    ...more,
  };
  return new Row(id, tunnel);
}

Deno.test("Grouping.group() adds up the tunnels of each group", () => {
  const grouping = new Grouping("user");
  const rows = [row(1, { user: "alice" }), row(2, { user: "alice" }), row(3)];
  rows[0]!.rates = new RateHistory();
  rows[0]!.rates.write(7, 5, 50);
  const groups = grouping.group(rows, 7);
  assertEquals(
    groups.map(({ count, down, name, received, sent, up }) => [
      ...[name, count, sent, received],
      ...[up, down],
    ]),
    [["alice", 2, 20, 200, 5, 50], ["", 1, 10, 100, 0, 0]],
  );
});

Deno.test("Grouping.group() keeps a group while it has tunnels", () => {
  const grouping = new Grouping("user");
  const [alice, bob] = grouping.group(
    [row(1, { user: "alice" }), row(2, { user: "bob" })],
    1,
  );
  assertEquals(grouping.group([row(2, { user: "bob" })], 2), [bob!]);
  assertEquals([alice!.isGone, bob!.isGone, bob!.count], [true, false, 1]);
  const [again] = grouping.group([row(3, { user: "alice" })], 3);
  assertEquals(again!.key === alice!.key, false);
});

Deno.test("Grouping.group() groups by each field", () => {
  const all = row(1, { user: "al", target: "b.example:80", rule: "lan" });
  const expected: [Dimension, string][] = [
    ["user", "al"],
    ["client", "10.0.0.9"],
    ["target", "b.example:80"],
    ["rule", "lan"],
  ];
  for (const [field, name] of expected) {
    assertEquals(new Grouping(field).group([all], 1)[0]?.name, name);
  }
});
