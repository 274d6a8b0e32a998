/**
 * The link of a machine to Redis. It reconnects until it is closed, bounds
 * every wait, and makes one round trip a second for all parts of the machine.
 *
 * @module
 */

import { formatDuration } from "../observe/log_text.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import { formatSpan } from "../observe/format_span.ts";
import type { FleetView } from "../serve/counts/fleet_view.ts";
import { Context } from "../sync/context.ts";
import { elapsed } from "../sync/elapsed.ts";
import { formatRedisPlace } from "../wire/redis_url.ts";
import {
  connectRedis,
  type RedisConnection,
  type RedisWay,
} from "./connect.ts";
import { LEASE_TIME } from "./places/script.ts";
import { redisCode, RedisFault, redisFault } from "./redis_fault.ts";
import type { FleetScript } from "./script.ts";

/**
 * Milliseconds between round trips: usually, and at least after a hurried one.
 */
const PERIOD = { usual: 1_000, least: 100 } as const;

/**
 * Milliseconds until the next attempt to connect; doubles after each failure.
 */
const BACK_OFF = { first: 100, most: 2_000 } as const;

/** A part that this machine counts together with others. */
export interface FleetPart {
  /**
   * Makes its calls of {@linkcode Link.run} for one round trip, all before its
   * first `await`.
   *
   * @param isFirst Whether this is the first round trip of a connection, so
   *   that Redis may have lost its data.
   * @returns Resolves when the part has used the replies; may reject with an
   *   error of {@linkcode Link.run}.
   */
  flush(isFirst: boolean): Promise<void>;
  /**
   * Takes a message on the channel of the fleet.
   *
   * @param message The message, which may be meant for another part.
   */
  hear?(message: string): void;
  /** Called when Redis is lost; calls fail until the next flush. */
  lost?(): void;
  /** Called once at the end. Calls succeed if Redis is still reachable. */
  close?(): Promise<void>;
}

/** Options for {@linkcode Link}. */
export interface LinkOptions {
  /** How to reach Redis. */
  way: RedisWay;
  /** The fleet as threads see it. */
  view: FleetView;
  /** Receives log events. */
  log: (event: LogEvent) => void;
  /** Channels with messages for this machine, and their receivers. */
  channels: readonly { name: string; take: (message: string) => void }[];
}

/** The link to Redis. */
export class Link {
  readonly #options: LinkOptions;
  readonly #parts: FleetPart[] = [];
  /** Ends pauses when the link is closed. */
  readonly #closing = new Context();
  #connection: RedisConnection | undefined;
  #lostAt: number | undefined;
  #life: Promise<void> | undefined;

  /**
   * Creates a link that is not connected.
   *
   * @param options How to reach Redis, and the receivers.
   */
  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Whether Redis answered the last round trip. */
  get isUp(): boolean {
    return this.#options.view.isUp;
  }

  /**
   * Whether Redis has a Unix socket; Deno needs `--allow-write` to open one.
   */
  get isOnPath(): boolean {
    return this.#options.way.place.path !== undefined;
  }

