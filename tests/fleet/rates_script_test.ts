import { assertEquals } from "@std/assert";
import { RATES_SCRIPT } from "../../lib/fleet/rates_script.ts";
import { testPrograms } from "../support/programs.ts";
import { ScriptedRedis } from "../support/scripted_redis.ts";

/** Tells a demand for a rate of 1,000; returns the part. */
async function tell(
  redis: ScriptedRedis,
  now: number,
  node: string,
  demand: number,
): Promise<number> {
  redis.now = now;
  const [part] = await redis.run(RATES_SCRIPT, [], [
    ...[node, 10_000, "rates:", "channel", "proxy 1/up/", 1_000, demand],
  ]) as [string];
  return Number(part);
}

testPrograms({
  name: "RATES_SCRIPT meets small demands and divides the rest equally",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await ScriptedRedis.start(path);
    // Alone, a machine gets everything, whatever it asks for.
    assertEquals(await tell(redis, 1, "a", 100), 1_000);
    // Machines get equal parts of what nobody asks for.
    assertEquals(await tell(redis, 2, "b", 300), 600);
    assertEquals(await tell(redis, 3, "a", 100), 400);
    // The large demands share what the small one leaves.
    assertEquals(await tell(redis, 4, "c", 900), 600);
    assertEquals(await tell(redis, 5, "b", 900), 450);
    // A small one may grow by an eighth before it asks for more.
    assertEquals(await tell(redis, 6, "a", 100), 112);
    assertEquals(await tell(redis, 7, "c", 5_000), 450);
    // A machine without demand leaves its part to the others.
    assertEquals(await tell(redis, 8, "b", 0), 0);
    assertEquals(await tell(redis, 9, "c", 1_000), 900);
    // So does a machine that has not reported for 10 s.
    assertEquals(await tell(redis, 10_007, "c", 1_000), 1_000);
  },
});

testPrograms({
  name: "RATES_SCRIPT gives a hundred machines no more than the rate",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await ScriptedRedis.start(path);
    let sum = 0;
    for (let round = 0; round < 2; round++) {
      sum = 0;
      for (let node = 0; node < 100; node++) {
        const demand = node % 2 === 0 ? 1_000 : 1;
        sum += await tell(redis, 1_000 * round + node, `node${node}`, demand);
      }
    }
    // 50 machines get 1 each, and the others 19 each.
    assertEquals(sum, 50 + 50 * 19);
  },
});
