import { assert, assertEquals } from "@std/assert";
import { eventually } from "../support/dialogue.ts";
import { startNodes, type TestNode } from "../support/fleet.ts";
import { testPrograms } from "../support/programs.ts";
import { startRedis } from "../support/redis.ts";
import { assertSoon } from "../support/time.ts";

const RULES = ["--ban-after", "6", "--ban-time", "1m"];

/** Fails to log in. */
async function fail(node: TestNode, user = "alice"): Promise<void> {
  assert(!await node.logIn(user, "wrong"));
}

/** Somebody who is banned can't log in with the right password either. */
async function isBanned(node: TestNode): Promise<boolean> {
  return !await node.logIn("bob", "bob");
}

/** Lifts the ban on one machine, and waits for all. */
async function lift(one: TestNode, all: readonly TestNode[]): Promise<void> {
  assert(one.registry.bans.at(-1)!.lift("127.0.0.1"));
  for (const node of all) {
    const list = node.registry.bans.at(-1);
    assert(await eventually(() => list!.list().length === 0));
  }
}

testPrograms({
  name:
    "machines of a fleet ban a client together, within a second, and end the ban together",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await startRedis(paths["redis-server"]);
    await using nodes = await startNodes(["a", "b", "c"], redis.url, RULES);
    const [a, b, c] = nodes.all;
    await assertSoon(1_000, async (n) => {
      if (n > 0) await lift(a, nodes.all);
      for (const node of [a, b, c, a, b]) await fail(node);
      for (const { registry } of nodes.all) {
        assertEquals(registry.bans.at(-1)!.list(), []);
      }
      await fail(c, "bob");
      const began = performance.now();
      for (const node of nodes.all) {
        const list = node.registry.bans.at(-1);
        assert(await eventually(() => list!.list().length === 1));
      }
      return performance.now() - began;
    });
    for (const node of nodes.all) assert(await isBanned(node), node.name);
    const bans = await Promise.all(
      nodes.all.map((node) => node.event(({ event }) => event === "ban")),
    );
    const expected = {
      ...{ event: "ban", code: "client-banned", client: "127.0.0.1" },
      duration: 60_000,
      ...{ failures: 6, window: 120_000 },
    };
    // The machine whose failure reached Redis last, which the others name.
    const own = bans.findIndex((ban) => !("node" in ban));
    const node = nodes.all[own]!.name;
    assertEquals(
      bans as unknown[],
      bans.map((_, at) => at === own ? expected : { ...expected, node }),
    );

    await lift(a, nodes.all);
    for (const node of nodes.all) assert(!await isBanned(node));
    const lifted = await b.event((one) =>
      one.event === "message" && one.code === "fleet-ban-lifted"
    );
    assert("message" in lifted && lifted.message.includes(" of a ended"));
  },
});

testPrograms({
  name:
    "a machine that joins later knows bans, and a success anywhere clears failures",
  needs: ["redis-server"],
  async fn(paths) {
    await using redis = await startRedis(paths["redis-server"]);
    await using nodes = await startNodes(["a", "b"], redis.url, RULES);
    const [a, b] = nodes.all;
    for (let n = 0; n < 5; n++) await fail(a);
    const ofB = b.registry.bans.at(-1);
    assert(await eventually(() => ofB!.size > 0));
    const target = { hostname: "127.0.0.1", port: a.port };
    (await b.openTunnel("alice", target)).conn.close();
    assert(await eventually(() => a.registry.bans.at(-1)!.size === 1));
    // Only the name alice remembers failures.
    for (let n = 0; n < 5; n++) await fail(b, `user${n}`);
    assertEquals(ofB!.list(), []);
    await fail(a, "user5");
    assert(await eventually(() => ofB!.list().length === 1));
    await using late = await startNodes(["late"], redis.url, RULES);
    assert(await eventually(() => isBanned(late.all[0])));
  },
});
