/**
 * This machine's places for connections, within the limits of its fleet.
 *
 * @module
 */

import type { FleetView } from "../../serve/counts/fleet_view.ts";
import type { FleetKeys } from "../keys.ts";
import type { FleetPart, Link } from "../link.ts";
import { CHANNEL, type Incarnation } from "../pulse.ts";
import { type BookedCount, type Page, Shelf } from "./shelf.ts";
import { LEASE_TIME, MOST_ITEMS, PLACE_KEYS, PLACES_SCRIPT } from "./script.ts";

/** Milliseconds between two round trips for waiting connections. */
const LOOK = { least: 5, most: 80 } as const;

/** Milliseconds until a round trip if places only run low. */
const LOW = 50;

/** First word of a message that names a wanted key. */
const WANTED = "wanted ";

/** Options for {@linkcode FleetPlaces}. */
export interface FleetPlacesOptions {
  /** The link. */
  link: Pick<Link, "run">;
  /** Names of keys. */
  keys: FleetKeys;
  /** The fleet as threads see it. */
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

/** The places of this machine. */
export class FleetPlaces implements FleetPart {
  readonly #options: FleetPlacesOptions;
  readonly #shelf = new Shelf();
  /**
   * Part of this machine's name in Redis; each return to the fleet uses a new
   * one.
   */
  #age = 0;
  #isIn = false;
  /** Whether Redis knows all places in use. */
  #isKnown = false;
  #replaced = "";
  /** When Redis began to count. It changes if Redis loses its data. */
  #born = "";
  /**
   * The state that this machine follows, and below the state it has reported.
   */
  #heeds = { seat: 0, sequence: 0 };
  #reported = { seat: 0, sequence: 0 };
  #until = 0;
  #exchange: Promise<void> | undefined;
  #listening: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pause = 0;
  #isLinked = false;
  #isClosed = false;

  /**
   * Creates places, none of them granted.
   *
   * @param options The fleet and this machine.
   */
  constructor(options: FleetPlacesOptions) {
    this.#options = options;
  }

  /**
   * Replaces the limits of this machine.
   *
   * @param counts All counts; limits that stay the same keep their books.
   */
  count(counts: readonly BookedCount[]): void {
    if (!this.#shelf.count(counts)) return;
    // This machine has to learn all called keys again.
    this.#startAgain();
    if (this.#isLinked) this.#flushSoon(0);
  }

  /**
   * Renews the lease, and requests and returns places.
   *
   * @param isFirst Whether Redis may have lost its data (default: false).
   */
  flush(isFirst = false): Promise<void> {
    if (isFirst) this.#startAgain();
    this.#isLinked = true;
    this.#listening ??= this.#listen();
    this.#exchange ??= this.#exchangeOnce().finally(() => {
      this.#exchange = undefined;
    });
    return this.#exchange;
  }

  /** Admits nothing while Redis is lost, if `onLoss` is `refuse`. */
  lost(): void {
    this.#isLinked = false;
    if (this.#options.view.onLoss === "refuse") this.#shelf.setLease(0, 0);
  }

  /**
   * Takes a message of the fleet.
   *
   * @param message The message; ignored unless it names a wanted key.
   */
  hear(message: string): void {
    if (!message.startsWith(WANTED)) return;
    if (this.#giveWay(message.slice(WANTED.length))) this.#flushSoon(0);
  }

  /** Gives all places back to Redis. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#options.view.lack(); // Ends the wait.
    clearTimeout(this.#timer);
    await this.#exchange?.catch(() => {});
    if (!this.#isIn && this.#replaced === "") return;
    await this.#run(0, [], this.#reported);
    this.#shelf.setLease(0, 0);
  }

  /**
   * Starts over, because Redis has no data about this machine under its name.
   */
  #startAgain(): void {
    if (this.#isIn) this.#replaced = this.#name;
    this.#isIn = false;
    this.#age++;
    this.#heeds = { seat: 0, sequence: 0 };
    this.#reported = this.#heeds;
    this.#isKnown = false;
    const isLapsed = this.#until <= this.#options.now();
    this.#until = 0;
    this.#shelf.startAgain(isLapsed);
  }

  get #name(): string {
    return `${this.#options.own.id}.${this.#age}`;
  }

  async #exchangeOnce(): Promise<void> {
    const { now } = this.#options;
    this.#shelf.takeShortages();
    const sentAt = now();
    const age = this.#age;
    const pages = this.#shelf.collect(MOST_ITEMS, sentAt);
    const isWhole = !this.#shelf.isUnreported;
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
    // Before everything is reported, others may hold the same places.
    this.#isKnown ||= isWhole;
    if (this.#isKnown) this.#until = sentAt + LEASE_TIME;
    const isContent = this.#take(pages, reply as Reply);
    this.#pause = isContent
      ? 0
      : Math.min(Math.max(LOOK.least, this.#pause * 2), LOOK.most);
    if (this.#isBusy) this.#flushSoon(0);
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

  /** Returns whether every waiting connection got a place. */
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
    for (const field of called) this.#shelf.call(field);
    for (const field of lifted) this.#shelf.lift(field);
    let isGiving = false;
    for (const field of wanted) isGiving = this.#giveWay(field) || isGiving;
    if (isGiving) this.#flushSoon(0);
    // A smaller part applies before Redis hears of it, a larger one afterwards.
    const heeded = seat === 0 ? 0 : Math.max(seat, nextSeat);
    this.#heeds = { seat: heeded, sequence };
    this.#shelf.setLease(this.#until, heeded === 0 ? 0 : 1 / (2 * heeded));
    return isContent;
  }

  #giveWay(field: string): boolean {
    return this.#shelf.giveWay(field, this.#options.now());
  }

  /** Whether Redis still lacks a report for which other machines wait. */
  get #isBusy(): boolean {
    const { seat, sequence } = this.#heeds;
    return seat !== this.#reported.seat ||
      sequence !== this.#reported.sequence ||
      this.#shelf.isUnreported;
  }

  /** Starts a round trip whenever a connection waits for a place. */
  async #listen(): Promise<void> {
    const { view } = this.#options;
    while (!this.#isClosed) {
      const seen = view.lacks;
      const isUrgent = this.#shelf.takeShortages();
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
      // The link has lost Redis and will start again.
      this.#timer = undefined;
    }
  }
}
