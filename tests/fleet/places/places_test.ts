import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLessOrEqual,
} from "@std/assert";
import { FleetKeys } from "../../../lib/fleet/keys.ts";
import { FleetPlaces } from "../../../lib/fleet/places/places.ts";
import { LEASE_TIME } from "../../../lib/fleet/places/script.ts";
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
import { testPrograms } from "../../support/programs.ts";
import { seededRandom } from "../../support/random.ts";
import { ScriptedRedis } from "../../support/scripted_redis.ts";

const LIMITS = { all: 60, one: 24 };
const CLIENTS = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];

/** Milliseconds in which one machine gets all places that nobody else has. */
const PATIENCE = 2_000;

/** Milliseconds between two round trips of a machine that has all places. */
const FLUSH = 20;

/** Machines, their Redis, and the time. */
class World {
  machines: Machine[] = [];
  /** Whether messages arrive at once. */
  isCalm = false;
  readonly redis: ScriptedRedis;
  readonly #random: () => number;

  constructor(redis: ScriptedRedis, random: () => number) {
    this.redis = redis;
    this.#random = random;
  }

  get now(): number {
    return this.redis.now;
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  pass(milliseconds: number): void {
    this.redis.now += milliseconds;
    for (const machine of this.machines) machine.look();
  }

  /** The way to Redis, or back; a few messages are slow. */
  travel(): void {
    if (!this.isCalm) this.pass(this.below(50) === 0 ? 1_500 : this.below(8));
  }

  async forget(): Promise<void> {
    this.pass(1);
    await this.redis.forget();
  }
}

/** Nobody wakes the part: the test does. */
const VIEW = {
  onLoss: "keep" as const,
  lacks: 0,
  lack() {},
  lacked: () => new Promise<void>(() => {}),
};

/** A machine with one thread, and a clock of its own. */
class Machine {
  readonly places: FleetPlaces;
  readonly #rations: Rations;
  readonly #limits: RationedConnectionLimits;
  readonly #world: World;
  readonly #open = new Map<string, Lease[]>();
  /** Open connections whose lease has ended meanwhile. */
  readonly #late = new Set<Lease>();
  /** Milliseconds by which its clock is ahead of Redis's. */
  readonly #ahead: number;
  #isAway = false;
  /** End of the lease, by Redis's clock. */
  #until = 0;

