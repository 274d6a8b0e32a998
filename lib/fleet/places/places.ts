/**
 * The places for connections that this machine has of the limits of its fleet.
 *
 * @module
 */

import type { Shortages } from "../../policy/limits/shortages.ts";
import type { FleetView } from "../../serve/counts/fleet_view.ts";
import type { NodeCount } from "../../serve/counts/shared_counts.ts";
import { rationedCounts } from "../../serve/limits/connection_counts.ts";
import type { FleetKeys } from "../keys.ts";
import type { FleetPart, Link } from "../link.ts";
import { CHANNEL, type Incarnation } from "../pulse.ts";
import { PlaceBook, type PlaceItem } from "./book.ts";
import { MOST_ITEMS, PLACE_KEYS, PLACES_SCRIPT } from "./script.ts";

/** Milliseconds for which a machine may use what it was granted. */
export const LEASE_TIME = 5_000;

/** Milliseconds between two round trips for connections that wait. */
const LOOK = { least: 5, most: 80 } as const;

/** Milliseconds until a round trip for places that only run low. */
const LOW = 50;

/** What a message of the fleet begins with that names a wanted key. */
const WANTED = "wanted ";

/** A limit of connections that is counted over the fleet. */
interface CountedPlaces {
  /** The count of this machine. */
  readonly id: string;
  readonly book: PlaceBook;
  /** Where threads tell what they lack. */
  readonly shortages: Shortages;
}

/** Options for {@linkcode FleetPlaces}. */
export interface FleetPlacesOptions {
  /** The link. */
  link: Pick<Link, "run">;
  /** Names of keys. */
  keys: FleetKeys;
  /** What threads see. */
  view: Pick<FleetView, "lacks" | "lacked" | "lack" | "onLoss">;
  /** The incarnation of this machine. */
  own: Pick<Incarnation, "id">;
  /** Clock of the tables, in milliseconds. */
  now: () => number;
}

type Reply = [
  seat: number,
  nextSeat: number,
  sequence: number,
  called: string[],
  lifted: string[],
  wanted: string[],
  places: number[],
  born: string,
];

interface Page {
  readonly book: PlaceBook;
  readonly items: readonly PlaceItem[];
}

/** The places of this machine. */
export class FleetPlaces implements FleetPart {
  readonly #options: FleetPlacesOptions;
  /** By their names on every machine, such as `proxy 1/connections-per-user`. */
  #counted: ReadonlyMap<string, CountedPlaces> = new Map();
  /** A machine that returns is a new one for Redis. */
  #age = 0;
  #isIn = false;
  /** Whether Redis knows of all places that are in use. */
  #isKnown = false;
  #replaced = "";
  /** When Redis began to count; it is another time if it has lost its data. */
  #born = "";
  /** What this machine heeds, and what Redis knows that it does. */
  #heeds = { seat: 0, sequence: 0 };
  #reported = { seat: 0, sequence: 0 };
  #until = 0;
  #exchange: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pause = 0;
  #isLinked = false;
  #isClosed = false;

  /**
   * Creates places of which none are granted.
   *
   * @param options The fleet and this machine.
   */
  constructor(options: FleetPlacesOptions) {
    this.#options = options;
    void this.#listen();
  }

