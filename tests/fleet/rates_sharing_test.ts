import { assert, assertGreater } from "@std/assert";
import { FleetKeys } from "../../lib/fleet/keys.ts";
import { CHANNEL } from "../../lib/fleet/pulse.ts";
import { FleetRates } from "../../lib/fleet/rates.ts";
import {
  FLEET_BYTES_TABLE,
  PARTS,
  WAYS,
} from "../../lib/policy/limits/rate_limits.ts";
import { BYTES } from "../../lib/serve/limits/open.ts";
import { SharedBucket } from "../../lib/sync/shared/bucket.ts";
import { SharedTable } from "../../lib/sync/shared/table.ts";
import { testPrograms } from "../support/programs.ts";
import { seededRandom } from "../support/random.ts";
import { ScriptedRedis } from "../support/scripted_redis.ts";

/** Bytes per second of all machines together. */
const RATE = 4_000_000;

const KEYS = new FleetKeys("test");

/** Milliseconds of a step, and between two round trips of a machine. */
const TIME = { step: 2, look: 200 } as const;

/** What the clients of a machine want, as a part of the rate. */
interface Wish {
  /** Mean; `Infinity` is as much as they get. */
  part: number;
  /** Milliseconds between two chunks (default: none). */
  pause?: number;
}

/** A machine whose clients want a part of the rate. */
class Machine {
  readonly rates: FleetRates;
  carried = 0;
  readonly #bucket: SharedBucket;
  readonly #wish: Wish;
  readonly #redis: ScriptedRedis;
  #backlog = 0;
  #next: number;

  constructor(id: number, wish: Wish, redis: ScriptedRedis) {
    this.#wish = wish;
    this.#redis = redis;
    this.#next = redis.now + id * 7;
    const shape = { ...FLEET_BYTES_TABLE, threads: 1 };
    const memory = new SharedArrayBuffer(SharedTable.bytes(shape));
    const now = () => redis.now;
    const table = new SharedTable(shape, { memory, thread: 0, now });
    const entry = table.exclusively(() => {
      const entry = table.enter("")!;
      table.addShare(entry, 1);
      return entry;
    });
    const { index, turns } = WAYS.down;
    this.#bucket = new SharedBucket({ table, entry }, {
      ...{ index, turns, share: PARTS.down },
      ...{ speed: RATE / 1_000, burst: 100 },
    });
    this.rates = new FleetRates({
      link: { isUp: false, run: redis.run.bind(redis) },
      ...{ keys: KEYS, own: { id: `m${id}` } },
    });
    this.rates.count([{
      ...{ id: "", scope: "proxy-1" },
      tables: new Map([[BYTES, table]]),
    }]);
  }

  /** Lets the clients have what they want, within the budget. */
  step(random: () => number): void {
    const { part, pause = TIME.step } = this.#wish;
    while (this.#next <= this.#redis.now) {
      this.#next += pause;
      this.#backlog += RATE * part * (pause / 1_000) * (0.8 + 0.4 * random());
    }
    const bucket = this.#bucket;
    while (this.#backlog > 0 && bucket.level() > 0) {
      const count = Math.min(this.#backlog, bucket.speed * 2);
      bucket.spend(count);
      this.carried += count;
      this.#backlog -= count;
    }
    if (this.#backlog > 0 && bucket.givenUntil <= bucket.now) {
      bucket.giveTurn(bucket.speed * 2);
    }
  }
}

/**
 * Returns the part of the rate that each machine carried in 5 s, after 3 s in
 * which their shares have settled.
 */
async function share(
  redis: ScriptedRedis,
  wishes: readonly Wish[],
): Promise<number[]> {
  await redis.forget();
  const random = seededRandom(1);
  const machines = wishes.map((wish, id) => new Machine(id, wish, redis));
  hearing = machines;
  async function pass(milliseconds: number) {
    const until = redis.now + milliseconds;
    while (redis.now < until) {
      redis.now += TIME.step;
      for (const machine of machines) machine.step(random);
      if (redis.now % TIME.look !== 0) continue;
      for (const { rates } of machines) {
        await rates.flush();
      }
    }
  }
  await pass(3_000);
  const before = machines.map(({ carried }) => carried);
  await pass(5_000);
  for (const { rates } of machines) await rates.close();
  return machines.map(({ carried }, at) =>
    (carried - before[at]!) / (5 * RATE)
  );
}

const ALL = { part: Infinity };

/** The machines that hear the messages of the fleet. */
let hearing: readonly Machine[] = [];

testPrograms({
  name: "FleetRates share a rate within 3 %, whatever each machine needs",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await ScriptedRedis.start(path);
    await redis.subscribe(KEYS.of(CHANNEL), (message) => {
      for (const { rates } of hearing) rates.hear(message);
    });
    const cases: Wish[][] = [
      [ALL],
      [ALL, ALL, ALL],
      [{ part: 0.1, pause: 50 }, ALL, ALL],
      [{ part: 0.3 }, { part: 0.3 }, ALL],
      [{ part: 0.3, pause: 50 }, { part: 0.3, pause: 20 }, ALL],
      [{ part: 0.2, pause: 90 }, { part: 0.45 }, { part: 0.5 }],
      [...Array.from({ length: 9 }, () => ({ part: 0.09, pause: 30 })), ALL],
      [...Array.from({ length: 9 }, () => ({ part: 0.07 })), ALL],
    ];
    for (const wishes of cases) {
      const parts = await share(redis, wishes);
      const sum = parts.reduce((all, part) => all + part, 0);
      const text = parts.map((part) => part.toFixed(3)).join();
      assert(sum > 0.97 && sum < 1.03, `${sum.toFixed(3)}: ${text}`);
      // A demand below an equal part is met.
      for (const [at, { part }] of wishes.entries()) {
        if (part < 1 / wishes.length) assertGreater(parts[at]!, 0.95 * part);
      }
    }
  },
});
