import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import {
  connectRedis,
  type RedisConnection,
} from "../../../lib/fleet/connect.ts";
import { FleetKeys } from "../../../lib/fleet/keys.ts";
import { LEASE_TIME } from "../../../lib/fleet/places/script.ts";
import { FleetPlaces } from "../../../lib/fleet/places/places.ts";
import type { FleetScript } from "../../../lib/fleet/script.ts";
import type { Lease } from "../../../lib/policy/limits/connection_limits.ts";
import {
  RationedConnectionLimits,
  rationTable,
} from "../../../lib/policy/limits/rationed_connection_limits.ts";
import { ALL, Rations } from "../../../lib/policy/limits/rations.ts";
import {
  Shortages,
  SHORTAGES_TABLE,
} from "../../../lib/policy/limits/shortages.ts";
import {
  SharedTable,
  type SharedTableShape,
} from "../../../lib/sync/shared/table.ts";
import { parseRedisUrl } from "../../../lib/wire/redis_url.ts";
import { testPrograms } from "../../support/programs.ts";
import { seededRandom } from "../../support/random.ts";
import { startRedis } from "../../support/redis.ts";

const LIMITS = { all: 60, one: 24 };
const CLIENTS = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];

/** Milliseconds between two round trips of a machine. */
const FLUSH = 200;

const always = () => true;

/** Redis with a clock that the test sets. */
class World {
  now = 1_700_000_000_000;
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async run(
    { body }: FleetScript,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const text = `local now = tonumber(table.remove(ARGV))\n${body}`;
    return await this.#redis.send([
      ...["EVAL", text, String(keys.length), ...keys],
      ...[...args, this.now].map(String),
    ]);
  }

  async forget(): Promise<void> {
    this.now++;
    await this.#redis.send(["FLUSHALL"]);
  }
}

/** Nobody wakes the part: the test does. */
const VIEW = {
  onLoss: "keep" as const,
  lacks: 0,
  lack() {},
  lacked: () => new Promise<void>(() => {}),
};

/** A machine with one thread. */
class Machine {
  readonly places: FleetPlaces;
  readonly #rations: Rations;
  readonly #limits: RationedConnectionLimits;
  readonly #world: World;
  readonly #open = new Map<string, Lease[]>();
  /** Open connections whose lease has ended meanwhile. */
  readonly #late = new Set<Lease>();
  #isAway = false;
  #until = 0;

  constructor(id: string, world: World) {
    this.#world = world;
    const now = () => world.now;
    const table = makeTable(rationTable(100, "client"), now);
    const told = makeTable(SHORTAGES_TABLE, now);
    const rations = this.#rations = new Rations(table);
    const shortages = new Shortages(told);
    this.#limits = new RationedConnectionLimits(
      100,
      { table, threads: 1 },
      {
        ...{ rations, most: LIMITS.all, isOpen: () => true },
        tell: (key, isWaiting) => shortages.add(key, isWaiting),
      },
    );
    this.places = new FleetPlaces({
      link: {
        run: (...given) => {
          if (this.#isAway) throw new Error("away");
          return world.run(...given);
        },
      },
      ...{ keys: new FleetKeys("test"), view: VIEW, own: { id }, now },
    });
    this.places.count([{
      ...{ id: "", scope: "proxy 1" },
      tables: new Map([
        ["connections-per-client", table],
        ["connections-per-client-shortages", told],
      ]),
    }]);
  }