  constructor(id: string, world: World) {
    this.#world = world;
    this.#ahead = (world.below(3) - 1) * 7_200_000;
    const now = () => world.now + this.#ahead;
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
        run: async (...given) => {
          if (this.#isAway) throw new Error("away");
          const sentAt = world.now;
          world.travel();
          const reply = await world.redis.run(...given);
          world.travel();
          if (reply !== "gone") this.#until = sentAt + LEASE_TIME;
          return reply;
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
    await this.places.flush(isFirst);
  }

  /** Neither Redis nor others hear of the machine any more. */
  leave(): void {
    this.#isAway = true;
    this.places.lost();
  }

  async close(): Promise<void> {
    if (this.#isAway) await this.flush(true);
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
    assert(!this.#isOver(client) && !this.#isOver(ALL), "admitted above it");
    const open = this.#open.get(client) ?? [];
    this.#open.set(client, open);
    open.push(lease);
    return true;
  }

  /** Whether the machine knows that a limit is exceeded. */
  #isOver(key: string): boolean {
    const { table } = this.#rations;
    return table.exclusively(() => {
      const entry = table.find(key);
      return entry !== undefined && this.#rations.of(entry).isOver;
    });
  }

  /**
   * Ends a connection. Those that have outlived the lease stay: their places
   * may be used again, which is part of the excess that the manual states.
   */
  end(client: string): void {
    const open = this.#open.get(client) ?? [];
    const at = open.findLastIndex((lease) => !this.#late.has(lease));
    if (at >= 0) open.splice(at, 1)[0]!.release();
  }

  /** Ends the connections that have outlived the lease. */
  endLate(): void {
    for (const lease of this.#late) lease.release();
    for (const [client, open] of this.#open) {
      const kept = open.filter((lease) => !this.#late.has(lease));
      this.#open.set(client, kept);
    }
    this.#late.clear();
  }

  /** Open connections of a client within the lease. */
  count(client: string): number {
    const open = this.#open.get(client) ?? [];
    return open.filter((lease) => !this.#late.has(lease)).length;
  }

  /** Milliseconds for which it uses its lease longer than Redis keeps it. */
  get excess(): number {
    return this.#rations.until - this.#ahead - this.#until;
  }

  /** Whether the machine may have more than it has. */
  get mayHaveMore(): boolean {
    const until = this.#rations.until - this.#ahead;
    return this.#world.now < until && this.#late.size === 0;
  }

  /** The part of a limit that it may have without telling anyone. */
  get free(): number {
    return this.mayHaveMore ? this.#rations.fraction : 0;
  }

  /** Connections that the machine may have, besides late ones. */
  mayHave(key: string, limit: number): number {
    const open = sumOf(key === ALL ? CLIENTS : [key], (one) => this.count(one));
    if (!this.mayHaveMore) return open;
    const { table } = this.#rations;
    return table.exclusively(() => {
      const entry = table.find(key);
      const free = Math.floor(limit * this.#rations.fraction);
      if (entry === undefined) return Math.max(open, free);
      const { granted, isCalled, isOver } = this.#rations.of(entry);
      if (isOver) return open;
      return Math.max(open, granted + (isCalled ? 0 : free));
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
  // Room for all keys of the test: each new lease looks at every place.
  const shape = { ...given, threads: 1, capacity: 16 };
  const memory = new SharedArrayBuffer(SharedTable.bytes(shape));
  return new SharedTable(shape, { memory, thread: 0, now });
}

/**
 * Lets machines come, go, fail and return at random. It fails with each of
 * these mistakes in the code:
 *
 * - Redis keeps expired nodes, keeps a lease for 1 s less, accepts an expired
 *   node, or gives a node's places back never or only after its lease;
 * - a node counts its lease from the reply, sends the time of its own clock,
 *   admits after its lease or above a limit, or takes a larger free part before
 *   Redis knows it;
 * - Redis grants without subtracting or without counting, counts a place twice,
 *   grants the free half before all nodes have given it up, grants right after
 *   it has lost its data, or loses or gives too much of the free half;
 * - a node keeps its name after a loss, does not say which name it replaces,
 *   takes a reply to its former name, or returns needed places immediately.
 */
async function play(seed: number, redis: ScriptedRedis): Promise<void> {
  const world = new World(redis, seededRandom(seed));
  await world.forget();
  const below = world.below.bind(world);
  let started = 0;
  async function start() {
    const machine = new Machine(`m${++started}`, world);
    world.machines.push(machine);
    await machine.flush(true);
  }
  world.isCalm = true;
  for (let count = 0; count < 3; count++) await start();
  for (const machine of world.machines) await machine.flush();
  if (seed % 2 > 0) {
    // Five more start before the first three have a round trip.
    const [client] = CLIENTS as [string];
    for (const machine of world.machines) await greed(machine, client, 3);
    while (world.machines.length < 8) await start();
    for (const machine of world.machines.slice(3)) await machine.flush();
    check(world.machines, `seed ${seed}, start`);
    await settle(world, seed);
    await greed(world.machines.at(-1)!, client, 30);
    check(world.machines, `seed ${seed}, settled`);
  }
  world.isCalm = false;
  for (let step = 0; step < 200; step++) {
    const { machines } = world;
    const machine = machines[below(machines.length)]!;
    const client = CLIENTS[below(CLIENTS.length)]!;
    const chance = below(1000);
    const isDead = chance < 6 && machines.length > 2;
    if (isDead) {
      world.machines = machines.filter((one) => one !== machine);
      if (chance < 3) machine.leave(); // As if it was killed.
      else await machine.close();
    } else if (chance < 14 && machines.length < 9) await start();
    else if (chance < 20) machine.leave(); // It is isolated.
    else if (chance < 30) await machine.flush(true); // It is back.
    else if (step % 20 === 19) {
      const act = SCENES[Math.floor(step / 20) % SCENES.length]!;
      await act(world, machine, client);
      check(world.machines, `seed ${seed}, scene of step ${step}`);
      await gather(world);
    } else if (chance < 250) {
      world.pass(below(400));
      for (const one of machines) if (below(3) > 0) await one.flush();
    } else if (chance < 750) await greed(machine, client, below(14));
    else for (let more = below(8); more > 0; more--) machine.end(client);
    check(world.machines, `seed ${seed}, step ${step}`);
  }
  await takeAll(world, seed);
}

/** Ends all connections and all leases, and lets all machines return. */
async function gather(world: World): Promise<void> {
  for (const machine of world.machines) machine.leave();
  world.pass(LEASE_TIME + 1);
  for (const machine of world.machines) machine.endLate();
  for (const machine of world.machines) await machine.flush(true);
}

/** What seldom happens, and lets one machine want much then. */
const SCENES: readonly ((
  world: World,
  machine: Machine,
  client: string,
) => Promise<void>)[] = [
  // Redis loses its data.
  async (world, machine, client) => {
    await gather(world);
    await greed(world.machines[world.below(2)]!, client, 20);
    for (const one of world.machines) await one.flush();
    await world.forget();
    await machine.flush(true);
    await greed(machine, client, 40);
    check(world.machines, "after a loss");
    for (const one of world.machines) await one.flush();
  },
  // Redis is away for longer than the leases.
  async (world, machine, client) => {
    for (const one of world.machines) one.leave();
    world.pass(LEASE_TIME + world.below(100));
    for (const one of world.machines) {
      await one.flush(true);
      await greed(one, client, 6);
    }
    await greed(machine, client, 40);
  },
  // Only one machine has Redis, while the leases of the others end.
  async (world, machine, client) => {
    for (const one of world.machines) await one.flush();
    for (const one of world.machines) if (one !== machine) one.leave();
    world.pass(world.below(3_000));
    await machine.flush();
    world.pass(LEASE_TIME - 3_000);
    await greed(machine, client, 40);
  },
  // A machine is suspended for longer than its lease.
  async (world, machine, client) => {
    const others = world.machines.filter((one) => one !== machine);
    for (let round = 0; round < 3; round++) {
      for (const one of others) await one.flush();
      world.pass(LEASE_TIME / 2);
    }
    await greed(others[0]!, client, 40);
    await machine.flush();
    check(world.machines, "after a suspension");
    await greed(machine, client, 40);
  },
];

/** One machine wants more than its part, and hears from Redis often. */
async function greed(
  machine: Machine,
  client: string,
  count: number,
): Promise<void> {
  for (let more = count; more > 0; more--) {
    if (!machine.admit(client)) await machine.flush();
  }
}

/** Checks that all machines together are within every limit. */
function check(machines: readonly Machine[], name: string): void {
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
  for (const { excess } of machines) assertLessOrEqual(excess, 0, name);
}

/** Gives machines time, and checks that each has a free part then. */
async function settle(world: World, seed: number): Promise<void> {
  for (let round = 0; round < 6; round++) {
    world.pass(LEASE_TIME / 5);
    for (const machine of world.machines) await machine.flush();
  }
  for (const { free } of world.machines) assertGreater(free, 0, `seed ${seed}`);
}

/** Checks that no place was lost: one machine can have all of them. */
async function takeAll(world: World, seed: number): Promise<void> {
  world.isCalm = true;
  const [only, ...others] = world.machines as [Machine, ...Machine[]];
  await gather(world);
  await settle(world, seed);
  for (const machine of world.machines) {
    // It joins again while a reply to its former name is under way.
    await Promise.all([machine.flush(), machine.flush(true)]);
    // Places of a machine that ends come back immediately.
    if (machine !== only && seed % 2 === 0) await machine.close();
  }
  if (seed % 2 > 0) {
    // Those of dead machines come back when their leases have ended.
    for (const machine of others) machine.leave();
    world.pass(LEASE_TIME);
  }
  world.machines = [only];
  const end = world.now + PATIENCE;
  for (const [at, most] of [LIMITS.one, LIMITS.one, 12].entries()) {
    const client = CLIENTS[at]!;
    while (only.count(client) < most && world.now < end) {
      while (only.admit(client));
      world.pass(FLUSH);
      await only.flush();
    }
    assertEquals(only.count(client), most, `seed ${seed}, ${client}`);
  }
  // No free part was lost either.
  assertGreaterOrEqual(only.free, 1 / 8, `seed ${seed}`);
}

testPrograms({
  name: "FleetPlaces never grant more than a limit, and lose no place",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await ScriptedRedis.start(path);
    const seeds = Number(Deno.env.get("SLUICE_TEST_SEEDS") ?? 5);
    for (let seed = 1; seed <= seeds; seed++) await play(seed, redis);
  },
});

testPrograms({
  name: "a machine whose lease has ended returns with its places in use only",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await ScriptedRedis.start(path);
    const world = new World(redis, seededRandom(1));
    world.isCalm = true;
    const [client] = CLIENTS as [string];
    const isolated = new Machine("isolated", world);
    const other = new Machine("other", world);
    world.machines = [isolated, other];
    for (const machine of world.machines) await machine.flush(true);
    await greed(isolated, client, 20);
    for (let more = 10; more > 0; more--) isolated.end(client);
    isolated.leave();
    world.pass(LEASE_TIME + 1);
    await other.flush();
    await greed(other, client, 60);
    assertEquals(other.count(client), LIMITS.one);
    // Redis cannot know any more that the other machine has all places.
    await world.forget();
    await isolated.flush(true);
    assert(!isolated.admit(client));
    check(world.machines, "after a loss");
  },
});
