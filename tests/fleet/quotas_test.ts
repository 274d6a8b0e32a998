import { assert, assertEquals, assertLess } from "@std/assert";
import type { LogEvent } from "../../lib/observe/log_event.ts";
import { eventually } from "../support/dialogue.ts";
import { startNode, startNodes, type TestNode } from "../support/fleet.ts";
import { testPrograms } from "../support/programs.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";
import { openSlowWay } from "../support/slow_way.ts";
import { startEcho } from "../support/sockets.ts";
import { assertSoon, pass } from "../support/time.ts";
import { carry, whenCut } from "../support/traffic.ts";

const KB = 1_000;

/** Users who use up a quota, one for each attempt. */
const SPENDERS = ["alice", "ann", "amy"] as const;

/** What Redis holds of a user today, in all. */
async function totalOf(redis: TestRedis, user: string): Promise<number> {
  const day = new Date().toISOString().slice(0, 10);
  const key = `sluice:1:{sluice}:quota:proxy-1:${day}`;
  return Number(await redis.cli("HGET", key, user));
}

testPrograms({
  name:
    "a quota that three machines use up together cuts the user on all within 2 s",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await startRedis(paths["redis-server"]);
    await using target = startEcho();
    await using nodes = await startNodes(["a", "b", "c"], redis.url, [
      ...["--quota-per-user", "600KB"],
      ...["--user", "ann:ann", "--user", "amy:amy"],
    ]);
    const conns: Deno.Conn[] = [];
    async function tunnel(node: TestNode, user: string) {
      const { conn, reply } = await node.openTunnel(user, target.addr);
      conns.push(conn);
      return { conn, reply };
    }
    const { conn: other } = await tunnel(nodes.all[1], "bob");
    await assertSoon(2_000, async (n) => {
      const user = SPENDERS[n]!;
      const tunnels = await Promise.all(
        nodes.all.map((node) => tunnel(node, user)),
      );
      // Two machines carry 150 KB in both directions: 600 KB in all.
      await carry(tunnels[0]!.conn, 150 * KB);
      await carry(tunnels[1]!.conn, 150 * KB);
      const used = performance.now();
      const ends = await Promise.all(tunnels.map(({ conn }) => whenCut(conn)));
      for (const node of nodes.all) {
        assertEquals((await tunnel(node, user)).reply, 1);
      }
      return Math.max(...ends) - used;
    });
    await carry(other, KB);
    for (const conn of conns) conn.close();
  },
});

function isLost(event: LogEvent): boolean {
  return event.event === "message" && event.code === "fleet-lost";
}

/** How many scripts Redis has run. */
async function scriptCalls(redis: TestRedis): Promise<number> {
  const stats = await redis.cli("INFO", "commandstats");
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)![1]);
}

