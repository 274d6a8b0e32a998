import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { eventually } from "../../support/dialogue.ts";
import { startNodes } from "../../support/fleet.ts";
import {
  closeAll,
  closeCounted,
  CountingTarget,
  fill,
  LIMITS,
  openCounted,
  openInTime,
  TAKEN_BACK,
  USERS,
} from "../../support/fleet_load.ts";
import { testPrograms } from "../../support/programs.ts";
import { startWatchedRedis, type TestRedis } from "../../support/redis.ts";
import type { RedisLogin } from "../../support/redis_command.ts";

const CLIENT = { address: "10.3.0.1", user: USERS[0]! };

/** Connections that open while the replica is cut off. */
const BEHIND = 6;

/** The password of the master after that. */
const OTHER = { password: "other" };

const ARGS = [
  ...["--accept-proxy", "required", "--accept-proxy-from", "127.0.0.1"],
  ...USERS.flatMap((user) => ["--user", `${user}:pw`]),
  ...["--max-connections", String(LIMITS.all)],
];

/** Waits until the replica has all data, and then cuts it off. */
async function cutReplica(master: TestRedis): Promise<void> {
  assertEquals(await master.cli("WAIT", "1", "5000"), "1");
  // The replica cannot log in again.
  await master.cli("CONFIG", "SET", "requirepass", OTHER.password);
  await master.cliAs(OTHER, "CLIENT", "KILL", "TYPE", "replica");
}

/** Returns how many places each machine has been granted. */
async function grantedIn(
  redis: TestRedis,
  login: RedisLogin = {},
): Promise<Map<string, number>> {
  const granted = new Map<string, number>();
  const names = await redis.cliAs(login, "KEYS", "*:places:of:*");
  for (const name of names.split("\n").filter((name) => name !== "")) {
    const fields = (await redis.cliAs(login, "HGETALL", name)).split("\n");
    const at = fields.findIndex((field) => field.endsWith("/"));
    granted.set(name, at < 0 ? 0 : Number(fields[at + 1]));
  }
  return granted;
}

testPrograms({
  name:
    "after a failover the excess is at most what the replica had missed, and no place is lost",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using target = new CountingTarget();
    await using redis = await startWatchedRedis(path, "main", 1_000);
    const { master, replica, sentinel } = redis;
    const url = `redis+sentinel://${sentinel}/main`;
    await using nodes = await startNodes(["a", "b", "c"], url, ARGS);
    const ports = nodes.all.map(({ port }) => port) as [number, number, number];
    const open = await fill(ports[0], target, LIMITS.all - BEHIND - 2);
    await cutReplica(master);
    open.push(...await fill(ports[1], target, BEHIND));
    // Redis grants some places in advance, so these are more than connections.
    const known = await grantedIn(replica);
    const granted = await grantedIn(master, OTHER);
    master.kill("SIGKILL");
    let missed = 0;
    for (const [name, count] of granted) {
      missed += Math.max(0, count - (known.get(name) ?? 0));
    }

    // Clients of all machines try to connect until the failover is over.
    let isOver = false;
    const clients = ports.map(async (port) => {
      while (!isOver) {
        const conn = await openCounted(port, target, CLIENT);
        if (conn !== undefined) open.push(conn);
      }
    });
    for (const node of nodes.all) {
      await node.event((one) =>
        one.event === "message" && one.code === "fleet-back"
      );
    }
    const places = "sluice:1:{sluice}:places:sums";
    assert(
      await eventually(async () => await replica.cli("HLEN", places) > "0"),
    );
    isOver = true;
    await Promise.all(clients);
    assertLessOrEqual(target.most.get("all")!, LIMITS.all + missed);

    await closeAll(open);
    target.most.clear();
    const all = await fill(ports[2], target, LIMITS.all, 2 * TAKEN_BACK);
    assertEquals(await openCounted(ports[0], target, CLIENT), undefined);
    assertEquals(target.most.get("all"), LIMITS.all);
    await closeCounted(all.pop()!);
    all.push(await openInTime(ports[1], target, CLIENT, TAKEN_BACK));
    await closeAll(all);
  },
});
