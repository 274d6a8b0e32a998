/**
 * Opens a connection to Redis: directly, or to the master that a Sentinel
 * names.
 *
 * @module
 */

import { TimeLimitError } from "../sync/time_limit.ts";
import { waitAtMost } from "../sync/wait_at_most.ts";
import { formatHostPort, type HostPort } from "../wire/host_port.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import type { RedisPlace } from "../wire/redis_url.ts";
import { guardedTls } from "./guarded_tls.ts";
import { RedisClient } from "./redis_client.ts";
import { CLUSTER, RedisFault, redisFault } from "./redis_fault.ts";

/** Certificates for TLS, as PEM. */
export interface RedisTls {
  /** Certificate authorities (default: those of the system). */
  readonly ca?: string | undefined;
  /** This machine's certificate chain (default: none). */
  readonly cert?: string | undefined;
  /** The private key of that certificate. */
  readonly key?: string | undefined;
}

/** How to reach Redis. */
export interface RedisWay {
  /** Address of Redis or its Sentinels. */
  readonly place: RedisPlace;
  /** Certificates, if it uses TLS. */
  readonly tls: RedisTls;
  /** Longest wait for a connection and for each answer, in milliseconds. */
  readonly timeout: number;
  /** Name of the connection in Redis's list of clients. */
  readonly name: string;
}

/** An open connection. */
export interface RedisConnection {
  /**
   * Sends a command. Commands sent together share a round trip.
   *
   * @param args The command and its arguments.
   * @returns The reply: strings, integers, lists or `null`.
   * @throws {RedisFault} If no reply arrives in time.
   * @throws {Error} An error reply; its message begins with Redis's code.
   */
  send(args: readonly string[]): Promise<unknown>;
  /**
   * Subscribes to a channel.
   *
   * @param channel Its name.
   * @param take Called with each message.
   */
  subscribe(channel: string, take: (message: string) => void): Promise<void>;
  /** Resolves with the reason when the connection has ended. */
  readonly ended: Promise<RedisFault>;
  /** Closes the connection. Can be called again. */
  close(): void;
}

/** The server's description of itself in its answer to HELLO. */
interface Hello {
  mode?: string;
  role?: string;
}

/**
 * Opens a connection to a Redis server that accepts writes.
 *
 * @param way How to reach it.
 * @returns The connection; the caller closes it.
 * @throws {RedisFault} If Redis cannot be reached or used.
 */
export async function connectRedis(way: RedisWay): Promise<RedisConnection> {
  const { hosts, master, path } = way.place;
  if (path !== undefined) return await openMaster(way, { path });
  if (master === undefined) return await openMaster(way, hosts[0]!);
  let fault = new RedisFault("no Sentinel answers");
  for (const sentinel of hosts) {
    try {
      return await openMaster(way, await askSentinel(way, sentinel, master));
    } catch (error) {
      fault = redisFault(error);
      const where = formatHostPort(sentinel.host, sentinel.port);
      fault = new RedisFault(`Sentinel ${where}: ${fault.message}`, {
        isFinal: fault.isFinal,
        cause: fault,
      });
    }
  }
  throw fault;
}

async function openMaster(
  way: RedisWay,
  where: HostPort | { path: string },
): Promise<RedisConnection> {
  const connection = await open(way, where, true);
  try {
    const { mode, role } = await connection.send(["HELLO"]) as Hello;
    if (mode === "cluster") {
      throw new RedisFault(CLUSTER, { isFinal: true });
    }
    if (mode === "sentinel") {
      throw new RedisFault(
        "it is a Sentinel; write redis+sentinel://HOST:PORT/NAME",
        { isFinal: true },
      );
    }
    if (role !== "master") {
      throw new RedisFault("it is a replica, which takes no writes");
    }
    const { database } = way.place;
    // Only now: a cluster and a Sentinel refuse it with less clear errors.
    if (database > 0) await connection.send(["SELECT", String(database)]);
    return connection;
  } catch (error) {
    connection.close();
    throw redisFault(error);
  }
}

async function askSentinel(
  way: RedisWay,
  sentinel: HostPort,
  master: string,
): Promise<HostPort> {
  const connection = await openSentinel(way, sentinel);
  try {
    const found = await connection.send([
      "SENTINEL",
      "get-master-addr-by-name",
      master,
    ]) as [host: string, port: string] | null;
    if (found === null) {
      throw new RedisFault(`it knows no master named ${master}`);
    }
    return { host: found[0], port: Number(found[1]) };
  } finally {
    connection.close();
  }
}

/** A Sentinel may have its own password, the same one as Redis, or none. */
async function openSentinel(
  way: RedisWay,
  sentinel: HostPort,
): Promise<RedisConnection> {
  const { user: _user, password, ...place } = way.place;
  try {
    const connection = await open({ ...way, place }, sentinel, false);
    try {
      await connection.send(["PING"]);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  } catch (error) {
    if (password === undefined || !redisFault(error).isFinal) throw error;
    return await open(way, sentinel, false);
  }
}

async function open(
  { name, place, timeout, tls }: RedisWay,
  where: HostPort | { path: string },
  hasLogin: boolean,
): Promise<RedisConnection> {
  const ended = Promise.withResolvers<RedisFault>();
  const { password, user = "default" } = place;
  const client = new RedisClient({
    hello: [
      ...password === undefined ? [] : ["AUTH", user, password],
      ...hasLogin ? ["SETNAME", name] : [],
    ],
    socket: {
      connectTimeout: timeout,
      ..."path" in where ? where : {
        ...where,
        ...place.isTls ? { ...guardedTls(), ...tlsOf(tls, where.host) } : {},
      },
    },
    onEnd: (error) => ended.resolve(redisFault(error)),
  });
  function close() {
    ended.resolve(new RedisFault("connection closed"));
    client.close();
  }
  try {
    await within(timeout, client.connect());
  } catch (error) {
    close();
    throw redisFault(error);
  }
  return {
    ...{ close, ended: ended.promise },
    send: (args) => within(timeout, client.send(args)),
    subscribe: (channel, take) =>
      within(timeout, client.subscribe(channel, take)),
  };
}

function tlsOf({ ca, cert, key }: RedisTls, host: string): object {
  return {
    ...ca === undefined ? {} : { ca },
    ...cert === undefined ? {} : { cert, key },
    ...parseIpAddress(host) === undefined ? { servername: host } : {},
  };
}

function within<T>(timeout: number, answer: Promise<T>): Promise<T> {
  return waitAtMost(timeout, answer, () => {
    throw new TimeLimitError(timeout, "Time for an answer");
  });
}
