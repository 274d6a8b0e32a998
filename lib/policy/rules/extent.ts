/**
 * The connections that a rule matches, as comparable sets: one for each kind of
 * condition.
 *
 * @module
 */

import { isUnixPath, parseListenEndpoint } from "../../wire/endpoint.ts";
import { type IpAddress, parseIpAddress } from "../../wire/ip_address.ts";
import { type IpRange, parseIpRange } from "../../wire/ip_range.ts";
import { specialRanges } from "./address_guard.ts";
import { type Interval, IntervalSet } from "./interval_set.ts";
import { type NamePattern, parseNamePattern } from "./name_pattern.ts";
import type { Rule } from "./parse_rule.ts";
import type { Clause } from "./clauses.ts";
import { type PatternKind, PatternSet } from "./pattern_set.ts";
import { RULE_COMMANDS } from "./question.ts";
import type { Item } from "./line.ts";
import { parseDays, parseHours } from "./time.ts";

/** A comparable set. */
export interface Extent {
  /** Whether it is certainly empty. */
  readonly isEmpty: boolean;
  /** Whether it certainly covers another set. */
  covers(other: this): boolean;
  /** Whether the two may overlap. */
  overlaps(other: this): boolean;
  /** The union. */
  with(other: this): this;
}

/** Kinds of conditions; days, times and zones form one. */
export const EXTENTS = [
  // Most rules differ in these, so comparing them first is fast.
  "name",
  "user",
  "to",
  "port",
  "client",
  "listener",
  "command",
  "time",
] as const;

/** A kind of condition. */
export type ExtentName = typeof EXTENTS[number];

/** The extent of a rule. */
export type RuleExtent = Readonly<Record<ExtentName, Extent>>;

const IPV6_AT = 1n << 32n;
const UNIX_AT = IPV6_AT + (1n << 128n);
const ANY_ADDRESS = new IntervalSet([[0n, UNIX_AT - 1n]]);
const ANY_CLIENT = new IntervalSet([[0n, UNIX_AT]]);
const ANY_PORT = new IntervalSet([[1n, 65_535n]]);
const ANY_COMMAND = new IntervalSet([[0n, 3n]]);
const WEEK = 7 * 1440;

/** A user, `-` for nobody, or `*` for all who have a name. */
type UserPattern = { readonly name: string | undefined } | "anyone";

/** A port on one address or all of them, or the path of a Unix socket. */
type ListenerPattern =
  | { readonly port: number; readonly ip: string | undefined }
  | { readonly path: string }
  | "any";

/** A pattern of names, or targets that are asked for by address. */
type TargetPattern = NamePattern | { readonly kind: "address" };

/**
 * Computes the extent of a rule.
 *
 * @returns A set for each kind of condition, even without such a condition.
 */
export function extentOf({ clauses }: Pick<Rule, "clauses">): RuleExtent {
  const find = (word: string) => clauses.filter((one) => one.word === word);
  return {
    command: intervalsOf(find("command"), ANY_COMMAND, ({ text }) => {
      const index = BigInt(RULE_COMMANDS.findIndex((known) => known === text));
      return [[index, index]];
    }),
    port: intervalsOf(find("port"), ANY_PORT, ({ text }) => {
      const [first, last = first] = text.split("-").map(BigInt);
      return [[first!, last!]];
    }),
    client: intervalsOf(
      find("client"),
      ANY_CLIENT,
      ({ text }) =>
        text === "unix"
          ? [[UNIX_AT, UNIX_AT]]
          : [intervalOf(parseIpRange(text))],
    ),
    to: intervalsOf(
      find("to"),
      ANY_ADDRESS,
      ({ text }) =>
        (specialRanges(text) ?? [parseIpRange(text)]).map(intervalOf),
    ),
    user: patternsOf(find("user"), ANY_USER, parseUser),
    listener: patternsOf(find("listener"), ANY_LISTENER, parsePlace),
    name: patternsOf(
      find("name"),
      ANY_TARGET,
      ({ text }) => parseNamePattern(text),
    ),
    time: timesOf(clauses),
  };
}

