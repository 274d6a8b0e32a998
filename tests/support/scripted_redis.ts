/**
 * Redis that runs the scripts of a fleet with a clock of the test.
 *
 * @module
 */

import { connectRedis, type RedisConnection } from "../../lib/fleet/connect.ts";
import type { FleetScript } from "../../lib/fleet/script.ts";
import { parseRedisUrl } from "../../lib/wire/redis_url.ts";
import { startRedis } from "./redis.ts";

/** The scripts' Redis. Disposing of it ends the server. */
export class ScriptedRedis implements AsyncDisposable {
  /** Milliseconds since 1970 that the scripts see. */
  now = 1_700_000_000_000;
  readonly #server: AsyncDisposable;
  readonly #redis: RedisConnection;
  /** The scripts by which Redis knows them, by their text. */
  readonly #known = new Map<string, string>();

  private constructor(server: AsyncDisposable, redis: RedisConnection) {
    this.#server = server;
    this.#redis = redis;
  }

  /** Starts a server of its own. */
  static async start(path: string): Promise<ScriptedRedis> {
    const server = await startRedis(path);
    const redis = await connectRedis({
      // Over TCP, messages cost more than the scripts.
      ...{ place: parseRedisUrl(`unix:${server.path}`), tls: {} },
      timeout: 10_000,
      name: "test",
    });
    return new ScriptedRedis(server, redis);
  }

  /** Runs a script at the test's time. */
  async run(
    { body }: Pick<FleetScript, "body">,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const text = `local now = tonumber(table.remove(ARGV))\n${body}`;
    let sha = this.#known.get(text);
    if (sha === undefined) {
      sha = await this.send(["SCRIPT", "LOAD", text]) as string;
      this.#known.set(text, sha);
    }
    return await this.send([
      ...["EVALSHA", sha, String(keys.length), ...keys],
      ...[...args, this.now].map(String),
    ]);
  }

  /** Sends any command. */
  async send(command: readonly string[]): Promise<unknown> {
    return await this.#redis.send(command);
  }

  /** Takes the messages of a channel. */
  async subscribe(
    channel: string,
    take: (message: string) => void,
  ): Promise<void> {
    await this.#redis.subscribe(channel, take);
  }

  /** Loses all data. */
  async forget(): Promise<void> {
    await this.send(["FLUSHALL"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.close();
    await this.#server[Symbol.asyncDispose]();
  }
}
