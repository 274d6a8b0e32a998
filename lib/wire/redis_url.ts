/**
 * The URL of a Redis server:
 *
 * ```text
 * redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]
 * rediss://…                                        the same over TLS
 * unix:PATH, unix://[USER:PASSWORD@]PATH[?db=N]
 * redis+sentinel://[USER:PASSWORD@]HOST[:PORT],…/NAME[/DATABASE]
 * rediss+sentinel://…                               the same over TLS
 * ```
 *
 * @module
 */

import { formatHostPort, type HostPort, parseHostPort } from "./host_port.ts";

/** Ports if the URL has none. */
const PORT = { redis: 6379, sentinel: 26379 } as const;

/** Most Sentinels in a URL. */
const MOST_SENTINELS = 16;

/** Longest path of a Unix socket in bytes; see `endpoint.ts`. */
const MOST_PATH = 103;

const SHAPE =
  /^(redis|rediss|redis\+sentinel|rediss\+sentinel):\/\/(?:([^@/]*)@)?([^@/?#]*)(?:\/([^?#]*))?$/s;

const UNIX_SHAPE = /^unix:(?:\/\/(?:([^@/]*)@)?)?([^?]+)(?:\?db=(\d{1,5}))?$/s;

const EXPECTED =
  "expected redis://HOST:PORT, rediss://HOST:PORT, unix:PATH or redis+sentinel://HOST:PORT,…/NAME";

/** A Redis server, and how to log in. */
export interface RedisPlace {
  /** Path of its Unix socket; then it has no hosts. */
  readonly path?: string;
  /** The server, or the Sentinels that know it. */
  readonly hosts: readonly HostPort[];
  /** Name of the master that the Sentinels watch (default: no Sentinels). */
  readonly master?: string;
  /** Whether to use TLS. */
  readonly isTls: boolean;
  /** User of the access control list (default: Redis's `default`). */
  readonly user?: string;
  /** Password (default: none). */
  readonly password?: string;
  /** Number of the database. */
  readonly database: number;
}

/**
 * Parses the URL of a Redis server.
 *
 * @throws {SyntaxError} If it is wrong; the message repeats no part that may
 *   be a password.
 */
export function parseRedisUrl(text: string): RedisPlace {
  const unix = UNIX_SHAPE.exec(text);
  if (unix !== null) return unixPlace(unix);
  const match = SHAPE.exec(text);
  if (match === null) throw new SyntaxError(EXPECTED);
  const [, scheme = "", login, list = "", rest = ""] = match;
  const isSentinel = scheme.endsWith("+sentinel");
  const isTls = scheme.startsWith("rediss");
  const port = isSentinel ? PORT.sentinel : PORT.redis;
  const hosts = list.split(",").map((host) => parseHost(host, port));
  const own = { ...credentials(login), hosts, isTls };
  if (!isSentinel) {
    if (hosts.length === 1) return { ...own, database: parseDatabase(rest) };
    throw new SyntaxError(
      "several hosts are a cluster, which is not supported, or Sentinels: write redis+sentinel://HOST:PORT,…/NAME",
    );
  }
  if (hosts.length > MOST_SENTINELS) {
    throw new SyntaxError(
      `it has ${hosts.length} Sentinels, not ${MOST_SENTINELS} at most`,
    );
  }
  const [, master, database = ""] = /^([^/]+)(?:\/(.*))?$/s.exec(rest) ?? [];
  if (master === undefined) {
    throw new SyntaxError(
      "the name of the master is missing; write redis+sentinel://HOST:PORT,…/NAME",
    );
  }
  return { ...own, master, database: parseDatabase(database) };
}

/**
 * Formats where a server is, without its user and password.
 *
 * @returns For example `redis://127.0.0.1:6379/1`.
 */
export function formatRedisPlace(
  { path, hosts, master, isTls, database }: RedisPlace,
): string {
  const number = database === 0 ? "" : `/${database}`;
  if (path !== undefined) {
    return `unix:${path}${database === 0 ? "" : `?db=${database}`}`;
  }
  const all = hosts.map(({ host, port }) => formatHostPort(host, port)).join();
  const scheme = isTls ? "rediss" : "redis";
  return master === undefined
    ? `${scheme}://${all}${number}`
    : `${scheme}+sentinel://${all}/${master}${number}`;
}

function unixPlace([, login, path = "", database = ""]: RegExpExecArray) {
  const { length } = new TextEncoder().encode(path);
  if (length > MOST_PATH) {
    throw new SyntaxError(
      `the path of a Unix socket has ${length} bytes, not ${MOST_PATH} at most`,
    );
  }
  return {
    ...{ ...credentials(login), path, hosts: [], isTls: false },
    database: parseDatabase(database),
  };
}

function parseHost(text: string, port: number): HostPort {
  const hasPort = /:\d+$/.test(text) && !text.endsWith("]");
  if (text === "" || text.startsWith(":")) {
    throw new SyntaxError(`the host is missing; ${EXPECTED}`);
  }
  const { host, port: given } = parseHostPort(
    hasPort ? text : `${text}:${port}`,
    "",
  );
  if (given === 0) throw new SyntaxError("port 0 is none to connect to");
  return { host, port: given };
}

function credentials(
  login: string | undefined,
): { user?: string; password?: string } {
  if (login === undefined || login === "") return {};
  const [, user = "", password = ""] = /^([^:]*):?(.*)$/s.exec(login)!;
  if (password === "") {
    throw new SyntaxError(
      "a login has no password; write USER:PASSWORD@, or :PASSWORD@",
    );
  }
  try {
    return {
      ...user === "" ? {} : { user: decodeURIComponent(user) },
      password: decodeURIComponent(password),
    };
  } catch {
    throw new SyntaxError(
      "a login is not percent-encoded UTF-8; write % as %25, and @ as %40",
    );
  }
}

function parseDatabase(text: string): number {
  if (text === "") return 0;
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new SyntaxError("the database after the / is not a number from 0 on");
}
