import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type FleetNode,
  type NodeCall,
  NodeCallError,
  type NodeFacts,
} from "../../lib/serve/counts/fleet_nodes.ts";
import { eventually } from "../support/dialogue.ts";
import { startNodes, type TestNode } from "../support/fleet.ts";
import { testPrograms } from "../support/programs.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";

const FACTS: NodeFacts = {
  version: "0.2.0",
  ...{ startedAt: 0, isDraining: false, open: 0 },
};

const CALL: NodeCall = { method: "GET", target: "/api/status" };

/** Lets both tell of themselves; waits until `a` knows both. */
async function meet(a: TestNode, b: TestNode): Promise<FleetNode[]> {
  for (const { fleet } of [a, b]) {
    fleet.nodes.report(() => FACTS);
    fleet.nodes.answer(() => Promise.resolve({ status: 200 }));
  }
  let all: readonly FleetNode[] = [];
  const isMet = async () => (all = await a.fleet.nodes.list()).length === 2;
  assert(await eventually(isMet, 10_000));
  return [...all];
}

/** Sends a text to a node as whoever may write to Redis can. */
async function forge(
  redis: TestRedis,
  { id }: FleetNode,
  text: string,
): Promise<void> {
  const heard = await redis.cli("PUBLISH", `sluice:1:{sluice}:to:${id}`, text);
  assertEquals(heard, "1");
}

testPrograms({
  name:
    "a node answers 64 calls at once, refuses longer answers and ignores forged messages",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await startRedis(path);
    await using nodes = await startNodes(["a", "b"], redis.url);
    const [a, b] = nodes.all;
    const [, ofB] = await meet(a, b);
    const ask = () => a.fleet.nodes.call("b", CALL);
    assertEquals(await ask(), { status: 200 });

    const held = Promise.withResolvers<void>();
    b.fleet.nodes.answer(async () => {
      await held.promise;
      return { status: 204 };
    });
    const many = Array.from({ length: 100 }, ask);
    const failed = await Promise.allSettled(many.slice(64));
    for (const one of failed) {
      assertEquals(one.status, "rejected");
      const { reason } = one as PromiseRejectedResult;
      assertEquals(
        (reason as Error).message,
        "Too many calls wait for other nodes; try again",
      );
    }
    held.resolve();
    for (const one of many.slice(0, 64)) {
      assertEquals((await one).status, 204);
    }

    b.fleet.nodes.answer(() =>
      Promise.resolve({ status: 200, json: "x".repeat(4 * 1024 * 1024) })
    );
    const { json, status } = await ask();
    assertEquals([status, json], [503, {
      error: {
        code: "busy",
        message: "Its answer is too long; use a filter, or a smaller limit",
      },
    }]);

    const asked: NodeCall[] = [];
    b.fleet.nodes.answer((call) => {
      asked.push(call);
      return Promise.resolve({ status: 200 });
    });
    const texts = ["", "5", "null", "{}", "[]", '{"answer":1}', '{"ask":1}'];
    for (const text of texts) await forge(redis, ofB!, text);
    const message = { ask: 1, from: "x", node: "a\nb", call: CALL };
    await forge(redis, ofB!, JSON.stringify(message));
    await redis.cli("HSET", "sluice:1:{sluice}:facts", "id-x", "{");
    await redis.cli("ZADD", "sluice:1:{sluice}:nodes", "1", "id-x");
    assertEquals((await ask()).status, 200);
    assertEquals(asked, [CALL]);
    const list = await b.fleet.nodes.list();
    assertEquals(list.map(({ node }) => node), ["a", "b"]);
    await assertRejects(
      () => a.fleet.nodes.call("c", CALL),
      NodeCallError,
      "No node is named 'c'",
    );
  },
});

testPrograms({
  name:
    "a node keeps its link to Redis when eight viewers ask for the longest answer",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await startRedis(path);
    await using nodes = await startNodes(["a", "b"], redis.url);
    const [a, b] = nodes.all;
    await meet(a, b);
    let asked = 0;
    const json = "x".repeat(4 * 1024 * 1024 - 100);
    b.fleet.nodes.answer(() => {
      asked++;
      return Promise.resolve({ status: 200, json });
    });
    const all = await Promise.all(
      Array.from({ length: 8 }, () => a.fleet.nodes.call("b", CALL)),
    );
    for (const answer of all) {
      assertEquals([answer.status, (answer.json as string).length], [
        ...[200, json.length],
      ]);
    }
    assertEquals(asked, 16); // Each call tries a short answer first.
    // A call that changes something is sent only once.
    await a.fleet.nodes.call("b", { ...CALL, method: "POST" });
    assertEquals(asked, 17);
    for (const { messages } of nodes.all) assertEquals(messages, []);
  },
});

testPrograms({
  name:
    "a call to a node fails while Redis is away, and works again afterwards",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await startRedis(path);
    await using nodes = await startNodes(["a", "b"], redis.url);
    const [a, b] = nodes.all;
    await meet(a, b);
    redis.kill("SIGKILL");
    await a.event((one) =>
      one.event === "message" && one.code === "fleet-lost"
    );
    await assertRejects(
      () => a.fleet.nodes.call("b", CALL),
      NodeCallError,
      "Redis cannot be asked: ",
    );
    await redis.restart();
    const isAnswered = () =>
      a.fleet.nodes.call("b", CALL).then(
        ({ status }) => status === 200,
        () => false,
      );
    assert(await eventually(isAnswered, 10_000));
  },
});
