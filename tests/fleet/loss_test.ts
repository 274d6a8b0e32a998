import { assert, assertEquals, assertRejects } from "@std/assert";
import { StartError } from "../../lib/cli/usage_error.ts";
import { eventually } from "../support/dialogue.ts";
import { joinFleet } from "../support/fleet_member.ts";
import { testPrograms } from "../support/programs.ts";
import { startRedis } from "../support/redis.ts";
import { closedPort } from "../support/sockets.ts";
import { openSlowWay } from "../support/slow_way.ts";

const KEEPS =
  "; open connections stay, and after 5s at most, Sluice refuses new ones that a limit on connections concerns, until Redis is back";

const LOST = /^Lost Redis at redis:\/\/127\.0\.0\.1:\d+: /;

testPrograms({
  name:
    "a machine reports once that Redis ended, hangs, is full or refuses writes, and once that it is back",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await startRedis(paths["redis-server"]);
    await using member = await joinFleet(redis.url, ["--fleet-timeout=1s"]);
    assert(member.view.isUp);
    let count = 0;
    async function isLost(why: RegExp): Promise<void> {
      count++;
      const message = await member.message("fleet-lost", count);
      assert(LOST.test(message) && why.test(message), message);
      assert(message.endsWith(KEEPS), message);
      assert(!member.view.isUp);
    }
    async function isBack(): Promise<void> {
      await member.message("fleet-back", count);
      assert(member.view.isUp);
    }
    redis.kill("SIGKILL");
    await isLost(/: (Socket closed unexpectedly|connection )/);
    await redis.restart();
    await isBack();
    redis.kill("SIGSTOP");
    await isLost(/Time for an answer of 1 s has passed/);
    redis.kill("SIGCONT");
    await isBack();
    await redis.cli("CONFIG", "SET", "maxmemory", "1");
    await isLost(/its memory is full \(maxmemory\)/);
    await redis.cli("CONFIG", "SET", "maxmemory", "0");
    await isBack();
    await redis.cli("CONFIG", "SET", "min-replicas-to-write", "1");
    await isLost(/too few replicas/);
    await redis.cli("CONFIG", "SET", "min-replicas-to-write", "0");
    await isBack();
    await redis.cli("REPLICAOF", "127.0.0.1", String(closedPort()));
    await isLost(/it is a replica, which takes no writes/);
    await redis.cli("REPLICAOF", "NO", "ONE");
    await isBack();
    // If Redis forgets its scripts, Sluice loads them again.
    await redis.cli("SCRIPT", "FLUSH");
    await redis.cli("FLUSHALL");
    const isListed = async () =>
      await redis.cli("ZCARD", "sluice:1:{sluice}:nodes") === "1";
    assert(await eventually(isListed));
    assertEquals(member.codes.length, 2 * count, member.messages.join("\n"));
  },
});

testPrograms({
  name:
    "a machine starts without Redis with --fleet-on-loss keep, and fails to start with refuse",
  needs: ["redis-server"],
  async fn(paths) {
    const port = closedPort();
    const url = `redis://127.0.0.1:${port}`;
    await assertRejects(
      () => joinFleet(url, ["--fleet-on-loss=refuse"]),
      StartError,
      `Cannot use Redis at ${url}: connection refused (ECONNREFUSED)`,
    );
    await using member = await joinFleet(url);
    assert(!member.view.isUp);
    await member.message("fleet-lost");
    await using _redis = await startRedis(paths["redis-server"], { port });
    await member.message("fleet-back");
    assert(member.view.isUp);
    assertEquals(member.codes, ["fleet-lost", "fleet-back"]);
  },
});

testPrograms({
  name:
    "a wrong password and a cluster stop the start, whatever --fleet-on-loss says",
  needs: ["redis-server"],
  async fn(paths) {
    const secret = "not-for-the-log";
    await using closed = await startRedis(paths["redis-server"], {
      ...{ args: ["--requirepass", "right"], password: "right" },
    });
    await using cluster = await startRedis(paths["redis-server"], {
      // The default is the port plus 10,000, which may be above 65,535.
      args: ["--cluster-enabled", "yes", "--cluster-port", `${closedPort()}`],
    });
    const { port } = closed;
    const cases = [
      [
        `redis://:${secret}@127.0.0.1:${port}`,
        /refuses this user and password/,
      ],
      [
        `redis://eve:${secret}@127.0.0.1:${port}`,
        /refuses this user and passw/,
      ],
      [`redis://127.0.0.1:${port}`, /it wants a password; write redis:/],
      // The cluster has no slots, so it is down as well.
      [cluster.url, /it is a cluster, which is not supported/],
      [`${cluster.url}/3`, /it is a cluster, which is not supported/],
    ] as const;
    for (const [url, why] of cases) {
      const error = await assertRejects(() => joinFleet(url), StartError);
      assert(why.test(error.message), error.message);
      assert(!error.message.includes(secret), error.message);
    }
    await using member = await joinFleet(`redis://:right@127.0.0.1:${port}`);
    assert(member.view.isUp);
  },
});

testPrograms({
  name: "a machine 200 ms away from Redis follows the clock of Redis",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await startRedis(paths["redis-server"]);
    await using way = openSlowWay(redis, 100);
    await using member = await joinFleet(`redis://127.0.0.1:${way.port}`);
    const ahead = () => Math.abs(member.view.now() - Date.now());
    assert(await eventually(() => ahead() < 50));
    // As if somebody had set the clock of Redis back.
    member.view.addOffset(5_000);
    assert(await eventually(() => ahead() < 50, 10_000));
    assertEquals(member.codes, []);
  },
});
