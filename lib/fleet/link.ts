/**
 * The link of a machine to Redis: it connects again and again, bounds every
 * wait, and makes one round trip a second for all that the machine counts.
 *
 * @module
 */

import { formatDuration } from "../observe/log_text.ts";
import type { LogEvent } from "../observe/log_event.ts";
import type { FleetView } from "../serve/counts/fleet_view.ts";
import { formatRedisPlace } from "../wire/redis_url.ts";
import {
  connectRedis,
  type RedisConnection,
  type RedisWay,
} from "./connect.ts";
import { redisCode, RedisFault, redisFault } from "./redis_fault.ts";
import type { FleetScript } from "./script.ts";

/** Milliseconds between round trips, and at least after a hurried one. */
const PERIOD = { usual: 1_000, least: 100 } as const;

/** Milliseconds until the next attempt to connect; doubled each time. */
const BACK_OFF = { first: 100, most: 2_000 } as const;

/** Something that this machine counts together with others. */
export interface FleetPart {
  /**
   * Makes its calls of {@linkcode Link.run} for one round trip, all before its
   * first `await`.
   *
   * @param isFirst Whether it is the first one of a connection: Redis may have
   *   forgotten anything.
   * @returns Resolves when it has used the replies; may reject with an error of
   *   {@linkcode Link.run}.
   */
  flush(isFirst: boolean): Promise<void>;
  /**
   * Takes a message on the channel of the fleet.
   *
   * @param message The message, which may be for another part.
   */
  hear?(message: string): void;
  /** Called when Redis is lost; until the next flush nothing can be asked. */
  lost?(): void;
  /** Called once at the end, while Redis can be asked if it is there. */
  close?(): Promise<void>;
}

/** Options for {@linkcode Link}. */
export interface LinkOptions {
  /** How to reach Redis. */
  way: RedisWay;
  /** What threads see. */
  view: FleetView;
  /** Receives log events. */
  log: (event: LogEvent) => void;
  /** Channel with messages for all machines, and who takes them. */
  channel: { name: string; take: (message: string) => void };
}

/** The link to Redis. */
export class Link {
  readonly #options: LinkOptions;
  readonly #parts: FleetPart[] = [];
  readonly #closing = Promise.withResolvers<void>();
  #connection: RedisConnection | undefined;
  #lostAt: number | undefined;
  #life: Promise<void> | undefined;
  #isClosing = false;

  /**
   * Creates a link that is not connected.
   *
   * @param options Where it leads.
   */
  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Whether Redis answered the last time. */
  get isUp(): boolean {
    return this.#options.view.isUp;
  }

  /** Whether Redis has a Unix socket, which Deno lets only writers open. */
  get isOnPath(): boolean {
    return this.#options.way.place.path !== undefined;
  }

  /** Where Redis is, without the password. */
  get where(): string {
    return formatRedisPlace(this.#options.way.place);
  }

  /**
   * Adds a part. All parts share a round trip.
   *
   * @param part The part.
   */
  register(part: FleetPart): void {
    this.#parts.push(part);
  }

  /**
   * Connects for the first time, and keeps the link from then on.
   *
   * @returns Why Redis can't be used; `undefined` if it can.
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
   * @param script The script.
   * @param keys Keys that it uses, without those that it makes up.
   * @param args Its arguments.
   * @returns Its reply.
   * @throws {RedisFault} If Redis is away, does not answer in time or refuses;
   *   the link is lost then.
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

  /** Makes a last round trip, if Redis is there, and closes the link. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#closing.resolve();
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

  /** One thing at a time: connect, or make a round trip; then wait. */
  async #live(): Promise<void> {
    const { view } = this.#options;
    let attempts = 0;
    while (!this.#isClosing) {
      const began = performance.now();
      const seen = view.hurries;
      if (this.#connection === undefined) {
        const fault = await this.#connect();
        attempts = fault === undefined ? 0 : attempts + 1;
        if (fault !== undefined) await this.#pause(backOff(attempts));
        continue;
      }
      attempts = 0;
      await this.#flush(false);
      const left = PERIOD.usual - (performance.now() - began);
      if (left > 0) await view.hurried(seen, left);
      // Many calls within a moment make one round trip.
      const spent = performance.now() - began;
      if (spent < PERIOD.least) await this.#pause(PERIOD.least - spent);
    }
  }

  /** Returns why it could not connect. */
  async #connect(): Promise<RedisFault | undefined> {
    const { channel, view, way } = this.#options;
    let connection: RedisConnection | undefined;
    try {
      connection = await connectRedis(way);
      if (this.#isClosing) throw new RedisFault("the program ends");
      await connection.subscribe(channel.name, channel.take);
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

  /** Returns why the round trip failed. */
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
    if (this.#connection !== connection || this.#isClosing) return;
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
   * Logs that Redis is away, once for each time.
   *
   * @param fault Why.
   */
  sayLost({ message: why }: RedisFault): void {
    const { view: { onLoss } } = this.#options;
    const then = onLoss === "keep"
      ? "Sluice admits what it was granted before"
      : "Sluice admits no connection";
    const message =
      `Lost Redis at ${this.where}: ${why}; open connections stay, ${then} until it is back`;
    this.#say("warning", "fleet-lost", message);
  }

  #sayBack(): void {
    if (this.#lostAt === undefined) return;
    const span = formatDuration(performance.now() - this.#lostAt);
    this.#lostAt = undefined;
    const message = `Redis at ${this.where} is back after ${span}`;
    this.#say("info", "fleet-back", message);
  }

  #say(
    level: "info" | "warning",
    code: "fleet-back" | "fleet-lost",
    message: string,
  ): void {
    this.#options.log({ event: "message", level, code, message });
  }

  async #pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    await Promise.race([promise, this.#closing.promise]);
    clearTimeout(timer);
  }
}

/** Half of it is random, so that machines do not return all together. */
function backOff(attempts: number): number {
  const { first, most } = BACK_OFF;
  const length = Math.min(most, first * 2 ** (attempts - 1));
  return length / 2 + Math.random() * length / 2;
}
