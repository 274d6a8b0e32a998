/**
 * The conditions of rules: their syntax and their tests.
 *
 * @module
 */

import { parseEndpoint, type UnixPath } from "../../wire/endpoint.ts";
import { parseHostPort } from "../../wire/host_port.ts";
import { type IpAddress, parseIpAddress } from "../../wire/ip_address.ts";
import { type IpRange, isInRange, parseIpRange } from "../../wire/ip_range.ts";
import { specialNames, specialRanges } from "./address_guard.ts";
import { makeNameTest, parseNamePattern } from "./name_pattern.ts";
import { type Item, LineError, type List } from "./line.ts";
import { parseCommand, type Subject } from "./question.ts";
import { quote } from "../../wire/quote.ts";

/** Whether a condition holds; `undefined` if that is not known yet. */
export type Test = (subject: Subject) => boolean | undefined;

/** Word for clients of Unix sockets, which have no address. */
const UNIX = "unix";

/** Creates a condition's test from its values. */
export type ParseCondition = (values: List, options: ConditionOptions) => Test;

/** The context of a condition in its rule. */
export interface ConditionOptions {
  /**
   * Whether an address also stands for all addresses that it may lead to. True
   * in rules that deny, false in rules that allow.
   */
  isWide: boolean;
}

/**
 * The conditions by name, the fastest first. Days and times are missing because
 * they form one test together.
 */
export const CONDITIONS: Readonly<Record<string, ParseCondition>> = {
  command: parseCommands,
  port: parsePorts,
  user: parseUsers,
  listener: parseListeners,
  client: parseClients,
  name: parseNames,
  to: parseTargets,
};

/**
 * Creates the test whether a rule names an address and so lifts the guard. A
 * range of all addresses names none.
 *
 * @param values Values of its `to`.
 */
export function parseLift(values: List): Test {
  const ranges = parseRanges(values).filter(({ bits }) => bits > 0);
  return ({ plain }) => isInOne(ranges, plain);
}

/**
 * Parses every value of a list.
 *
 * @typeParam T Type of a parsed value.
 * @param values The list.
 * @param parse Parses one value.
 * @throws {LineError} With the column of the malformed value.
 */
export function parseEach<T>(
  values: readonly Item[],
  parse: (text: string, item: Item) => T,
): T[] {
  return values.map((item) => {
    try {
      return parse(item.text, item);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new LineError(item.column, error.message);
    }
  });
}

function parseCommands(values: List): Test {
  const commands = new Set(parseEach(values, parseCommand));
  return ({ question }) => commands.has(question.command);
}

function parsePorts(values: List): Test {
  const ranges = parseEach(values, (text) => {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ??
      [];
    const range = { first: Number(first), last: Number(last) };
    if (range.first >= 1 && range.first <= range.last && range.last <= 65535) {
      return range;
    }
    throw new SyntaxError(
      `${quote(text)} is not a port or range of ports such as 443 or 8000-8099`,
    );
  });
  return ({ question: { target } }) =>
    target === undefined
      ? undefined
      : ranges.some(({ first, last }) =>
        target.port >= first && target.port <= last
      );
}

function parseUsers(values: List): Test {
  const isSign = (sign: string) =>
    values.some(({ text, isQuoted }) => text === sign && !isQuoted);
  const [isAnyone, isNobody] = [isSign("*"), isSign("-")];
  const names = new Set(
    values
      .filter(({ text, isQuoted }) => isQuoted || text !== "*" && text !== "-")
      .map(({ text }) => text),
  );
  return ({ question: { user } }) =>
    user === undefined ? isNobody : isAnyone || names.has(user);
}

function parseListeners(values: List): Test {
  const places = parseEach(values, (text) => {
    if (text.startsWith("unix:")) return parseEndpoint(text, "") as UnixPath;
    const { host, port } = parseHostPort(text, "");
    const ip = host === "" ? undefined : parseIpAddress(host);
    if (port !== 0 && (host === "" || ip !== undefined)) {
      const isAny = ip === undefined || ip.every((byte) => byte === 0);
      return { range: isAny ? undefined : rangeOf(ip), port };
    }
    throw new SyntaxError(
      `${
        quote(text)
      } is not a listener such as 1080, 192.0.2.1:1080, [::1]:1080 or unix:/run/sluice.sock`,
    );
  });
  return ({ question: { listener } }) =>
    places.some((place) => {
      if ("path" in place || "path" in listener) {
        return "path" in place && "path" in listener &&
          place.path === listener.path;
      }
      return place.port === listener.port &&
        (place.range === undefined || isInRange(place.range, listener.ip));
    });
}

function parseClients(values: List): Test {
  const isUnix = values.some(({ text }) => text === UNIX);
  const ranges = parseEach(
    values,
    (text) => text === UNIX ? [] : [parseIpRange(text)],
  ).flat();
  return ({ client }) =>
    client === undefined ? isUnix : isInOne(ranges, client);
}

function parseNames(values: List): Test {
  const isOne = makeNameTest(
    parseEach(values, (text) => parseNamePattern(text)),
  );
  return ({ name, question }) => {
    if (question.target === undefined) return undefined;
    return name !== undefined && isOne(name);
  };
}

function parseTargets(values: List, { isWide }: ConditionOptions): Test {
  const ranges = parseRanges(values);
  return (subject) => {
    if (subject.address === undefined) return undefined;
    return isWide
      ? subject.reached.some((ip) => isInOne(ranges, ip))
      : isInOne(ranges, subject.plain);
  };
}

/** A word such as `private` stands for the ranges of that kind. */
function parseRanges(values: List): IpRange[] {
  return parseEach(values, (text) => {
    const special = specialRanges(text);
    if (special !== undefined) return special;
    if (/[\d:]/.test(text)) return [parseIpRange(text)];
    throw new SyntaxError(
      `${
        quote(text)
      } is not an address: expected one, ADDRESS/BITS, or one of ${
        specialNames().join(", ")
      }; names are for 'name'`,
    );
  }).flat();
}

function isInOne(ranges: readonly IpRange[], ip: IpAddress): boolean {
  for (const range of ranges) if (isInRange(range, ip)) return true;
  return false;
}

function rangeOf(ip: IpAddress): IpRange {
  return { prefix: ip, bits: ip.length * 8 };
}
