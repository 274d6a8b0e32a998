import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import {
  connectRedis,
  type RedisConnection,
} from "../../../lib/fleet/connect.ts";
import { FleetKeys } from "../../../lib/fleet/keys.ts";
import { FleetPlaces, LEASE_TIME } from "../../../lib/fleet/places/places.ts";
import type { FleetScript } from "../../../lib/fleet/script.ts";
import type { Lease } from "../../../lib/policy/limits/connection_limits.ts";
import {
  RationedConnectionLimits,
  rationTable,
} from "../../../lib/policy/limits/rationed_connection_limits.ts";
import { Rations } from "../../../lib/policy/limits/rations.ts";
import {
  Shortages,
  SHORTAGES_TABLE,
} from "../../../lib/policy/limits/shortages.ts";
import {
  SharedTable,
  type SharedTableShape,
} from "../../../lib/sync/shared/table.ts";

/** A clock that the test sets, for Redis and all nodes. */
class Time {
  now = 1_700_000_000_000;
}

const LIMITS = { all: 40, one: 12 };

/** A node that counts in one thread. */
class Node {
  readonly limits: RationedConnectionLimits;
  readonly places: FleetPlaces;
  readonly open = new Map<string, Lease[]>();
  isAlive = true;
  isLost = false;
  why: unknown;
  table!: SharedTable;
  rations!: Rations;

  constructor(id: string, redis: RedisConnection, time: Time) {
    const now = () => time.now;
    const table = makeTable(rationTable(100, "client"), now);
    const rations = new Rations(table);
    (this as any).table = table;
    (this as any).rations = rations;
    const told = makeTable(SHORTAGES_TABLE, now);
    const shortages = new Shortages(told);
    this.limits = new RationedConnectionLimits(
      100,
      { table, threads: 1 },
      {
        ...{ rations, most: LIMITS.all },
        tell: (key, isWaiting) => shortages.add(key, isWaiting),
      },
    );
    const run = async (
      { body }: FleetScript,
      keys: readonly string[],
      args: readonly (string | number)[],
    ) => {
      if (this.isLost) throw new Error("lost");
      const clock = `local now = ${time.now}\n`;
      return await redis.send([
        ...["EVAL", clock + body, String(keys.length), ...keys],
        ...args.map(String),
      ]);
    };
    this.places = new FleetPlaces({
      link: { run },
      keys: new FleetKeys("test"),
      view: QUIET,
      own: { id },
      now,
    });
    this.places.count([{
      id: "",
      scope: "proxy 1",
      tables: new Map([["connections-per-client", table], [
        "connections-per-client-shortages",
        told,
      ]]),
    }]);
  }

  take(client: string): boolean {
    try {
      const lease = this.limits.admit(client, LIMITS.one);
      const open = this.open.get(client) ?? [];
      this.open.set(client, open);
      open.push(lease);
      return true;
    } catch (e) {
      this.why = e;
      return false;
    }
  }

  give(client: string): void {
    this.open.get(client)?.pop()?.release();
  }

  count(client: string): number {
    return this.open.get(client)?.length ?? 0;
  }
}

const QUIET = {
  onLoss: "keep" as const,
  lacks: 0,
  lack() {},
  lacked: () => new Promise<void>(() => {}),
};

function makeTable(
  given: Omit<SharedTableShape, "threads">,
  now: () => number,
): SharedTable {
  const shape = { ...given, threads: 1 };
  const memory = new SharedArrayBuffer(SharedTable.bytes(shape));
  return new SharedTable(shape, { memory, thread: 0, now });
}

Deno.test("scratch", async () => {
  const redis = await connectRedis({
    place: {
      hosts: [{ host: "127.0.0.1", port: Number(Deno.env.get("RP")) }],
      isTls: false,
      database: 0,
    } as any,
    tls: {},
    timeout: 5000,
    name: "t",
  });
  for (
    let seed = Number(Deno.env.get("FROM") ?? 1);
    seed <= Number(Deno.env.get("SEEDS") ?? 5);
    seed++
  ) {
    await play(seed, redis);
  }
  redis.close();
});

