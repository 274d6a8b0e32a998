/**
 * The places of one limit on this node: what it holds of each key, and what it
 * asks for and returns.
 *
 * @module
 */

import type { Ration, Rations } from "../../policy/limits/rations.ts";

/** Most keys of which a node holds places in advance, for each limit. */
const MOST_HELD = 20_000;

/** Spare places of a key: a part of those in use, within bounds. */
const SPARE = { part: 1 / 8, least: 1, most: 1_024 } as const;

/** Milliseconds for which a key keeps no spare places after others want it. */
const LEAN = 2_000;

/** Milliseconds after which a key that is hardly used returns its places. */
const IDLE = 30_000;

/** What a node reports of a key, and asks for. */
export interface PlaceItem {
  key: string;
  /** Places over the whole fleet. */
  limit: number;
  /** Granted places that the node keeps. */
  hold: number;
  /** Places for connections that wait. */
  need: number;
  /** Places to have in advance. */
  wish: number;
}

/** A key that is more than its free part. */
interface Held {
  readonly entry: number;
  /** What Redis knows of. */
  reported: number;
  /** Places in use when it was last asked for. */
  used: number;
  /** Whether a connection waits, or places only run low. */
  want: "none" | "soon" | "now";
  /** End of the time without spare places. */
  leanUntil: number;
  /** Whether all nodes together hold more than the limit. */
  isOver: boolean;
  /** Start of the time in which the free part would have been enough. */
  idleSince: number | undefined;
}

/** The places of one limit. */
export class PlaceBook {
  readonly #rations: Rations;
  readonly #held = new Map<string, Held>();
  /** Keys with granted places that Redis does not know of yet. */
  readonly #unreported = new Set<string>();
  /** Whether there is a free part; not if a called key finds no entry. */
  #hasFree = true;

  /**
   * Creates a book without granted places.
   *
   * @param rations Table in which the threads of this node count.
   */
  constructor(rations: Rations) {
    this.#rations = rations;
  }

  /** Number of keys with granted places, or without a free part. */
  get size(): number {
    return this.#held.size;
  }

  /** Whether Redis does not know of all granted places. */
  get isUnreported(): boolean {
    return this.#unreported.size > 0;
  }

  /**
   * Notes that a key needs places.
   *
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
   * Notes that other nodes need places of a key.
   *
   * @param now Milliseconds.
   * @returns Whether this node has unused ones.
   */
  giveWay(key: string, now: number): boolean {
    const held = this.#held.get(key);
    if (held === undefined) return false;
    held.leanUntil = now + LEAN;
    const { allowed, granted, used } = this.#rationOf(held);
    return granted > 0 && used < allowed;
  }

  /** Gives up the free part of a key: what it uses counts as granted. */
  call(key: string): void {
    const held = this.#hold(key);
    if (held === undefined) {
      this.#hasFree = false;
      return this.setLease(0, 0);
    }
    this.#exclusively(() => {
      const ration = this.#rations.of(held.entry);
      const { allowed, granted, missed, used } = ration;
      const hold = Math.min(Math.max(used + missed, granted), allowed);
      this.#grant(
        key,
        held,
        { ...ration, granted: Math.max(hold, used) },
        true,
      );
    });
  }

  /** Takes back the free part of a key. */
  lift(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#exclusively(() => {
      this.#grant(key, held, this.#rations.of(held.entry), false);
    });
  }

  /**
   * Sets the lease. What keys use beyond a smaller free part counts as granted.
   *
   * @param until End of the lease, by the table's clock.
   * @param fraction The free part of a limit.
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
        const more = { ...ration, granted: granted + used - allowed };
        this.#grant(key, held, more, isCalled);
      }
    });
  }

  /** Prepares for a Redis that knows nothing of this node. */
  startAgain(): void {
    for (const [key, held] of this.#held) {
      held.reported = 0;
      this.lift(key); // It learns again which are called.
    }
  }

  /**
   * Collects what to report and to ask for.
   *
   * @param most Most keys.
   * @param now Milliseconds.
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
   * Takes the answer to an item.
   *
   * @param answer Granted places, or -1 minus these if all nodes together hold
   *   more than the limit.
   * @returns Whether there are as many as needed.
   */
  took({ hold: kept, key, need }: PlaceItem, answer: number): boolean {
    const held = this.#held.get(key)!;
    const hold = answer < 0 ? -1 - answer : answer;
    held.reported = hold;
    held.isOver = answer < 0;
    this.#exclusively(() => {
      const { isCalled } = this.#rations.of(held.entry);
      this.#rations.grant(held.entry, hold, isCalled);
      this.#rations.setOver(held.entry, held.isOver);
      // Those who wait try again, and tell again if that was not enough.
      if (hold > kept || need > 0) this.#rations.touch();
    });
    return hold >= kept + need;
  }

  #itemOf(key: string, held: Held, now: number): PlaceItem | undefined {
    const { entry, want } = held;
    const ration = this.#rations.of(entry);
    const { allowed, isCalled, limit, missed, used } = ration;
    const free = Math.max(0, allowed - used);
    const isLean = held.isOver || now < held.leanUntil;
    const spare = isLean ? 0 : spareOf(used, held.used);
    const isWaiting = want === "now";
    const need = isWaiting && !held.isOver
      ? Math.max(0, Math.max(missed, 1) - free)
      : 0;
    const wish = want === "none" ? 0 : Math.max(0, spare - free);
    let hold = ration.granted;
    if (need === 0 && this.#isIdle(held, ration, now)) hold = 0;
    else if (need === 0 && free > 2 * spare) hold -= free - spare;
    hold = Math.max(0, hold);
    if (hold < ration.granted) this.#rations.grant(entry, hold, isCalled);
    if (want !== "none") this.#rations.hear(entry);
    held.want = "none";
    held.used = used;
    if (need > 0 || wish > 0 || held.isOver || hold !== held.reported) {
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

  /** Needs the lock, unless the entry is kept already. */
  #add(key: string, entry: number): Held {
    this.#rations.keep(key);
    const held: Held = {
      ...{ entry, reported: 0, used: 0, want: "none", leanUntil: 0 },
      ...{ isOver: false, idleSince: undefined },
    };
    this.#held.set(key, held);
    return held;
  }

  #forget(key: string, { entry }: Held): void {
    this.#rations.forget(entry);
    this.#held.delete(key);
  }

  #grant(
    key: string,
    held: Held,
    { granted }: Ration,
    isCalled: boolean,
  ): void {
    this.#rations.grant(held.entry, granted, isCalled);
    if (granted > held.reported) this.#unreported.add(key);
  }

  #rationOf({ entry }: Held): Ration {
    return this.#exclusively(() => this.#rations.of(entry));
  }

  #exclusively<T>(act: () => T): T {
    return this.#rations.table.exclusively(act);
  }
}

function spareOf(used: number, before: number): number {
  const part = Math.ceil(used * SPARE.part) + Math.max(0, used - before);
  return Math.min(Math.max(SPARE.least, part), SPARE.most);
}