  /**
   * Takes the limits of this machine.
   *
   * @param counts All counts; those that were there before are kept.
   */
  count(counts: readonly Pick<NodeCount, "id" | "scope" | "tables">[]): void {
    const before = this.#counted;
    const all = new Map<string, CountedPlaces>();
    for (const { id, scope, tables } of counts) {
      for (const { name, rations, shortages } of rationedCounts(tables)) {
        const full = `${scope}/${name}`;
        const known = before.get(full);
        const counted = known?.id === id
          ? known
          : { id, shortages, book: new PlaceBook(rations) };
        all.set(full, counted);
      }
    }
    const isSame = all.size === before.size &&
      all.entries().every(([name, one]) => before.get(name) === one);
    if (isSame) return;
    this.#counted = all;
    // It has to learn all called keys.
    this.#startAgain();
    if (this.#isLinked) this.#flushSoon(0);
  }

  /**
   * Renews the lease, and takes and returns places.
   *
   * @param isFirst Whether Redis may have forgotten anything.
   */
  flush(isFirst = false): Promise<void> {
    if (isFirst) this.#startAgain();
    this.#isLinked = true;
    this.#exchange ??= this.#exchangeOnce().finally(() => {
      this.#exchange = undefined;
    });
    return this.#exchange;
  }

  /** Admits nothing while Redis is lost, if the machine shall not. */
  lost(): void {
    this.#isLinked = false;
    if (this.#options.view.onLoss === "refuse") this.#setLease(0, 0);
  }

  /**
   * Takes a message of the fleet.
   *
   * @param message The message; others than of a wanted key are ignored.
   */
  hear(message: string): void {
    if (!message.startsWith(WANTED)) return;
    if (this.#giveWay(message.slice(WANTED.length))) this.#flushSoon(0);
  }

  /** Gives everything back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#options.view.lack(); // Ends the wait.
    clearTimeout(this.#timer);
    await this.#exchange?.catch(() => {});
    if (!this.#isIn) return;
    await this.#run(0, [], this.#reported);
    this.#setLease(0, 0);
  }

  /** Redis knows nothing of this machine, or of what it calls itself. */
  #startAgain(): void {
    if (this.#isIn) this.#replaced = this.#name;
    this.#isIn = false;
    this.#age++;
    this.#heeds = { seat: 0, sequence: 0 };
    this.#reported = this.#heeds;
    this.#isKnown = false;
    this.#until = 0;
    for (const { book } of this.#counted.values()) {
      book.setLease(this.#until, 0);
      book.startAgain();
    }
  }

  get #name(): string {
    return `${this.#options.own.id}.${this.#age}`;
  }

  async #exchangeOnce(): Promise<void> {
    const { now } = this.#options;
    this.#takeShortages();
    const sentAt = now();
    const age = this.#age;
    const pages = this.#collect(sentAt);
    const isWhole = !this.#isUnreported;
    const reported = isWhole ? this.#heeds : this.#reported;
    const items = pages.flatMap(({ name, items }) =>
      items.flatMap(({ key, limit, hold, need, wish }) => [
        ...[`${name}/${key}`, limit, hold, need, wish],
      ])
    );
    const reply = await this.#run(LEASE_TIME, items, reported);
    if (age !== this.#age) return this.#flushSoon(0);
    if (reply === "gone") {
      this.#startAgain();
      return this.#flushSoon(0);
    }
    this.#isIn = true;
    this.#replaced = "";
    this.#reported = reported;
    // Until all is reported, others may have got the same places.
    this.#isKnown ||= isWhole;
    if (this.#isKnown) this.#until = sentAt + LEASE_TIME;
    const isContent = this.#take(pages, reply as Reply);
    this.#pause = isContent
      ? 0
      : Math.min(Math.max(LOOK.least, this.#pause * 2), LOOK.most);
    if (this.#isBusy) this.#flushSoon(0);
  }

  #collect(now: number): (Page & { name: string })[] {
    let left = MOST_ITEMS;
    return [...this.#counted].map(([name, { book }]) => {
      const items = book.collect(left, now);
      left -= items.length;
      return { name, book, items };
    });
  }

  #run(
    time: number,
    items: readonly (string | number)[],
    { seat, sequence }: { seat: number; sequence: number },
  ): Promise<unknown> {
    const { keys, link } = this.#options;
    const own = keys.of("places", "of", this.#name);
    const prefix = own.slice(0, own.length - this.#name.length);
    return link.run(
      PLACES_SCRIPT,
      [...PLACE_KEYS.map((name) => keys.of("places", name)), own],
      [
        ...[this.#name, time, seat, sequence, this.#isIn ? 0 : 1],
        ...[this.#replaced, this.#born, prefix, keys.of(CHANNEL), ...items],
      ],
    );
  }

  /** Returns whether everybody who waits got a place. */
  #take(pages: readonly Page[], reply: Reply): boolean {
    const [seat, nextSeat, sequence, called, lifted, wanted, places] = reply;
    this.#born = reply[7];
    let at = 0;
    let isContent = true;
    for (const { book, items } of pages) {
      for (const item of items) {
        if (!book.took(item, places[at++]!)) isContent = false;
      }
    }
    for (const field of called) {
      this.#about(field, (book, key) => book.call(key));
    }
    for (const field of lifted) {
      this.#about(field, (book, key) => book.lift(key));
    }
    let isGiving = false;
    for (const field of wanted) isGiving = this.#giveWay(field) || isGiving;
    if (isGiving) this.#flushSoon(0);
    // A smaller part is heeded before Redis hears of it, a larger one after.
    const heeded = seat === 0 ? 0 : Math.max(seat, nextSeat);
    this.#heeds = { seat: heeded, sequence };
    this.#setLease(this.#until, heeded === 0 ? 0 : 1 / (2 * heeded));
    return isContent;
  }

  #giveWay(field: string): boolean {
    const now = this.#options.now();
    return this.#about(field, (book, key) => book.giveWay(key, now)) ?? false;
  }

  #about<T>(
    field: string,
    act: (book: PlaceBook, key: string) => T,
  ): T | undefined {
    const end = field.indexOf("/", field.indexOf("/") + 1);
    const counted = this.#counted.get(field.slice(0, end));
    return counted && act(counted.book, field.slice(end + 1));
  }

  #setLease(until: number, fraction: number): void {
    for (const { book } of this.#counted.values()) {
      book.setLease(until, fraction);
    }
  }

  /** Whether Redis lacks a report that others wait for. */
  get #isBusy(): boolean {
    const { seat, sequence } = this.#heeds;
    return seat !== this.#reported.seat ||
      sequence !== this.#reported.sequence ||
      this.#isUnreported;
  }

  get #isUnreported(): boolean {
    return this.#counted.values().some(({ book }) => book.isUnreported);
  }

  /** Returns whether a connection waits; `undefined` if nothing is lacking. */
  #takeShortages(): boolean | undefined {
    let isUrgent: boolean | undefined;
    for (const { book, shortages } of this.#counted.values()) {
      for (const { isWaiting, key } of shortages.take()) {
        book.note(key, isWaiting);
        isUrgent = isUrgent === true || isWaiting;
      }
    }
    return isUrgent;
  }

  /** Makes a round trip as soon as a connection waits for a place. */
  async #listen(): Promise<void> {
    const { view } = this.#options;
    while (!this.#isClosed) {
      const seen = view.lacks;
      const isUrgent = this.#takeShortages();
      if (isUrgent !== undefined) this.#flushSoon(isUrgent ? this.#pause : LOW);
      await view.lacked(seen, LEASE_TIME);
    }
  }

  #flushSoon(milliseconds: number): void {
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(() => void this.#flushAgain(), milliseconds);
  }

  async #flushAgain(): Promise<void> {
    try {
      await this.#exchange;
      this.#timer = undefined;
      if (this.#isLinked) await this.flush();
    } catch {
      // The link has lost Redis, and starts again.
      this.#timer = undefined;
    }
  }
}
