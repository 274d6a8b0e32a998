/**
 * Rules from what happened: facts go in one by one, the smallest readable list
 * that allows them comes out. Pure, and bounded in memory however many facts
 * there are.
 *
 * ```text
 * alice api.example:443 connect   \
 * alice www.example:443 connect    >  allow user alice name api.example,www.example port 443
 * alice www.example:443 connect   /   default deny
 * ```
 *
 * @module
 */

import { formatIpAddress, parseIpAddress } from "../../wire/ip_address.ts";
import { whyImpossible } from "../../wire/host_name.ts";
import { type IsOwn, refusedRange } from "./address_guard.ts";
import { generaliseNames } from "./generalise_names.ts";
import type { ReachedFact } from "./reached_fact.ts";
import { RULE_COMMANDS, type RuleCommand } from "./question.ts";

/** Options for {@linkcode RuleLearner}. */
export interface LearnOptions {
  /**
   * Names below one domain from which on `*.domain` stands for all of them, 2
   * or more (default: every name stands for itself).
   */
  generalise?: number | undefined;
  /** Hosts of users that are remembered, at most (default 100,000). */
  most?: number;
  /** Tells which addresses this machine has (default: none). */
  isOwn?: IsOwn;
}

/** Characters of a line; longer lists go on in another rule. */
const WIDTH = 100;

/** Commands that open something on the proxy's machine, not at a target. */
const OTHERS: readonly RuleCommand[] = ["bind", "udp"];

/** Commands that a rule without `command` is meant for here. */
const ORDINARY: readonly RuleCommand[] = ["connect", "http"];

/** What is known of one host. */
interface Seen {
  readonly ports: Set<number>;
  readonly commands: Set<RuleCommand>;
  /** Addresses that the guard refuses unless a rule names them. */
  readonly guarded: Set<string>;
}

/** Hosts that one rule can allow together. */
interface Group {
  readonly hosts: string[];
  readonly seen: Seen;
  readonly isAddress: boolean;
}

/** Learns rules. */
export class RuleLearner {
  readonly #users = new Map<string | undefined, Map<string, Seen>>();
  readonly #options: LearnOptions;
  #hosts = 0;
  #left = 0;

  /**
   * Begins without facts.
   *
   * @param options How names are generalised, and how much is remembered.
   */
  constructor(options: LearnOptions = {}) {
    this.#options = options;
  }

  /** Facts that no rule can allow, or for which there was no room. */
  get left(): number {
    return this.#left;
  }

