/**
 * Invented tunnels, as an admin listener would report them for a proxy.
 *
 * @module
 */

import type {
  BanStatus,
  ClosedTunnel,
  Drain,
  HistoryPoint,
  ListenerStatus,
  PoolStatus,
  Status,
  TickEvent,
  Tunnel,
  TunnelChange,
} from "../../lib/admin/api.ts";
import { hostOf } from "../../lib/admin/filter.ts";
import { seededRandom } from "./random.ts";

/**
 * A target that would be an attack if the page treated it as markup, and whose
 * invisible characters reverse what follows.
 */
export const HOSTILE_TARGET =
  "<img src=x onerror=\"document.title='broken'\">\u202e.example:443";

/** Milliseconds between two points of the last hour. */
export const HISTORY_STEP = 5_000;
const LISTENER = "127.0.0.1:1080";
const MINUTE = 60_000;

const WORLD = {
  clients: ["127.0.0.1", "10.20.0.14", "10.20.0.9", "10.20.3.77", "[fd00::7]"],
  users: ["alice", "bob", "ci-runner", undefined],
  targets: [
    ...["api.example.com:443", "registry.example.org:443", "git.example:22"],
    ...["cdn.example.net:443", "mail.example.com:993", "db.example:5432"],
    ...["updates.example.com:80", "[2001:db8::17]:443", "192.0.2.44:8443"],
  ],
  protocols: ["socks5", "socks5", "socks5", "connect", "http", "socks4"],
  rules: ["allow-web", "office", undefined],
} as const;

/** Options for {@linkcode FakeTraffic}. */
export interface FakeTrafficOptions {
  /** Open tunnels (default 40). */
  tunnels?: number;
  /** Tunnels whose bytes change in each tick (default a quarter). */
  changes?: number;
  /** Tunnels that end and start in each tick (default 1). */
  turnover?: number;
  /** Ended tunnels at the begin (default 60). */
  ended?: number;
  /** Whether nothing has happened yet (default false). */
  isEmpty?: boolean;
}

/** The data of an invented proxy. */
export class FakeTraffic {
  readonly #options: FakeTrafficOptions;
  readonly #random = seededRandom(8);
  /** When the program started, in milliseconds since 1970. */
  readonly startedAt = Date.now() - 3 * 86_400_000 - 4 * 3_600_000;
  readonly #tunnels = new Map<number, Tunnel>();
  /** Closed tunnels, oldest first. */
  readonly closed: ClosedTunnel[] = [];
  readonly #killed = new Set<number>();
  #ids = 0;
  #total = 0;
  #sent = 0;
  #received = 0;
  #drain: Drain | false = false;
  /** Current bans. */
  bans: BanStatus[] = [];
  /** The last hour. */
  history: HistoryPoint[] = [];

