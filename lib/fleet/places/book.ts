/**
 * The places of one limit on this node: how many it holds for each key, and how
 * many it requests and returns.
 *
 * @module
 */

import type { Ration, Rations } from "../../policy/limits/rations.ts";

/** Most keys for which a node holds places in advance, for each limit. */
const MOST_HELD = 20_000;

/** Spare places of a key: a part of those in use, at least 1, at most 1,024. */
const SPARE = { part: 1 / 8, least: 1, most: 1_024 } as const;

/** Milliseconds without spare places for a key that other nodes need. */
const LEAN = 2_000;

/**
 * Milliseconds for which places for waiting connections stay, though other
 * nodes need them. A connection may have to wait for a place of another limit
 * too, and would otherwise never have both.
 */
const FRESH = 500;

/** Milliseconds after which a key with little use returns its places. */
const IDLE = 30_000;

/** A node's report on a key, and its request for places. */
export interface PlaceItem {
  /** The key, such as the name of a user. */
  key: string;
  /** Places over the whole fleet. */
  limit: number;
  /** Granted places that the node keeps. */
  hold: number;
  /** Places for waiting connections. */
  need: number;
  /** Places wanted in advance. */
  wish: number;
}

/** A key with granted places, or without a free part. */
interface Held {
  readonly entry: number;
  /** Granted places of which Redis knows. */
  reported: number;
  /** Places in use at the last report. */
  used: number;
  /** Whether a connection waits ("now"), or places only run low ("soon"). */
  want: "none" | "soon" | "now";
  /** End of the time without spare places. */
  leanUntil: number;
  /** End of the time in which places for waiting connections stay. */
  freshUntil: number;
  /** Time since which the free part would have been enough. */
  idleSince: number | undefined;
}

/** The places of one limit. */
export class PlaceBook {
  readonly #rations: Rations;
  readonly #held = new Map<string, Held>();
  /** Keys with granted places that are not reported to Redis yet. */
  readonly #unreported = new Set<string>();
  /** False if a called key found no entry: then no key has a free part. */
  #hasFree = true;

  /**
   * Creates a book without granted places.
   *
   * @param rations Rations in the table that the threads of this node share.
   */
  constructor(rations: Rations) {
    this.#rations = rations;
  }

  /** Number of keys with granted places, or without a free part. */
  get size(): number {
    return this.#held.size;
  }

  /** Whether any granted place is not reported to Redis yet. */
  get isUnreported(): boolean {
    return this.#unreported.size > 0;
  }

  /**
   * Records that a key needs places.
   *
   * @param key Client or user, or `ALL`.
   * @param isUrgent Whether a connection waits.
   */
  note(key: string, isUrgent: boolean): void {
    if (!this.#held.has(key) && this.#held.size >= MOST_HELD) return;
    const held = this.#hold(key);
    if (held === undefined) return;
    if (isUrgent) held.want = "now";
    else if (held.want === "none") held.want = "soon";
  }

  /**
   * Records that other nodes need places of a key.
   *
   * @param key Client or user, or `ALL`.
   * @param now Clock of the table in milliseconds.
   * @returns Whether this node has unused places of the key.
   */
  giveWay(key: string, now: number): boolean {
    const held = this.#held.get(key);
    if (held === undefined) return false;
    held.leanUntil = now + LEAN;
    const { allowed, granted, used } = this.#exclusively(() =>
      this.#rations.of(held.entry)
    );
    return granted > 0 && used < allowed;
  }

