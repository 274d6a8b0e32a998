/**
 * This machine's parts of the byte rates of its fleet.
 *
 * @module
 */

import { RateParts, type RateUse } from "../policy/limits/rate_parts.ts";
import type { NodeCount } from "../serve/counts/shared_counts.ts";
import { BYTES } from "../serve/limits/open.ts";
import type { FleetKeys } from "./keys.ts";
import type { FleetPart, Link } from "./link.ts";
import { CHANNEL, type Incarnation } from "./pulse.ts";
import { Demand } from "./rate_demand.ts";
import { HEADROOM, MOST_RATES, RATES_SCRIPT } from "./rates_script.ts";

/** Milliseconds between two looks while rates are in use. */
const LOOK = 200;

/**
 * Milliseconds after which a demand is reported again, usually and while the
 * rate is used up, and until it expires.
 */
const TELL = { again: 5_000, whenUsedUp: 1_000, counts: 12_000 } as const;

/** A demand that changes by this part of the rate is reported immediately. */
const NOTABLE = 1 / 50;

/** First word of a message that names a changed rate. */
const CHANGED = "rate ";

/** Rates of one server. */
interface CountedRates {
  /** The count of this machine. */
  readonly id: string;
  /** Name on every machine, such as `proxy-1`. */
  readonly scope: string;
  /** This machine's parts of the rates. */
  readonly parts: RateParts;
}

/** Options for {@linkcode FleetRates}. */
export interface FleetRatesOptions {
  /** The link. */
  link: Pick<Link, "run" | "isUp">;
  /** Names of keys. */
  keys: FleetKeys;
  /** The incarnation of this machine. */
  own: Pick<Incarnation, "id">;
}

interface Told {
  readonly demand: Demand;
  bytes: number;
  at: number;
  /** This machine's part, in bytes per second. */
  part: number;
  /** The least part since the last look. */
  leastPart: number;
  /** Time of the last look. */
  lookedAt: number;
}

interface Item {
  readonly name: string;
  readonly counted: CountedRates;
  readonly use: RateUse;
  readonly told: Told;
}

/** The rates of this machine. */
export class FleetRates implements FleetPart {
  readonly #options: FleetRatesOptions;
  #counted: readonly CountedRates[] = [];
  /** The last report on each rate, by its name in Redis. */
  #told = new Map<string, Told>();
  /** Rates that other machines have changed. */
  readonly #changed = new Set<string>();
  #exchange: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /**
   * Creates an object without rates.
   *
   * @param options The fleet and this machine.
   */
  constructor(options: FleetRatesOptions) {
    this.#options = options;
  }

  /**
   * Replaces the rates of this machine.
   *
   * @param counts All counts.
   */
  count(counts: readonly Pick<NodeCount, "id" | "scope" | "tables">[]): void {
    const before = this.#counted;
    this.#counted = counts.flatMap(({ id, scope, tables }) => {
      const table = tables.get(BYTES);
      if (table === undefined) return [];
      const known = before.find((one) => one.id === id);
      return known ?? { id, scope, parts: new RateParts(table) };
    });
    if (this.#counted.length > 0) this.#lookLater();
  }

  /**
   * Reports demands, and takes parts.
   *
   * @param isFirst Whether Redis may have lost its data (default: false).
   */
  flush(isFirst = false): Promise<void> {
    if (isFirst) this.#told.forEach((told) => told.at = 0);
    this.#exchange ??= this.#exchangeOnce().finally(() => {
      this.#exchange = undefined;
    });
    return this.#exchange;
  }

  /**
   * Takes a message of the fleet.
   *
   * @param message The message; ignored unless it names a changed rate.
   */
  hear(message: string): void {
    if (!message.startsWith(CHANGED)) return;
    const name = message.slice(CHANGED.length);
    if (!this.#told.has(name)) return;
    this.#changed.add(name);
    void this.flush().catch(() => {}); // The link has lost Redis.
  }

  /** Gives all parts back to Redis. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#exchange?.catch(() => {});
    const names = [...this.#told.keys()].slice(0, MOST_RATES);
    if (names.length > 0) {
      await this.#run(names.flatMap((name) => [name, 1, 0]));
    }
  }

  async #exchangeOnce(): Promise<void> {
    const items = this.#look();
    if (items.length === 0) return;
    const parts = await this.#run(
      items.flatMap(({ name, told, use }) => [
        ...[name, Math.ceil(use.rate), Math.ceil(told.bytes)],
      ]),
    ) as string[];
    items.forEach(({ counted, told, use }, at) => {
      told.part = Number(parts[at]);
      told.leastPart = Math.min(told.leastPart, told.part);
      counted.parts.set(use, told.part);
    });
  }

  #run(items: readonly (string | number)[]): Promise<unknown> {
    const { keys, link, own } = this.#options;
    const prefix = `${keys.of("rates")}:`;
    const channel = keys.of(CHANNEL);
    return link.run(
      RATES_SCRIPT,
      [],
      [own.id, TELL.counts, prefix, channel, ...items],
    );
  }

  /** Measures all demands; returns those to report. */
  #look(): Item[] {
    const before = this.#told;
    this.#told = new Map();
    const items: Item[] = [];
    for (const counted of this.#counted) {
      const { parts, scope } = counted;
      const { now } = parts;
      for (const use of parts.read()) {
        const name = `${scope}/${use.way}/${use.key}`;
        const told = before.get(name) ?? newTold(use, now);
        this.#told.set(name, told);
        if (measure(told, use, now) || this.#changed.has(name)) {
          if (items.length < MOST_RATES) {
            items.push({ name, counted, use, told });
          }
        }
      }
    }
    for (const { name, told, counted } of items) {
      told.bytes = told.demand.bytes;
      told.at = counted.parts.now;
      this.#changed.delete(name);
    }
    return items;
  }

  /** Schedules another look while this machine has rates. */
  #lookLater(): void {
    this.#timer ??= setTimeout(() => void this.#lookAgain(), LOOK);
  }

  async #lookAgain(): Promise<void> {
    try {
      if (this.#options.link.isUp) await this.flush();
    } catch {
      // The link has lost Redis.
    }
    this.#timer = undefined;
    if (!this.#isClosed && this.#counted.length > 0) this.#lookLater();
  }
}

function newTold({ carried, rate }: RateUse, now: number): Told {
  const demand = new Demand(carried * 1024, now, rate);
  return { demand, bytes: 0, at: 0, part: 0, leastPart: 0, lookedAt: now };
}

/** Updates a demand; returns whether to report it. */
function measure(told: Told, use: RateUse, now: number): boolean {
  const { demand, leastPart, lookedAt } = told;
  const { carried, rate, waitsUntil } = use;
  if (now - lookedAt >= LOOK / 2) {
    demand.look({
      ...{ carried: carried * 1024, now, rate, part: leastPart },
      waited: waitsUntil > lookedAt,
    });
    told.lookedAt = now;
    told.leastPart = told.part;
  }
  const isIdle = demand.bytes + told.bytes === 0;
  // Small changes of many nodes add up, and change this node's part too.
  const isUsedUp = told.part <= told.bytes * HEADROOM;
  const again = isUsedUp ? TELL.whenUsedUp : TELL.again;
  if (!isIdle && now - told.at >= again) return true;
  // A node with nearly the whole rate takes nothing from other nodes.
  const isAlone = told.part > rate * (1 - NOTABLE);
  const change = Math.abs(demand.bytes - told.bytes);
  return !isAlone && change > rate * NOTABLE;
}
