import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertMatch,
} from "@std/assert";
import { startNode } from "../../support/fleet.ts";
import {
  closeAll,
  closeCounted,
  CountingTarget,
  fill,
  LIMITED,
  LIMITS,
  openCounted,
  openInTime,
  RETRY,
  startMachine,
  TAKEN_BACK,
  USERS,
} from "../../support/fleet_load.ts";
import { testPrograms } from "../../support/programs.ts";
import { startRedis } from "../../support/redis.ts";
import { pass } from "../../support/time.ts";

const CLIENT = { address: "10.3.0.1", user: USERS[0]! };

/** Waits until the machine refuses the client. */
async function refusedInTime(
  port: number,
  target: CountingTarget,
  patience: number,
): Promise<void> {
  const until = performance.now() + patience;
  while (performance.now() < until) {
    const conn = await openCounted(port, target, CLIENT);
    if (conn === undefined) return;
    await closeCounted(conn);
    await pass(RETRY);
  }
  throw new Error(`Still admitted after ${patience} ms`);
}

testPrograms({
  name: "other machines get the places of a killed and of a suspended machine",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using target = new CountingTarget();
    await using redis = await startRedis(path);
    await using dead = startMachine(redis.url);
    await using isolated = startMachine(redis.url);
    await using other = await startNode("other", redis.url, LIMITED);
    const first = await dead.port();
    const second = await isolated.port();
    const third = other.port;
    const lost = await fill(first, target, 6);
    const kept = await fill(second, target, 6);
    isolated.kill("SIGSTOP");
    dead.kill("SIGKILL");
    const since = performance.now();
    const open = await fill(third, target, LIMITS.all);
    assertLessOrEqual(performance.now() - since, TAKEN_BACK);
    assertEquals(await openCounted(third, target, CLIENT), undefined);
    // The excess is what the suspended machine had open.
    assertLessOrEqual(target.most.get("all")!, LIMITS.all + kept.length);
    isolated.kill("SIGCONT");
    assertEquals(await openCounted(second, target, CLIENT), undefined);
    await closeAll(lost);
    await closeAll(kept);
    assertEquals(await openCounted(second, target, CLIENT), undefined);
    assertEquals(target.count("all"), LIMITS.all);
    await closeAll(open);
    await closeCounted(await openInTime(second, target, CLIENT, TAKEN_BACK));
  },
});

testPrograms({
  name:
    "while Redis is away, a machine admits connections until its lease ends",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using target = new CountingTarget();
    await using redis = await startRedis(path);
    await using keeps = await startNode("keeps", redis.url, LIMITED);
    await using refuses = await startNode("refuses", redis.url, [
      ...LIMITED,
      ...["--fleet-on-loss", "refuse"],
    ]);
    const [one, two] = [keeps.port, refuses.port];
    const open = await openInTime(one, target, CLIENT, TAKEN_BACK);
    redis.kill("SIGKILL");
    const lost = await refuses.event((one) =>
      one.event === "message" && one.code === "fleet-lost"
    );
    assertMatch(
      (lost as { message: string }).message,
      /Lost Redis.*; open connections stay, and Sluice refuses new ones until/,
    );
    assertEquals(await openCounted(two, target, CLIENT), undefined);
    await refuses.event((one) =>
      one.event === "connection" && /Redis is away/.test(one.reason)
    );
    const other = { address: "10.3.0.2", user: USERS[1]! };
    const more = await openCounted(one, target, other);
    assert(more !== undefined, "refused within the lease");
    await refusedInTime(one, target, TAKEN_BACK);
    assertEquals(target.count("all"), 2);
    await redis.restart();
    const all = await fill(two, target, LIMITS.all - 2, 2 * TAKEN_BACK);
    assertEquals(await openCounted(one, target, CLIENT), undefined);
    assertEquals(target.count("all"), LIMITS.all);
    await closeAll([...all, open, more]);
  },
});
