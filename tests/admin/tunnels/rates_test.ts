import { assertEquals } from "@std/assert";
import type { Tunnel } from "../../../lib/admin/api.ts";
import { TunnelRates } from "../../../lib/admin/tunnels/rates.ts";

function tunnel(id: number, sent: number, ageMs: number): Tunnel {
  return {
    ...{ id, sent, ageMs },
    received: 2 * sent,
    kind: "proxy",
    listener: "",
    client: "",
    protocol: "socks5",
    state: "open",
    startedAt: "",
  };
}

/** Rates by id. */
function rates(
  all: TunnelRates,
  now: number,
  ...tunnels: Tunnel[]
): [number, number, number][] {
  const open = tunnels.map(({ id, received, sent }) => ({
    id,
    carried: { sent, received },
  }));
  all.look(open, now);
  return tunnels.map((tunnel) => all.rate(tunnel, now))
    .map(({ id, receivedRate, sentRate }) => [id, sentRate, receivedRate]);
}

Deno.test("TunnelRates.rate() first covers the whole life, and always at least a second", () => {
  const all = new TunnelRates();
  assertEquals(
    rates(all, 0, tunnel(1, 1_000, 10_000), tunnel(2, 50, 100)),
    [[1, 100, 200], [2, 50, 100]],
  );
});

Deno.test("TunnelRates.rate() covers the time since a sample that is old enough", () => {
  const all = new TunnelRates();
  rates(all, 0, tunnel(1, 1_000, 10_000));
  const soon = tunnel(1, 1_500, 10_500);
  assertEquals(rates(all, 500, soon), [[1, 143, 286]]);
  const later = [tunnel(1, 3_000, 12_000), tunnel(2, 10, 1_000)];
  assertEquals(rates(all, 2_000, ...later), [[1, 1_000, 2_000], [2, 10, 20]]);
  assertEquals(rates(all, 2_500, tunnel(1, 3_500, 12_500)), [[
    1,
    1_000,
    2_000,
  ]]);
  assertEquals(rates(all, 4_000, tunnel(1, 3_000, 14_000)), [[1, 0, 0]]);
});

Deno.test("TunnelRates.rate() ignores a sample that is too old", () => {
  const all = new TunnelRates();
  rates(all, 0, tunnel(1, 1_000, 10_000));
  const late = tunnel(1, 1_000, 100_000);
  assertEquals(rates(all, 90_000, late), [[1, 10, 20]]);
});