  async flush(isFirst = false): Promise<void> {
    if (this.#isAway && !isFirst) return;
    this.#isAway = false;
    const sentAt = this.#world.now;
    await this.places.flush(isFirst);
    this.#until = sentAt + LEASE_TIME;
  }

  /** Neither Redis nor others hear of the machine any more. */
  leave(): void {
    this.#isAway = true;
    this.places.lost();
  }

  async close(): Promise<void> {
    await this.flush(true);
    await this.places.close();
  }

  /** Notes which connections have outlived the lease. */
  look(): void {
    if (this.#world.now < this.#until) return;
    for (const lease of [...this.#open.values()].flat()) this.#late.add(lease);
  }

  admit(client: string): boolean {
    let lease: Lease;
    try {
      lease = this.#limits.admit(client, LIMITS.one);
    } catch {
      return false;
    }
    assert(this.#world.now < this.#until, "admitted after the lease");
    const open = this.#open.get(client) ?? [];
    this.#open.set(client, open);
    open.push(lease);
    return true;
  }

  /** Returns whether there was one. */
  end(client: string): boolean {
    const lease = this.#open.get(client)?.pop();
    if (lease === undefined) return false;
    this.#late.delete(lease);
    lease.release();
    return true;
  }

  /** Open connections of a client within the lease. */
  count(client: string): number {
    const open = this.#open.get(client) ?? [];
    return open.filter((lease) => !this.#late.has(lease)).length;
  }

  /** Whether the machine may have more than it has. */
  get mayHaveMore(): boolean {
    return this.#world.now < this.#rations.until && this.#late.size === 0;
  }

  /** The part of a limit that it may have without telling anyone. */
  get free(): number {
    return this.mayHaveMore ? this.#rations.fraction : 0;
  }

  /** Connections that the machine may have, besides late ones. */
  mayHave(key: string, limit: number): number {
    if (!this.mayHaveMore) {
      return sumOf(key === ALL ? CLIENTS : [key], (one) => this.count(one));
    }
    const { table } = this.#rations;
    return table.exclusively(() => {
      const entry = table.find(key);
      const free = Math.floor(limit * this.#rations.fraction);
      if (entry === undefined) return free;
      const { granted, isCalled } = this.#rations.of(entry);
      return granted + (isCalled ? 0 : free);
    });
  }
}

function sumOf<T>(all: readonly T[], count: (one: T) => number): number {
  return all.reduce((sum, one) => sum + count(one), 0);
}

function makeTable(
  given: Omit<SharedTableShape, "threads">,
  now: () => number,
): SharedTable {
  const shape = { ...given, threads: 1 };
  const memory = new SharedArrayBuffer(SharedTable.bytes(shape));
  return new SharedTable(shape, { memory, thread: 0, now });
}

/** Lets machines come, go, fail and return at random. */
async function play(seed: number, world: World): Promise<void> {
  await world.forget();
  const random = seededRandom(seed);
  const below = (count: number) => Math.floor(random() * count);
  let machines: Machine[] = [];
  let started = 0;
  async function start() {
    const machine = new Machine(`m${++started}`, world);
    machines.push(machine);
    await machine.flush(true);
  }
  async function pass(milliseconds: number, isHeard: () => boolean) {
    world.now += milliseconds;
    for (const machine of machines) machine.look();
    for (const machine of machines) if (isHeard()) await machine.flush();
  }
  for (let count = 0; count < 3; count++) await start();
  for (let step = 0; step < 400; step++) {
    const machine = machines[below(machines.length)]!;
    const client = CLIENTS[below(CLIENTS.length)]!;
    const chance = below(1000);
    const isDead = chance < 6 && machines.length > 2;
    if (isDead) {
      machines = machines.filter((one) => one !== machine);
      if (chance < 3) machine.leave(); // As if it was killed.
      else await machine.close();
    } else if (chance < 14 && machines.length < 9) await start();
    else if (chance < 16) machine.leave(); // It is isolated.
    else if (chance < 30) await machine.flush(true); // It is back.
    else if (chance < 34) await world.forget();
    else if (chance < 250) await pass(below(400), () => below(3) > 0);
    else if (chance < 750) {
      // One machine wants more than its part, and hears from Redis often.
      for (let more = below(14); more > 0; more--) {
        if (!machine.admit(client)) await machine.flush();
      }
    } else for (let more = below(8); more > 0; more--) machine.end(client);
    const name = `seed ${seed}, step ${step}`;
    let all = 0;
    for (const one of CLIENTS) {
      const sum = sumOf(machines, (each) => each.count(one));
      all += sum;
      assertLessOrEqual(sum, LIMITS.one, `${name}, ${one}`);
      const may = sumOf(machines, (each) => each.mayHave(one, LIMITS.one));
      assertLessOrEqual(may, LIMITS.one, `${name}, ${one} may have`);
    }
    assertLessOrEqual(all, LIMITS.all, name);
    const may = sumOf(machines, (each) => each.mayHave(ALL, LIMITS.all));
    assertLessOrEqual(may, LIMITS.all, `${name}, all may have`);
    assertLessOrEqual(sumOf(machines, ({ free }) => free), 1 / 2, name);
  }
  // No place was lost: one machine can have all of them.
  for (const machine of machines) {
    await machine.flush(true);
    for (const client of CLIENTS) while (machine.end(client));
  }
  await pass(LEASE_TIME, always);
  const [only] = machines as [Machine, ...Machine[]];
  for (const client of CLIENTS) {
    for (let round = 0; round < 60; round++) {
      while (only.admit(client));
      await pass(FLUSH, always);
    }
  }
  const counts = CLIENTS.map((client) => only.count(client));
  assertEquals(counts, [24, 24, 12], `seed ${seed}`);
}

testPrograms({
  name: "FleetPlaces never grants more than a limit, and loses no place",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using server = await startRedis(path);
    const redis = await connectRedis({
      ...{ place: parseRedisUrl(server.url), tls: {}, timeout: 10_000 },
      name: "test",
    });
    const seeds = Number(Deno.env.get("SLUICE_TEST_SEEDS") ?? 3);
    for (let seed = 1; seed <= seeds; seed++) {
      await play(seed, new World(redis));
    }
    redis.close();
  },
});
