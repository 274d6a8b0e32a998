/**
 * The time conditions of rules: days of the week and times of day, in a zone.
 *
 * @module
 */

import { quote } from "../../wire/quote.ts";
/**
 * A part of the day in minutes. If it passes midnight, its end is smaller than
 * its start.
 */
export interface Hours {
  /** First minute of it. */
  readonly from: number;
  /** First minute after it. */
  readonly to: number;
}

/** The time clauses of a rule, each possibly negated. */
export interface RuleTime {
  /** Days, 0 for Sunday to 6. */
  days?: { values: ReadonlySet<number>; isNegated: boolean };
  /** Parts of the day. */
  hours?: { values: readonly Hours[]; isNegated: boolean };
  /** Clock of the zone (default: the machine's zone). */
  clock?: WallClock;
}

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MINUTE = 60_000;

/** Most cached clocks; then the cache starts over. */
const MOST_CLOCKS = 100;

/** The wall clock of a time zone. */
export class WallClock {
  readonly #format: Intl.DateTimeFormat;
  /** Zones differ by whole minutes, so one reading is valid for a minute. */
  #read = { minute: NaN, day: 0, minuteOfDay: 0 };

  /**
   * Returns the clock of a zone. Many rules share few clocks.
   *
   * @param zone Its time zone as in `Europe/Berlin` (IANA); by default that of
   *   the machine.
   * @throws {SyntaxError} If the zone does not exist.
   */
  static in(zone?: string): WallClock {
    const known = CLOCKS.get(zone);
    if (known !== undefined) return known;
    if (CLOCKS.size === MOST_CLOCKS) CLOCKS.clear();
    const clock = new WallClock(zone);
    CLOCKS.set(zone, clock);
    return clock;
  }

  /**
   * Creates a clock.
   *
   * @param zone Its time zone.
   */
  private constructor(zone?: string) {
    try {
      this.#format = new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        weekday: "short",
        hour: "2-digit",
        minute: "2-digit",
        hourCycle: "h23",
      });
    } catch {
      throw new SyntaxError(
        `${quote(String(zone))} is not a time zone such as Europe/Berlin`,
      );
    }
  }

  /**
   * Reads it.
   *
   * @param time Milliseconds since 1970.
   * @returns The day, 0 for Sunday to 6, and the minute of it, 0 to 1439.
   */
  read(time: number): { day: number; minuteOfDay: number } {
    const minute = Math.floor(time / MINUTE);
    if (this.#read.minute !== minute) {
      const parts = new Map(
        this.#format.formatToParts(minute * MINUTE)
          .map(({ type, value }) => [type, value]),
      );
      const day = DAYS.indexOf(parts.get("weekday")!.toLowerCase());
      const minuteOfDay = Number(parts.get("hour")) * 60 +
        Number(parts.get("minute"));
      this.#read = { minute, day, minuteOfDay };
    }
    return this.#read;
  }
}

const CLOCKS = new Map<string | undefined, WallClock>();

/**
 * Creates the test of time clauses. Hours that pass midnight belong to the day
 * on which they begin.
 *
 * @param clauses Days, hours and time zone.
 * @returns Whether a time, in milliseconds since 1970, is within.
 */
export function makeTimeTest(clauses: RuleTime): (time: number) => boolean {
  const { days, hours, clock = WallClock.in() } = clauses;
  const isDay = (day: number) =>
    days === undefined || days.values.has(day) !== days.isNegated;
  return (time) => {
    const { day, minuteOfDay } = clock.read(time);
    if (hours === undefined) return isDay(day);
    if (hours.isNegated) {
      return isDay(day) &&
        !hours.values.some((part) => isWithin(part, minuteOfDay));
    }
    return hours.values.some((part) => {
      const isMorningAfter = part.to < part.from && minuteOfDay < part.to;
      return isWithin(part, minuteOfDay) &&
        isDay(isMorningAfter ? (day + 6) % 7 : day);
    });
  };
}

/**
 * Parses days: `sat`, or `mon-fri`.
 *
 * @param text Text to parse.
 * @returns The days, 0 for Sunday to 6.
 * @throws {SyntaxError} If it is malformed.
 */
export function parseDays(text: string): number[] {
  const ends = text.toLowerCase().split("-").map((name) => DAYS.indexOf(name));
  const [first, last = first] = ends;
  if (ends.length > 2 || ends.includes(-1)) {
    throw new SyntaxError(
      `${quote(text)} is not a day or range of days such as sun or mon-fri`,
    );
  }
  const count = (last! - first! + 7) % 7 + 1;
  return Array.from({ length: count }, (_, index) => (first! + index) % 7);
}

/**
 * Parses a part of the day: `08:00-18:00`, `22:00-06:00`.
 *
 * @param text Text to parse.
 * @throws {SyntaxError} If it is malformed or empty.
 */
export function parseHours(text: string): Hours {
  const match = /^(\d\d):([0-5]\d)-(\d\d):([0-5]\d)$/.exec(text);
  const [, hour, minute, endHour, endMinute] = (match ?? []).map(Number);
  const [from, to] = [hour! * 60 + minute!, endHour! * 60 + endMinute!];
  if (match === null || from >= 1440 || to > 1440 || from === to) {
    throw new SyntaxError(
      `${
        quote(text)
      } is not a part of a day such as 08:00-18:00 or 22:00-06:00`,
    );
  }
  return { from, to };
}

function isWithin({ from, to }: Hours, minute: number): boolean {
  return from < to
    ? minute >= from && minute < to
    : minute >= from || minute < to;
}
