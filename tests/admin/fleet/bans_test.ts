import { assert, assertEquals } from "@std/assert";
import type { BanStatus } from "../../../lib/admin/api.ts";
import { eventually } from "../../support/dialogue.ts";
import { FleetNodeProgram } from "../../support/fleet_node_program.ts";
import { testPrograms } from "../../support/programs.ts";
import { startRedis } from "../../support/redis.ts";
import { connectRequest, greet, readReply } from "../../support/proxy.ts";
import {
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../../support/sockets.ts";

const BAN = "POST /api/bans?client=127.0.0.1&for=1h";

const LIFT = "DELETE /api/bans/127.0.0.1";

testPrograms({
  name:
    "an operator's ban holds on all nodes of a fleet, also on later ones and if Redis missed it, until it is lifted on any",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await startRedis(path);
    await using echo = startEcho();
    const admin = ["--admin", "127.0.0.1:0"];
    await using a = new FleetNodeProgram("a", redis.url, ...admin);
    await using b = new FleetNodeProgram(
      ...["b", redis.url, "--workers=2", ...admin] as const,
    );
    await using bare = new FleetNodeProgram("bare", redis.url);
    await Promise.all([a, b, bare].map(({ sluice }) => sluice.port()));
    assert(await eventually(async () => (await a.nodes()).length === 3));
    using tunnel = await b.sluice.openTunnel(echo.addr);

    const [status] = await a.ask(BAN);
    assertEquals(status, 200);
    assertEquals((await within(10_000, readToEnd(tunnel))).length, 0);
    await a.sluice.line(/Admin: banned 127\.0\.0\.1 for 1h/);
    for (const { sluice } of [b, bare]) {
      await sluice.line(/An operator of a banned 127\.0\.0\.1 for 1h$/);
    }
    for (const node of [a, b, bare]) await waitUntil(node, "banned", echo.addr);
    const [, { bans: [ban] }] = await b.ask("GET /api/bans") as [
      number,
      { bans: [BanStatus] },
    ];
    assertEquals([ban.key, ban.kind, ban.failures], ["127.0.0.1", "client", 0]);
    const left = Date.parse(ban.until) - Date.now();
    assert(left > 3_500_000 && left < 3_605_000, `${left}`);

    await using late = new FleetNodeProgram("late", redis.url, ...admin);
    await waitUntil(late, "banned", echo.addr);
    assertEquals((await late.ask(LIFT))[0], 204);
    for (const node of [late, bare, b, a]) {
      await waitUntil(node, "served", echo.addr);
    }
    await a.sluice.line(/An operator of late ended the ban of "127\.0\.0\.1"$/);
    assertEquals(await a.ask("GET /api/bans"), [200, { bans: [] }]);

    // Redis misses the next ban.
    redis.kill("SIGKILL");
    await a.sluice.line(/Lost Redis/);
    assertEquals((await a.ask(BAN))[0], 200);
    await waitUntil(a, "banned", echo.addr);
    await redis.restart();
    await waitUntil(b, "banned", echo.addr);
    await waitUntil(a, "banned", echo.addr);
  },
});

/** Waits until clients of 127.0.0.1 are refused, or served. */
async function waitUntil(
  { name, sluice }: FleetNodeProgram,
  state: "banned" | "served",
  target: Deno.NetAddr,
): Promise<void> {
  const isReached = async () => {
    using conn = await sluice.connect();
    try {
      await greet(conn);
      await writeAll(conn, connectRequest(target.hostname, target.port));
      return ((await readReply(conn)).reply === 0) === (state === "served");
    } catch {
      return state === "banned"; // It has closed the connection.
    }
  };
  assert(await eventually(isReached, 10_000), `${name} is not ${state}`);
}