type ParseInterval = (item: Item) => Interval[];

/**
 * Converts a range to numbers.
 *
 * @param range A range of addresses.
 * @returns Its first and last number, with IPv6 after IPv4.
 */
function intervalOf({ prefix, bits }: IpRange): Interval {
  const free = BigInt(prefix.length * 8 - bits);
  const first = numberOf(prefix);
  return [first, first + (1n << free) - 1n];
}

function numberOf(ip: IpAddress): bigint {
  const value = ip.reduce((sum, byte) => sum << 8n | BigInt(byte), 0n);
  return ip.length === 4 ? value : IPV6_AT + value;
}

function intervalsOf(
  clauses: readonly Clause[],
  all: IntervalSet,
  parse: ParseInterval,
): IntervalSet {
  let set = all;
  for (const { isNegated, values } of clauses) {
    const said = new IntervalSet(values.flatMap(parse));
    set = set.without(isNegated ? said : set.without(said));
  }
  return set;
}

function patternsOf<P>(
  clauses: readonly Clause[],
  any: PatternSet<P>,
  parse: (item: Item) => P,
): PatternSet<P> {
  if (clauses.length === 0) return any;
  const find = (negated: boolean) =>
    clauses.find(({ isNegated }) => isNegated === negated)?.values.map(parse);
  return any.narrow(find(false), find(true));
}

function parseUser({ text, isQuoted }: Item): UserPattern {
  if (text === "*" && !isQuoted) return "anyone";
  return { name: text === "-" && !isQuoted ? undefined : text };
}

const USERS: PatternKind<UserPattern> = {
  covers: (one, other) => {
    if (one === "anyone") return other === "anyone" || other.name !== undefined;
    return other !== "anyone" && one.name === other.name;
  },
  overlaps: (one, other) =>
    USERS.covers(one, other) || USERS.covers(other, one),
};

const ANY_USER = new PatternSet<UserPattern>(USERS, [
  "anyone",
  { name: undefined },
]);

function parsePlace({ text }: Item): ListenerPattern {
  const place = parseListenEndpoint(text);
  if (isUnixPath(place)) return { path: place.path };
  // Without an address it means the port on all addresses.
  const { port } = place;
  const ip = text === `${port}` ? undefined : parseIpAddress(place.host);
  const isAny = ip === undefined || ip.every((byte) => byte === 0);
  return { port, ip: isAny ? undefined : ip.join() };
}

const LISTENERS: PatternKind<ListenerPattern> = {
  covers: (one, other) => {
    if (one === "any") return true;
    if (other === "any") return false;
    if ("path" in one) return "path" in other && one.path === other.path;
    return "port" in other && one.port === other.port &&
      (one.ip === undefined || one.ip === other.ip);
  },
  overlaps: (one, other) =>
    LISTENERS.covers(one, other) || LISTENERS.covers(other, one),
};

const ANY_LISTENER = new PatternSet<ListenerPattern>(LISTENERS, ["any"]);

const NAMES: PatternKind<TargetPattern> = {
  covers: (one, other) => {
    if (one.kind === "address") return other.kind === "address";
    if (other.kind === "address") return false;
    if (one.kind === "any") return true;
    if (one.kind === "regexp") {
      return other.kind === "exact" && one.regexp.test(other.name) ||
        other.kind === "regexp" && one.regexp.text === other.regexp.text;
    }
    if (other.kind === "exact") return isNamed(one, other.name);
    if (one.kind !== "suffix" || other.kind !== "suffix") return false;
    if (!other.suffix.endsWith(one.suffix)) return false;
    return one.isApexToo || other.suffix !== one.suffix || !other.isApexToo;
  },
  overlaps: (one, other) => {
    if (NAMES.covers(one, other) || NAMES.covers(other, one)) return true;
    const isOpen = ({ kind }: TargetPattern) => kind === "regexp";
    if (one.kind === "exact" && other.kind === "regexp") return false;
    if (other.kind === "exact" && one.kind === "regexp") return false;
    if (isOpen(one) || isOpen(other)) return true;
    // `*.a` and `.a` share what is below, though neither covers the other.
    return one.kind === "suffix" && other.kind === "suffix" &&
      (one.suffix.endsWith(other.suffix) || other.suffix.endsWith(one.suffix));
  },
};