  /** Address of Redis, without the password. */
  get where(): string {
    return formatRedisPlace(this.#options.way.place);
  }

  /** Adds a part. All parts share a round trip. */
  register(part: FleetPart): void {
    this.#parts.push(part);
  }

  /**
   * Connects for the first time. From then on the link reconnects by itself.
   *
   * @returns Why Redis cannot be used; `undefined` if it can.
   */
  async start(): Promise<RedisFault | undefined> {
    const fault = await this.#connect();
    if (fault !== undefined) this.#lostAt = performance.now();
    this.#life = this.#live();
    return fault;
  }

  /**
   * Runs a script.
   *
   * @param keys Its keys, without those whose names the script builds itself.
   * @param args Its arguments.
   * @throws {RedisFault} If Redis is unreachable, too slow or refuses; then the
   *   link is lost.
   */
  async run(
    script: FleetScript,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const connection = this.#connection;
    if (connection === undefined) throw new RedisFault("it is away");
    const rest = [String(keys.length), ...keys, ...args.map(String)];
    try {
      try {
        return await connection.send(["EVALSHA", script.sha, ...rest]);
      } catch (error) {
        if (redisCode(error) !== "NOSCRIPT") throw error;
        return await connection.send(["EVAL", script.text, ...rest]);
      }
    } catch (error) {
      const fault = redisFault(error);
      this.#lose(connection, fault);
      throw fault;
    }
  }

  /** Makes a last round trip if Redis is reachable, and closes the link. */
  async close(): Promise<void> {
    if (this.#closing.cancelled) return;
    this.#closing.cancel(new Error("The program ends"));
    this.#options.view.hurry();
    await this.#life;
    if (this.#connection !== undefined) {
      await Promise.allSettled(this.#parts.map((part) => part.close?.()));
    }
    const connection = this.#connection;
    this.#connection = undefined;
    this.#options.view.isUp = false;
    connection?.close();
  }

  /** Repeats one step at a time: connect or make a round trip, then wait. */
  async #live(): Promise<void> {
    const { view } = this.#options;
    let attempts = 0;
    while (!this.#closing.cancelled) {
      const began = performance.now();
      const seen = view.hurries;
      if (this.#connection === undefined) {
        const fault = await this.#connect();
        attempts = fault === undefined ? 0 : attempts + 1;
        if (fault !== undefined) {
          await elapsed(backOff(attempts), this.#closing);
        }
        continue;
      }
      attempts = 0;
      await this.#flush(false);
      const left = PERIOD.usual - (performance.now() - began);
      if (left > 0) await view.hurried(seen, left);
      // This joins many calls within a moment into one round trip.
      const spent = performance.now() - began;
      const rest = PERIOD.least - spent;
      if (rest > 0) await elapsed(rest, this.#closing);
    }
  }

  /** Returns why it could not connect; `undefined` on success. */
  async #connect(): Promise<RedisFault | undefined> {
    const { channels, view, way } = this.#options;
    let connection: RedisConnection | undefined;
    try {
      connection = await connectRedis(way);
      if (this.#closing.cancelled) throw new RedisFault("the program ends");
      for (const { name, take } of channels) {
        await connection.subscribe(name, take);
      }
    } catch (error) {
      connection?.close();
      return redisFault(error);
    }
    const opened = this.#connection = connection;
    void opened.ended.then((fault) => this.#lose(opened, fault));
    const fault = await this.#flush(true);
    if (fault !== undefined) return fault;
    view.isUp = true;
    this.#sayBack();
    return undefined;
  }

  /** Returns why the round trip failed; `undefined` on success. */
  async #flush(isFirst: boolean): Promise<RedisFault | undefined> {
    const connection = this.#connection;
    const all = await Promise.allSettled(
      this.#parts.map((part) => part.flush(isFirst)),
    );
    const failed = all.find(({ status }) => status === "rejected");
    if (failed?.status !== "rejected") return undefined;
    const fault = redisFault(failed.reason);
    if (connection !== undefined) this.#lose(connection, fault);
    return fault;
  }

  #lose(connection: RedisConnection, fault: RedisFault): void {
    if (this.#connection !== connection || this.#closing.cancelled) return;
    this.#connection = undefined;
    connection.close();
    const { view } = this.#options;
    const wasUp = view.isUp;
    view.isUp = false;
    view.hurry(); // Wakes the loop.
    if (!wasUp) return;
    this.#lostAt = performance.now();
    this.sayLost(fault);
    for (const part of this.#parts) part.lost?.();
  }

  /**
   * Logs that Redis is unreachable. The caller does this once per loss.
   *
   * @param fault The reason.
   */
  sayLost({ message: why }: RedisFault): void {
    const { log, view: { onLoss } } = this.#options;
    const lease = formatSpan(LEASE_TIME);
    const then = onLoss === "keep"
      ? `after ${lease} at most, Sluice refuses new ones that a limit on connections concerns,`
      : "Sluice refuses new ones";
    const message =
      `Lost Redis at ${this.where}: ${why}; open connections stay, and ${then} until Redis is back`;
    log(messageEvent("warning", "fleet-lost", message));
  }

  #sayBack(): void {
    if (this.#lostAt === undefined) return;
    const span = formatDuration(performance.now() - this.#lostAt);
    this.#lostAt = undefined;
    const message = `Redis at ${this.where} is back after ${span}`;
    this.#options.log(messageEvent("info", "fleet-back", message));
  }
}

/** One half is random, so that machines do not all reconnect together. */
function backOff(attempts: number): number {
  const { first, most } = BACK_OFF;
  const length = Math.min(most, first * 2 ** (attempts - 1));
  return length / 2 + Math.random() * length / 2;
}