  /** Gives up the free part of a key. Places in use become granted places. */
  call(key: string): void {
    const held = this.#hold(key);
    if (held === undefined) {
      this.#hasFree = false;
      return this.setLease(0, 0);
    }
    this.#exclusively(() => {
      const { allowed, granted, missed, used } = this.#rations.of(held.entry);
      const hold = Math.min(Math.max(used + missed, granted), allowed);
      this.#grant(key, held, Math.max(hold, used), true);
    });
  }

  /** Gives a key its free part back. */
  lift(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#exclusively(() => {
      this.#grant(key, held, this.#rations.of(held.entry).granted, false);
    });
  }

  /**
   * Sets the lease. If the free part becomes smaller, places in use beyond it
   * become granted places.
   *
   * @param until End of the lease, by the table's clock.
   * @param fraction Free part of the limit, as a fraction.
   */
  setLease(until: number, fraction: number): void {
    const free = this.#hasFree ? fraction : 0;
    this.#exclusively(() => {
      const isSame = free === this.#rations.fraction;
      this.#rations.setLease(until, free);
      if (isSame) return;
      for (const [key, entry] of this.#rations.table.entries()) {
        const ration = this.#rations.of(entry);
        const { allowed, granted, isCalled, limit, used } = ration;
        if (limit === 0 || used <= allowed) continue;
        const held = this.#held.get(key) ?? this.#add(key, entry);
        this.#grant(key, held, granted + used - allowed, isCalled);
      }
    });
  }

  /**
   * Prepares for a Redis without data about this node.
   *
   * @param isLapsed Whether other nodes may have the unused places.
   */
  startAgain(isLapsed: boolean): void {
    for (const [key, held] of this.#held) {
      held.reported = 0;
      if (isLapsed) this.#drop(held);
      this.lift(key); // Redis will report again which keys are called.
    }
  }

  /**
   * Collects reports and requests.
   *
   * @param most Most keys.
   * @param now Clock of the table in milliseconds.
   */
  collect(most: number, now: number): PlaceItem[] {
    const items: PlaceItem[] = [];
    const add = (key: string, held: Held) => {
      if (items.length >= most) return;
      const item = this.#exclusively(() => this.#itemOf(key, held, now));
      this.#unreported.delete(key);
      if (item !== undefined) items.push(item);
    };
    const first = [...this.#unreported];
    for (const key of first) add(key, this.#held.get(key)!);
    const isDone = new Set(first);
    for (const [key, held] of this.#held) {
      if (!isDone.has(key)) add(key, held);
    }
    return items;
  }

  /**
   * Applies the reply to an item.
   *
   * @param answer Granted places, or -1 minus these if all nodes together
   *   exceed the limit.
   * @returns Whether it grants all needed places.
   */
  took({ hold: kept, key, need }: PlaceItem, answer: number): boolean {
    const held = this.#held.get(key)!;
    const hold = answer < 0 ? -1 - answer : answer;
    held.reported = hold;
    this.#exclusively(() => {
      const { isCalled } = this.#rations.of(held.entry);
      this.#rations.grant(held.entry, hold, isCalled);
      this.#rations.setOver(held.entry, answer < 0);
      if (hold > kept && need > 0) {
        held.freshUntil = this.#rations.table.now + FRESH;
      }
      // Waiting connections try again, and report again if this was not enough.
      if (hold > kept || need > 0) this.#rations.touch();
    });
    return hold >= kept + need;
  }

  #itemOf(key: string, held: Held, now: number): PlaceItem | undefined {
    const { entry, want } = held;
    const ration = this.#rations.of(entry);
    const { allowed, isCalled, isOver, limit, missed, used } = ration;
    const free = Math.max(0, allowed - used);
    const isLean = isOver || now < held.leanUntil;
    const spare = isLean ? 0 : spareOf(used, held.used);
    const isFresh = !isOver && now < held.freshUntil;
    const isWaiting = want === "now";
    const need = isWaiting && !isOver
      ? Math.max(0, Math.max(missed, 1) - free)
      : 0;
    const wish = want === "none" ? 0 : Math.max(0, spare - free);
    let hold = ration.granted;
    if (need === 0 && this.#isIdle(held, ration, now)) hold = 0;
    else if (need === 0 && !isFresh && free > 2 * spare) hold -= free - spare;
    hold = Math.max(0, hold);
    if (hold < ration.granted) this.#rations.grant(entry, hold, isCalled);
    if (want !== "none") this.#rations.hear(entry);
    held.want = "none";
    held.used = used;
    if (need > 0 || wish > 0 || isOver || hold !== held.reported) {
      return { key, limit, hold, need, wish };
    }
    if (hold === 0 && !isCalled) this.#forget(key, held);
    return undefined;
  }

  #isIdle(held: Held, ration: Ration, now: number): boolean {
    const { allowed, granted, isCalled, used } = ration;
    const isUsed = used > (isCalled ? 0 : (allowed - granted) / 2);
    if (isUsed) held.idleSince = undefined;
    else held.idleSince ??= now;
    return now - (held.idleSince ?? now) >= IDLE;
  }

  #hold(key: string): Held | undefined {
    const held = this.#held.get(key);
    if (held !== undefined) return held;
    const entry = this.#exclusively(() => this.#rations.keep(key));
    return entry === undefined ? undefined : this.#add(key, entry);
  }

  /** Call it with the lock held, unless the entry already exists. */
  #add(key: string, entry: number): Held {
    this.#rations.keep(key);
    const held: Held = {
      ...{ entry, reported: 0, used: 0, want: "none" },
      ...{ leanUntil: 0, freshUntil: 0, idleSince: undefined },
    };
    this.#held.set(key, held);
    return held;
  }

  #forget(key: string, { entry }: Held): void {
    this.#rations.forget(entry);
    this.#held.delete(key);
  }

  #grant(key: string, held: Held, granted: number, isCalled: boolean): void {
    this.#rations.grant(held.entry, granted, isCalled);
    if (granted > held.reported) this.#unreported.add(key);
  }

  /** Gives up unused granted places. */
  #drop({ entry }: Held): void {
    this.#exclusively(() => {
      const { granted, isCalled, used } = this.#rations.of(entry);
      this.#rations.grant(entry, Math.min(granted, used), isCalled);
    });
  }

  #exclusively<T>(act: () => T): T {
    return this.#rations.table.exclusively(act);
  }
}

function spareOf(used: number, before: number): number {
  const part = Math.ceil(used * SPARE.part) + Math.max(0, used - before);
  return Math.min(Math.max(SPARE.least, part), SPARE.most);
}