const ANY_TARGET = new PatternSet<TargetPattern>(NAMES, [
  { kind: "any" },
  { kind: "address" },
]);

function isNamed(
  pattern: Exclude<NamePattern, { kind: "any" | "regexp" }>,
  name: string,
): boolean {
  if (pattern.kind === "exact") return pattern.name === name;
  return name.endsWith(pattern.suffix) ||
    pattern.isApexToo && `.${name}` === pattern.suffix;
}

/** Minutes of a week in one zone. Sets of different zones are not compared. */
class TimeSet implements Extent {
  readonly #minutes: IntervalSet;
  readonly #zone: string;

  constructor(minutes: IntervalSet, zone: string) {
    this.#minutes = minutes;
    this.#zone = zone;
  }

  get isEmpty(): boolean {
    return this.#minutes.isEmpty;
  }

  covers(other: this): boolean {
    const isWhole = this.#minutes.covers(ALWAYS.#minutes);
    return isWhole ||
      this.#zone === other.#zone && this.#minutes.covers(other.#minutes);
  }

  overlaps(other: this): boolean {
    return this.#zone !== other.#zone || this.#minutes.overlaps(other.#minutes);
  }

  with(other: this): this {
    const isSame = this.#zone === other.#zone;
    const minutes = isSame ? this.#minutes.with(other.#minutes) : this.#minutes;
    return new TimeSet(minutes, this.#zone) as this;
  }
}

const ALWAYS = new TimeSet(new IntervalSet([[0n, BigInt(WEEK - 1)]]), "");

/** Hours that pass midnight belong to the day on which they begin. */
function timesOf(clauses: readonly Clause[]): TimeSet {
  const find = (word: string) => clauses.find((clause) => clause.word === word);
  const [days, hours, zone] = ["day", "time", "zone"].map(find);
  if (days === undefined && hours === undefined) return ALWAYS;
  const said = new Set(days?.values.flatMap(({ text }) => parseDays(text)));
  const held = [0, 1, 2, 3, 4, 5, 6].filter((day) =>
    days === undefined || said.has(day) !== days.isNegated
  );
  const wholeDays = new IntervalSet(
    held.map((day) => minutesOf(day, 0, 1440)).flat(),
  );
  const parts = hours?.values.map(({ text }) => parseHours(text)) ??
    [{ from: 0, to: 1440 }];
  const dayList = hours?.isNegated ? [0, 1, 2, 3, 4, 5, 6] : held;
  const within = new IntervalSet(
    dayList.flatMap((day) =>
      parts.flatMap(({ from, to }) =>
        minutesOf(day, from, to > from ? to : to + 1440)
      )
    ),
  );
  const minutes = hours?.isNegated ? wholeDays.without(within) : within;
  return new TimeSet(minutes, zone?.values[0].text ?? "");
}

/** Minutes of a day, which may continue into the next day or week. */
function minutesOf(day: number, from: number, to: number): Interval[] {
  const [first, last] = [day * 1440 + from, day * 1440 + to - 1];
  if (last < WEEK) return [[BigInt(first), BigInt(last)]];
  const rest: Interval = [0n, BigInt(last - WEEK)];
  return first < WEEK
    ? [[BigInt(first), BigInt(WEEK - 1)], rest]
    : [[BigInt(first - WEEK), BigInt(last - WEEK)]];
}