  /**
   * Takes one fact.
   *
   * @param fact Where a client went.
   */
  take(fact: ReachedFact): void {
    const seen = this.#find(fact);
    if (seen === undefined) {
      this.#left++;
      return;
    }
    seen.ports.add(fact.port);
    seen.commands.add(fact.command);
    const { address } = fact;
    if (address === undefined || parseIpAddress(fact.host) !== undefined) {
      return;
    }
    if (refusedRange(address, this.#options.isOwn) !== undefined) {
      seen.guarded.add(formatIpAddress(address));
    }
  }

  /**
   * Writes the rules.
   *
   * @returns A line each, the default last.
   */
  lines(): string[] {
    const all = [...this.#users.values()].flatMap((hosts) => [
      ...hosts.values(),
    ]);
    const unused = OTHERS.filter((command) =>
      !all.some(({ commands }) => commands.has(command))
    );
    // One line keeps the word out of all others.
    const isPlain = unused.length === OTHERS.length;
    const lines = isPlain && all.length > 0
      ? [`deny command ${OTHERS.join(",")}`]
      : [];
    const isAlone = this.#users.size === 1 && this.#users.has(undefined);
    const users = [...this.#users].sort(([a = ""], [b = ""]) => a < b ? -1 : 1);
    for (const [user, hosts] of users) {
      const who = isAlone ? "" : ` user ${quoteUser(user)}`;
      for (const group of this.#groups(hosts)) {
        lines.push(...formatGroup(group, `allow${who}`, isPlain));
      }
    }
    return [...lines, "default deny"];
  }

  #find({ host, user }: ReachedFact): Seen | undefined {
    const isSayable = user === undefined || !user.includes('"');
    const isHost = parseIpAddress(host) !== undefined ||
      whyImpossible(host) === undefined;
    if (!isSayable || !isHost) return undefined;
    const hosts = this.#users.get(user) ?? new Map<string, Seen>();
    const known = hosts.get(host);
    if (known !== undefined) return known;
    if (this.#hosts >= (this.#options.most ?? 100_000)) return undefined;
    this.#hosts++;
    this.#users.set(user, hosts);
    const seen = {
      ports: new Set<number>(),
      commands: new Set<RuleCommand>(),
      guarded: new Set<string>(),
    };
    hosts.set(host, seen);
    return seen;
  }

  #groups(hosts: ReadonlyMap<string, Seen>): Group[] {
    const groups = new Map<string, Group>();
    for (const [host, seen] of hosts) {
      const isAddress = parseIpAddress(host) !== undefined;
      const key = JSON.stringify([
        isAddress,
        formatPorts(seen.ports),
        commandsOf(seen.commands),
        [...seen.guarded].sort(),
      ]);
      const group = groups.get(key) ?? { hosts: [], seen, isAddress };
      groups.set(key, group);
      group.hosts.push(host);
    }
    const { generalise = Infinity } = this.#options;
    return [...groups.values()].map((group) => {
      const { hosts, isAddress } = group;
      const names = isAddress ? hosts : generaliseNames(hosts, generalise);
      return { ...group, hosts: names.sort(byDomain) };
    }).sort((a, b) => byDomain(a.hosts[0]!, b.hosts[0]!));
  }
}

function formatGroup(
  { hosts, seen, isAddress }: Group,
  head: string,
  isPlain: boolean,
): string[] {
  const { commands, guarded, ports } = seen;
  const to = guarded.size > 0 ? ` to ${[...guarded].sort().join(",")}` : "";
  const how = isPlain ? "" : ` command ${commandsOf(commands).join(",")}`;
  const tail = `${to} port ${formatPorts(ports)}${how}`;
  const begin = `${head} ${isAddress ? "to" : "name"} `;
  return cutList(hosts, WIDTH - begin.length - tail.length)
    .map((list) => `${begin}${list}${tail}`);
}

/** Whoever may CONNECT somewhere can send a request there, and is told so. */
function commandsOf(seen: ReadonlySet<RuleCommand>): RuleCommand[] {
  const isOrdinary = ORDINARY.some((command) => seen.has(command));
  return RULE_COMMANDS.filter((command) =>
    seen.has(command) || isOrdinary && ORDINARY.includes(command)
  );
}

function cutList(values: readonly string[], width: number): string[] {
  const lists: string[] = [];
  for (const value of values) {
    const last = lists.at(-1);
    const isRoom = last !== undefined && last.length + value.length < width;
    if (isRoom) lists.push(`${lists.pop()},${value}`);
    else lists.push(value);
  }
  return lists;
}

/** `80,443,8000-8002` */
function formatPorts(ports: ReadonlySet<number>): string {
  const ranges: [first: number, last: number][] = [];
  for (const port of [...ports].sort((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range?.[1] === port - 1) range[1] = port;
    else ranges.push([port, port]);
  }
  return ranges.flatMap(([first, last]) =>
    last - first < 2
      ? [...new Set([first, last])].map(String)
      : [`${first}-${last}`]
  ).join(",");
}

function quoteUser(user: string | undefined): string {
  if (user === undefined) return "-";
  const isWord = /^[\w.@+][\w.@+-]*$/.test(user);
  return isWord ? user : `"${user}"`;
}

/** Names of one domain stand together. */
function byDomain(a: string, b: string): number {
  const [one, other] = [a, b].map((name) =>
    name.split(".").reverse().join(".")
  ) as [string, string];
  return one < other ? -1 : one > other ? 1 : 0;
}
