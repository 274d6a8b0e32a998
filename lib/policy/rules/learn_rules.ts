/**
 * Learns rules from connections: it takes facts one by one, and writes the
 * smallest readable list of rules that allows them. It does no I/O, and its
 * memory is bounded for any number of facts.
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
   * Number of names below one domain, 2 or more, from which on `*.domain`
   * replaces them (default: never).
   */
  generalise?: number | undefined;
  /** Most remembered hosts, over all users (default 100,000). */
  most?: number;
  /** Tells which addresses this machine has (default: none). */
  isOwn?: IsOwn;
}

/**
 * Characters of a line, after which a list continues in another rule. A larger
 * width is used if a file would have too many lines.
 */
const WIDTHS = [100, 1_000, 10_000, 60_000];

/** Most lines before they get longer. */
const MOST_LINES = 9_000;

/** Characters that a quoted word of a rule can't contain. */
// deno-lint-ignore no-control-regex
const UNSAYABLE = /["\u0000-\u001f]/;

/** Commands that open something on the proxy's machine, not at a target. */
const OTHERS: readonly RuleCommand[] = ["bind", "udp"];

/** Commands that a learnt rule without `command` is for. */
const ORDINARY: readonly RuleCommand[] = ["connect", "http"];

/** Facts about one host. There may be many hosts, most with one port. */
interface Seen {
  port: number;
  /** All ports, if there are several. */
  ports: Set<number> | undefined;
  /** A bit for each of {@linkcode RULE_COMMANDS}. */
  commands: number;
  /** Addresses that the guard refuses unless a rule names them. */
  guarded: Set<string> | undefined;
  /** Whether it was also at an address that the guard allows. */
  isOrdinary: boolean;
  /** Whether a client showed no name there. */
  isHidden: boolean;
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
   * Starts without facts.
   *
   * @param options Generalisation of names, and bounds.
   */
  constructor(options: LearnOptions = {}) {
    this.#options = options;
  }

  /** Facts that no rule can allow, or that exceed the bound. */
  get left(): number {
    return this.#left;
  }

  /**
   * Takes one fact.
   *
   * @returns Whether a rule will allow it.
   */
  take(fact: ReachedFact): boolean {
    const seen = this.#find(fact);
    if (seen === undefined) {
      this.#left++;
      return false;
    }
    if (fact.port !== seen.port) {
      seen.ports ??= new Set([seen.port]);
      seen.ports.add(fact.port);
    }
    seen.commands |= bitOf(fact.command);
    if (fact.isHidden) seen.isHidden = true;
    const { address } = fact;
    if (address === undefined || parseIpAddress(fact.host) !== undefined) {
      return true;
    }
    if (refusedRange(address, this.#options.isOwn) !== undefined) {
      seen.guarded ??= new Set();
      seen.guarded.add(formatIpAddress(address));
    } else {
      seen.isOrdinary = true;
    }
    return true;
  }

  /**
   * Writes the rules.
   *
   * @returns One line for each rule, the default last.
   */
  lines(): string[] {
    const all = [...this.#users.values()].flatMap((hosts) => [
      ...hosts.values(),
    ]);
    const unused = OTHERS.filter((command) =>
      !all.some(({ commands }) => (commands & bitOf(command)) !== 0)
    );
    // This line makes 'command' unnecessary in all others.
    const isPlain = unused.length === OTHERS.length;
    const first = isPlain && all.length > 0
      ? [`deny command ${OTHERS.join(",")}`]
      : [];
    const isAlone = this.#users.size === 1 && this.#users.has(undefined);
    const users = [...this.#users].sort(([a = ""], [b = ""]) => a < b ? -1 : 1)
      .map(([user, hosts]) => {
        const who = isAlone ? "" : ` user ${quoteUser(user)}`;
        return { head: `allow${who}`, groups: this.#groups(hosts) };
      });
    let lines: string[] = [];
    for (const width of WIDTHS) {
      lines = users.flatMap(({ groups, head }) =>
        groups.flatMap((group) => formatGroup(group, { head, isPlain, width }))
      );
      if (lines.length <= MOST_LINES) break;
    }
    return [...first, ...lines, "default deny"];
  }

  #find({ host, port, user }: ReachedFact): Seen | undefined {
    const known = this.#users.get(user)?.get(host);
    if (known !== undefined) return known;
    if (this.#hosts >= (this.#options.most ?? 100_000)) return undefined;
    const isSayable = user === undefined || !UNSAYABLE.test(user);
    const isHost = parseIpAddress(host) !== undefined ||
      whyImpossible(host) === undefined;
    if (!isSayable || !isHost) return undefined;
    const hosts = this.#users.get(user) ?? new Map<string, Seen>();
    this.#hosts++;
    this.#users.set(user, hosts);
    const seen: Seen = {
      port,
      ports: undefined,
      commands: 0,
      guarded: undefined,
      isOrdinary: false,
      isHidden: false,
    };
    hosts.set(host, seen);
    return seen;
  }

  #groups(hosts: ReadonlyMap<string, Seen>): Group[] {
    const groups = new Map<string, Group>();
    for (const [host, seen] of hosts) {
      const isAddress = parseIpAddress(host) !== undefined;
      const key = [
        isAddress,
        portsOf(seen),
        commandsOf(seen),
        guardedOf(seen),
        seen.isOrdinary,
        seen.isHidden,
      ].join(" ");
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
  { head, isPlain, width }: { head: string; isPlain: boolean; width: number },
): string[] {
  const commands = isPlain ? "" : ` command ${commandsOf(seen).join(",")}`;
  const how = seen.isHidden ? `${commands} any-protocol` : commands;
  const begin = `${head} ${isAddress ? "to" : "name"} `;
  const guarded = guardedOf(seen);
  // A rule with 'to' does not allow other addresses of the name.
  const open = seen.isOrdinary || guarded.length === 0 ? [""] : [];
  const places = cutList(guarded, width / 2).map((list) => ` to ${list}`);
  const tails = [...open, ...places].flatMap((to) =>
    portLists(seen, width / 2).map((ports) => `${to}${ports}${how}`)
  );
  return tails.flatMap((tail) =>
    cutList(hosts, width - begin.length - tail.length)
      .map((list) => `${begin}${list}${tail}`)
  );
}

function bitOf(command: RuleCommand): number {
  return 1 << RULE_COMMANDS.indexOf(command);
}

/** A client that may CONNECT can also send a request, so rules allow both. */
function commandsOf({ commands }: Seen): RuleCommand[] {
  const has = (command: RuleCommand) => (commands & bitOf(command)) !== 0;
  const isOrdinary = ORDINARY.some(has);
  return RULE_COMMANDS.filter((command) =>
    has(command) || isOrdinary && ORDINARY.includes(command)
  );
}

function guardedOf({ guarded }: Seen): string[] {
  return [...guarded ?? []].sort();
}

function portLists(seen: Seen, width: number): string[] {
  const ports = portsOf(seen);
  return ports.length === 0
    ? [""]
    : cutList(ports, width).map((list) => ` port ${list}`);
}

/** Port 0 means any port: BIND asks before the port is known. */
function portsOf({ port, ports = new Set([port]) }: Seen): string[] {
  return ports.has(0) ? [] : formatPorts(ports);
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

/** `80`, `443`, `8000-8002` */
function formatPorts(ports: ReadonlySet<number>): string[] {
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
  );
}

function quoteUser(user: string | undefined): string {
  if (user === undefined) return "-";
  const isWord = /^[\w.@+][\w.@+-]*$/.test(user);
  return isWord ? user : `"${user}"`;
}

/** Sorts names by domain. */
function byDomain(a: string, b: string): number {
  const [one, other] = [a, b].map((name) =>
    name.split(".").reverse().join(".")
  ) as [string, string];
  return one < other ? -1 : one > other ? 1 : 0;
}