function random(seed: number): () => number {
  let s = seed * 2654435761 >>> 0;
  return () => {
    s ^= s << 13;
    s >>>= 0;
    s ^= s >>> 17;
    s ^= s << 5;
    s >>>= 0;
    return s / 2 ** 32;
  };
}

async function play(seed: number, redis: RedisConnection) {
  await redis.send(["FLUSHALL"]);
  const next = random(seed);
  const pick = (n: number) => Math.floor(next() * n);
  const time = new Time();
  let nodes: Node[] = [];
  let born = 0;
  const clients = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"];
  const start = async () => {
    const node = new Node(`n${++born}`, redis, time);
    nodes.push(node);
    await node.places.flush(true);
  };
  for (let i = 0; i < 3; i++) await start();
  let admitted = 0, refused = 0, most = 0;
  for (let step = 0; step < 1500; step++) {
    const dice = next();
    const node = nodes[pick(nodes.length)]!;
    const client = clients[pick(clients.length)]!;
    if (dice < 0.45) {
      if (node.take(client)) admitted++;
      else refused++;
    } else if (dice < 0.75) node.give(client);
    else if (dice < 0.97) {
      time.now += pick(300);
      await node.places.flush();
    } else if (dice < 0.98 && nodes.length < 8) await start();
    else if (dice < 0.985 && nodes.length > 2) { // Dies: its connections end.
      nodes = nodes.filter((one) => one !== node);
      await node.places.close();
    } else if (dice < 0.99 && nodes.length > 2) { // Killed
      nodes = nodes.filter((one) => one !== node);
      node.isLost = true;
      node.places.lost();
    } else if (dice < 0.995) await node.places.flush(true); // Reconnected.
    if (step % 5 === 0) {
      // Others flush each second at least.
      for (const one of nodes) await one.places.flush();
    }
    let all = 0;
    for (const name of clients) {
      const sum = nodes.reduce((n, one) => n + one.count(name), 0);
      all += sum;
      assertLessOrEqual(sum, LIMITS.one, `seed ${seed} step ${step} ${name}`);
    }
    most = Math.max(most, all);
    assertLessOrEqual(all, LIMITS.all, `seed ${seed} step ${step} all`);
  }
  // One node can have all of it.
  for (const one of nodes) {
    for (const c of clients) while (one.count(c) > 0) one.give(c);
  }
  const [only] = nodes as [Node];
  let got = 0;
  for (let tries = 0; tries < 100; tries++) {
    while (only.take(clients[0]!)) got++;
    time.now += 150;
    for (const one of nodes) await one.places.flush();
  }
  if (got !== LIMITS.one) {
    for (
      const k of [
        "sums",
        "calls",
        "lifts",
        "applied",
        "wants",
        "dead",
        "nodes",
        "meta",
      ]
    ) {
      console.log(
        k,
        JSON.stringify(
          await redis.send(
            k === "sums" || k === "meta"
              ? ["HGETALL", `sluice:1:{test}:places:${k}`]
              : k === "dead"
              ? ["LRANGE", `sluice:1:{test}:places:${k}`, "0", "-1"]
              : [
                "ZRANGE",
                `sluice:1:{test}:places:${k}`,
                "0",
                "-1",
                "WITHSCORES",
              ],
          ),
        ),
      );
    }
    const held = await redis.send(["KEYS", "*places:of*"]) as string[];
    for (const h of held) {
      console.log(h, JSON.stringify(await redis.send(["HGETALL", h])));
    }
    console.log(
      time.now,
      nodes.map((
        n,
      ) => [
        n.count(clients[0]!),
        n.table.exclusively(
          () => [
            n.rations.of(n.rations.all),
            n.rations.of(n.table.find(clients[0]!)!),
            n.table.value(n.rations["table"].find("\0lease")!, 1),
            n.rations.fraction,
            n.table.total,
            String(n.why),
          ],
        ),
      ]),
    );
  }
  console.log(seed, nodes.length, { admitted, refused, most, got });
  assertEquals(got, LIMITS.one);
  for (let k = 1; k < 4; k++) {
    for (let tries = 0; tries < 100; tries++) {
      while (only.take(clients[k]!)) got++;
      time.now += 150;
      for (const one of nodes) await one.places.flush();
    }
  }
  assertEquals(got, LIMITS.all);
}