testPrograms({
  name:
    "machines 200 ms away from Redis cut a user within 2 s, ask once a second and count each byte once",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await startRedis(paths["redis-server"]);
    await using target = startEcho();
    await using way = openSlowWay(redis, 100);
    const url = `redis://127.0.0.1:${way.port}`;
    await using nodes = await startNodes(["a", "b", "c"], url, [
      ...["--quota-per-user", "600KB", "--fleet-timeout", "1s"],
      ...["--user", "ann:ann", "--user", "amy:amy"],
    ]);
    const conns: Deno.Conn[] = [];
    async function tunnels(user: string) {
      const all = await Promise.all(
        nodes.all.map((node) => node.openTunnel(user, target.addr)),
      );
      conns.push(...all.map(({ conn }) => conn));
      return all.map(({ conn }) => conn);
    }
    await assertSoon(2_000, async (n) => {
      const user = SPENDERS[n]!;
      const all = await tunnels(user);
      await Promise.all(all.map((conn) => carry(conn, 100 * KB)));
      const used = performance.now();
      const ends = await Promise.all(all.map(whenCut));
      assertEquals(await totalOf(redis, user), 600 * KB);
      return Math.max(...ends) - used;
    });

    // Three busy users need no more calls than one.
    const busy = (await Promise.all(["bob", "ann", "amy"].map(tunnels))).flat();
    const before = await scriptCalls(redis);
    const began = performance.now();
    for (let n = 0; n < 20; n++) {
      await Promise.all(busy.map((conn) => carry(conn, KB)));
      await pass(100);
    }
    const calls = await scriptCalls(redis) - before;
    const seconds = (performance.now() - began) / 1_000;
    // A round trip reports that the machine lives, its places and its quotas.
    const scripts = 3;
    assertLess(calls, nodes.all.length * scripts * (seconds + 1));
    const isBob = async (bytes: number) =>
      await eventually(async () => await totalOf(redis, "bob") === bytes);
    assert(await isBob(3 * 20 * 2 * KB));

    // Redis gets these counts, but its answers come too late. So the machines
    // write the counts again.
    way.delay = 800;
    for (const node of nodes.all) await node.event(isLost);
    await Promise.all(busy.map((conn) => carry(conn, KB)));
    way.delay = 100;
    assert(await eventually(() => nodes.all.every(({ view }) => view.isUp)));
    assert(await isBob(3 * 21 * 2 * KB));
    for (const conn of conns) conn.close();
  },
});

testPrograms({
  name: "a restarted machine adds to its former counts",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await startRedis(paths["redis-server"]);
    await using target = startEcho();
    const quota = ["--quota-per-user", "1MB"];
    for (const round of [1, 2]) {
      await using node = await startNode("a", redis.url, quota);
      const { conn } = await node.openTunnel("alice", target.addr);
      await carry(conn, 100 * KB);
      conn.close();
      // The machine writes the rest when it ends.
      await node.event(({ event }) => event === "connection");
      await node[Symbol.asyncDispose]();
      assertEquals(await totalOf(redis, "alice"), round * 200 * KB);
    }
  },
});

testPrograms({
  name: "a machine writes what it counted while Redis was away, once",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await startRedis(paths["redis-server"]);
    await using target = startEcho();
    await using nodes = await startNodes(["a", "b"], redis.url, [
      ...["--quota-per-user", "1MB", "--max-connections", "100"],
    ]);
    const [a, b] = nodes.all;
    const { conn } = await a.openTunnel("alice", target.addr);
    await carry(conn, 100 * KB);
    assert(
      await eventually(async () => await totalOf(redis, "alice") === 200 * KB),
    );
    redis.kill("SIGKILL");
    assert(await eventually(() => !a.view.isUp && !b.view.isUp));
    await carry(conn, 50 * KB); // Open connections stay open.
    await redis.restart(); // Its data is lost.
    assert(await eventually(() => a.view.isUp && b.view.isUp));
    assert(
      await eventually(async () => await totalOf(redis, "alice") === 300 * KB),
    );
    for (const node of nodes.all) {
      const codes = node.events.flatMap((one) =>
        one.event === "message" ? [one.code] : []
      );
      assertEquals(codes.filter((code) => code === "fleet-lost").length, 1);
      assertEquals(codes.filter((code) => code === "fleet-back").length, 1);
    }
    conn.close();
  },
});

testPrograms({
  name: "a machine that joins knows whose quota is used up",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await startRedis(paths["redis-server"]);
    await using target = startEcho();
    const quota = ["--quota-per-user", "100KB"];
    await using first = await startNode("a", redis.url, quota);
    const { conn } = await first.openTunnel("alice", target.addr);
    await carry(conn, 60 * KB);
    await whenCut(conn);
    conn.close();
    await using second = await startNode("b", redis.url, quota);
    await isRefused(second, target.addr);
  },
});

async function isRefused(node: TestNode, target: Deno.NetAddr): Promise<void> {
  assert(
    await eventually(async () => {
      const { conn, reply } = await node.openTunnel("alice", target);
      conn.close();
      return reply === 1;
    }),
  );
}
