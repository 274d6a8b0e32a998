import { assert, assertEquals, assertGreater } from "@std/assert";
import { startNode } from "../../support/fleet.ts";
import {
  ADDRESSES,
  closeAll,
  closeCounted,
  CountingTarget,
  fill,
  LIMITED,
  LIMITS,
  openCounted,
  openInTime,
  startMachine,
  TAKEN_BACK,
  USERS,
} from "../../support/fleet_load.ts";
import { testPrograms } from "../../support/programs.ts";
import { seededRandom } from "../../support/random.ts";
import { startRedis } from "../../support/redis.ts";
import { openSlowWay } from "../../support/slow_way.ts";

/** Connections that clients of the load try to open. */
const ATTEMPTS = 75;

testPrograms({
  name: "a fleet under load never has more connections than its limits",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using target = new CountingTarget();
    await using redis = await startRedis(path);
    await using slow = openSlowWay(redis, 100);
    const away = `redis://127.0.0.1:${slow.port}`;
    await using one = await startNode("one", redis.url, LIMITED);
    await using two = startMachine(redis.url, "--workers", "2");
    await using far = await startNode("far", away, LIMITED);
    const ports = [one.port, await two.port(), far.port];
    const random = seededRandom(1);
    const pick = <T>(all: readonly T[]) =>
      all[Math.floor(random() * all.length)]!;
    let left = ATTEMPTS;
    await Promise.all(Array.from({ length: 30 }, async () => {
      while (left-- > 0) {
        const client = { address: pick(ADDRESSES), user: pick(USERS) };
        const conn = await openCounted(pick(ports), target, client);
        if (conn !== undefined) await closeCounted(conn);
      }
    }));
    for (const [name, most] of target.most) {
      const limit = name === "all"
        ? LIMITS.all
        : USERS.includes(name)
        ? LIMITS.user
        : LIMITS.client;
      assert(most <= limit, `${most} connections of ${name}, not ${limit}`);
    }
    assertGreater(target.total, 20);
    // One machine can have the whole limit, and no more.
    const open = await fill(ports[0]!, target, LIMITS.all);
    const extra = { address: "10.2.0.1", user: USERS[0]! };
    const more = await Promise.all(
      ports.map((port) => openCounted(port, target, extra)),
    );
    assertEquals(more, [undefined, undefined, undefined]);
    assertEquals(target.count("all"), LIMITS.all);
    await closeCounted(open.pop()!);
    open.push(await openInTime(ports[2]!, target, extra, TAKEN_BACK));
    await closeAll(open);
  },
});