  /** Creates tunnels, and the hour before now. */
  constructor(options: FakeTrafficOptions) {
    this.#options = options;
    if (options.isEmpty) return;
    this.#total = 1_204_311;
    [this.#sent, this.#received] = [81e9, 913e9];
    for (let n = options.tunnels ?? 40; n > 0; n--) this.#open(MINUTE * 90);
    this.#tunnels.get(this.#ids)!.target = HOSTILE_TARGET;
    for (let n = options.ended ?? 60; n > 0; n--) {
      this.closed.push(this.#ended(this.#make(9e5)));
    }
    this.bans = [
      { key: "203.0.113.77", kind: "client", ...this.#until(11), failures: 24 },
      {
        key: "2001:db8:7::/64",
        kind: "client",
        ...this.#until(2),
        failures: 10,
      },
      // A user may have the name of a client.
      { key: "203.0.113.77", kind: "user", ...this.#until(1), failures: 31 },
    ];
    this.history = this.#past();
  }

  /** Simulates one second. */
  tick(): TickEvent {
    const { turnover = 1, isEmpty } = this.#options;
    const opened: Tunnel[] = [];
    const closed: ClosedTunnel[] = [];
    const ids = [...this.#tunnels.keys()];
    const going = new Set(this.#killed);
    this.#killed.clear();
    const isQuiet = isEmpty || this.#drain !== false;
    for (let n = 0; n < turnover && ids.length > 0; n++) {
      going.add(this.#pick(ids));
      if (!isQuiet) opened.push(this.#open(0));
    }
    for (const id of going) {
      const tunnel = this.#tunnels.get(id);
      if (tunnel === undefined) continue;
      this.#tunnels.delete(id);
      closed.push(this.#ended(tunnel));
    }
    this.closed.push(...closed);
    if (this.#drain !== false) this.#drain.open = this.#tunnels.size;
    const changed = this.#carry();
    const status = this.status;
    return {
      at: Date.now(),
      status,
      opened,
      closed,
      changed,
      gone: [...going],
    };
  }

  #carry(): TunnelChange[] {
    const all = [...this.#tunnels.values()];
    const { changes = Math.ceil(all.length / 4) } = this.#options;
    const start = Math.floor(this.#random() * all.length);
    const changed: TunnelChange[] = [];
    for (let n = 0; n < Math.min(changes, all.length); n++) {
      // Some tunnels are always busy, so that the page shows changes.
      const busy = n < changes * 0.8 ? n * 2 : start + n;
      const tunnel = all.at(n < 4 ? -1 - n : busy % all.length) ?? all[0]!;
      const wave = 1.2 + Math.sin(Date.now() / 4_000 + tunnel.id);
      const pace = wave * (0.7 + this.#random() / 2) / (1 + tunnel.id % 7);
      const up = Math.floor(6e4 * pace * (tunnel.id % 3));
      const down = Math.floor(9e5 * pace * (tunnel.id % 5));
      tunnel.sent += up;
      tunnel.received += down;
      this.#sent += up;
      this.#received += down;
      if (tunnel.state !== "half-closed") tunnel.state = "open";
      changed.push([tunnel.id, tunnel.sent, tunnel.received, tunnel.state]);
    }
    return changed;
  }

  /** Open tunnels. */
  get tunnels(): Tunnel[] {
    return [...this.#tunnels.values()];
  }

  /** Pools of relays. */
  get pools(): PoolStatus[] {
    return this.#options.isEmpty ? [] : POOLS;
  }

  /** Ends a tunnel with the next tick; returns whether it exists. */
  kill(id: number): boolean {
    if (!this.#tunnels.has(id)) return false;
    this.#killed.add(id);
    return true;
  }

  /** Bans a client; returns how many of its tunnels end with the next tick. */
  ban(key: string, minutes: number): { ban: BanStatus; ended: number } {
    const ban: BanStatus = {
      ...{ key, kind: "client", failures: 0 },
      ...this.#until(minutes),
    };
    this.bans = [ban, ...this.bans];
    const its = this.tunnels.filter(({ client }) => hostOf(client) === key);
    for (const { id } of its) this.#killed.add(id);
    return { ban, ended: its.length };
  }

  /** Lifts a ban; returns whether it exists. */
  lift(key: string, kind: string): boolean {
    const before = this.bans;
    this.bans = before.filter((ban) => ban.key !== key || ban.kind !== kind);
    return this.bans.length < before.length;
  }

  /** Starts a drain. */
  drain(): Drain {
    this.#drain = { ...this.#until(0.5), open: this.#tunnels.size };
    return this.#drain;
  }

  #open(age: number): Tunnel {
    const tunnel = this.#make(age);
    this.#tunnels.set(tunnel.id, tunnel);
    this.#total++;
    return tunnel;
  }

  #make(age: number): Tunnel {
    const id = ++this.#ids;
    const ageMs = Math.floor(age * this.#random() ** 2);
    const isOpen = ageMs > 2_000;
    const target = this.#pick(WORLD.targets);
    const port = 32_768 + Math.floor(this.#random() * 28_000);
    const user = this.#pick(WORLD.users);
    const rule = this.#pick(WORLD.rules);
    return {
      id,
      kind: "proxy",
      listener: LISTENER,
      client: `${this.#pick(WORLD.clients)}:${port}`,
      protocol: this.#pick(WORLD.protocols),
      ...(user === undefined ? {} : { user }),
      target,
      address: `192.0.2.${id % 250}:443`,
      ...(rule === undefined ? {} : { rule }),
      state: isOpen
        ? this.#random() < 0.06 ? "half-closed" : "open"
        : "connecting",
      startedAt: new Date(Date.now() - ageMs).toISOString(),
      ageMs,
      sent: isOpen ? Math.floor(this.#random() ** 4 * 9e6) : 0,
      received: isOpen ? Math.floor(this.#random() ** 4 * 4e8) : 0,
    };
  }

  #ended(tunnel: Tunnel): ClosedTunnel {
    const endedFirst = this.#random() < 0.6 ? "target" : "client";
    const ended = { ...tunnel, endedAt: new Date().toISOString() };
    const chance = this.#random();
    if (chance < 0.1) {
      const reason = `Cannot reach ${tunnel.target}: connection refused`;
      return { ...ended, result: "failed", code: "dial-refused", reason };
    }
    if (chance < 0.15) {
      const rule = "no mail";
      const reason = `Denied by rule ${rule}`;
      return { ...ended, result: "refused", code: "rule", rule, reason };
    }
    const reason = `${endedFirst} closed first`;
    const code = `${endedFirst}-closed`;
    return { ...ended, result: "ok", code, reason, endedFirst };
  }

  /** Name of the node of a fleet. */
  node: string | null = null;

  /** Current status. */
  get status(): Status {
    const listeners: ListenerStatus[] = [
      {
        name: LISTENER,
        kind: "proxy",
        ...{ isPublic: false, isDraining: false },
        open: this.#tunnels.size,
      },
    ];
    return {
      version: "0.1.0",
      ...{ host: "edge-1", node: this.node },
      startedAt: new Date(this.startedAt).toISOString(),
      uptimeMs: Date.now() - this.startedAt,
      draining: this.#drain,
      listeners,
      open: this.#tunnels.size,
      total: this.#total,
      sent: this.#sent,
      received: this.#received,
      memory: { rss: 84e6, heap: 21e6 },
      descriptors: { open: 31 + 2 * this.#tunnels.size, limit: 65_536 },
      eventLoopDelayMs: 1.2 + this.#random(),
    };
  }

  #past(): HistoryPoint[] {
    const now = Date.now();
    return Array.from({ length: 719 }, (_, n) => {
      const wave = 1 + Math.sin(n / 60) / 2 + Math.sin(n / 17) / 5;
      const noise = () => 0.75 + this.#random() / 2;
      const peak = n % 190 > 178 ? 2.2 : 1;
      const opened = 14 * wave * noise();
      return {
        at: now - (719 - n) * HISTORY_STEP,
        down: 11e6 * wave * noise() * peak,
        up: 2.4e6 * wave * noise(),
        ...{ opened, ended: opened, failed: peak * noise(), refused: noise() },
        open: Math.round(this.#tunnels.size * (0.7 + wave / 4)),
        ...LATENCIES,
        memory: 84e6,
      };
    });
  }

  /** Simulates five seconds. */
  newest(): HistoryPoint {
    const [before, all] = [this.history.at(-1), this.#tunnels.size];
    const near = (value = 0) => value * (0.85 + this.#random() * 0.3);
    const point = {
      at: Date.now(),
      down: near(before?.down),
      up: near(before?.up),
      opened: near(before?.opened),
      ended: near(before?.ended),
      failed: near(before?.failed),
      refused: near(before?.refused),
      open: all,
      ...LATENCIES,
      memory: 84e6,
    };
    this.history.push(point);
    return point;
  }

  #until(minutes: number): { until: string } {
    return { until: new Date(Date.now() + minutes * MINUTE).toISOString() };
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)]!;
  }
}

const LATENCIES = { dialP50: 3, dialP95: 21, resolveP50: 1, resolveP95: 9 };

const EVICTED = {
  ended: 3,
  spoke: 0,
  idle: 41,
  aged: 2,
  full: 0,
  restart: 0,
  closed: 0,
};

const POOLS: PoolStatus[] = [
  ["10.0.0.11:5432", true, 8, 0, 48_211, 1_204],
  ["10.0.0.12:5432", true, 6, 2, 47_004, 1_377],
  ["10.0.0.13:5432", false, 0, 0, 12, 340],
].map(([upstream, isUp, idle, waiting, hits, misses]) => ({
  upstream,
  isUp,
  idle,
  waiting,
  hits,
  misses,
  listener: "127.0.0.1:5432",
  opened: misses,
  evicted: EVICTED,
  connections: Number(idle) * 2,
} as PoolStatus));
