/**
 * Redis for tests: servers, replicas and Sentinels.
 *
 * @module
 */

import { assert } from "@std/assert";
import { eventually } from "./dialogue.ts";
import { makeFolder } from "./programs.ts";
import { type RedisLogin, sendRedis } from "./redis_command.ts";
import { closedPort } from "./sockets.ts";

/** Settings of a server. */
export interface RedisSettings {
  /** Further arguments, such as `--requirepass`. */
  args?: string[];
  /** Port (default: a free one). */
  port?: number;
  /** Lines of a configuration file, which Sentinels need. */
  config?: string[];
  /** Password that {@linkcode TestRedis.cli} uses (default: none). */
  password?: string;
  /** Whether {@linkcode TestRedis.port} speaks TLS (default: no). */
  isTls?: boolean;
}

/** A running server. Disposing of it ends it. */
export interface TestRedis extends AsyncDisposable {
  readonly port: number;
  /** Its Unix socket. */
  readonly path: string;
  /** `redis://127.0.0.1:PORT`. */
  readonly url: string;
  /** Sends a command over the Unix socket; returns the text of its reply. */
  cli(...command: string[]): Promise<string>;
  /** Sends a command with another login. */
  cliAs(login: RedisLogin, ...command: string[]): Promise<string>;
  /** Sends a signal, such as SIGSTOP. */
  kill(signal: Deno.Signal): void;
  /** Starts it again on the same port, with what it has saved, after SIGKILL. */
  restart(): Promise<void>;
}

/** Starts a server on 127.0.0.1 that keeps everything in memory. */
export async function startRedis(
  path: string,
  settings: RedisSettings = {},
): Promise<TestRedis> {
  const { args = [], config, isTls = false, password } = settings;
  const folder = await makeFolder();
  const port = settings.port ?? closedPort();
  const socket = `${folder.path}/redis.sock`;
  const file = `${folder.path}/redis.conf`;
  const own = [
    "bind 127.0.0.1",
    `port ${isTls ? 0 : port}`,
    ...isTls ? [`tls-port ${port}`] : [],
    `unixsocket ${socket}`,
    `dir ${folder.path}`,
    ...config ?? ["save ''", "repl-diskless-sync-delay 0"],
  ];
  await Deno.writeTextFile(file, own.join("\n") + "\n");
  let child: Deno.ChildProcess;

  async function start(): Promise<void> {
    child = new Deno.Command(path, {
      args: [file, ...args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    assert(
      await eventually(() =>
        cli("PING").then((reply) => /PONG|NOAUTH/.test(reply), () => false)
      ),
    );
  }

  const cliAs = (login: RedisLogin, ...command: string[]) =>
    sendRedis(socket, command, { password, ...login });
  const cli = (...command: string[]) => cliAs({}, ...command);

  await start();
  return {
    ...{ port, cli, cliAs, path: socket },
    url: `redis://127.0.0.1:${port}`,
    kill: (signal) => child.kill(signal),
    async restart() {
      await child.status;
      await start();
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has already ended.
      }
      await child.status;
      await folder[Symbol.asyncDispose]();
    },
  };
}

/**
 * Starts a Sentinel that watches a master, alone. It prefers another server
 * after `patience` milliseconds without an answer.
 */
async function startSentinel(
  path: string,
  name: string,
  { master, patience = 300 }: { master: { port: number }; patience?: number },
): Promise<TestRedis> {
  return await startRedis(path, {
    args: ["--sentinel"],
    config: [
      `sentinel monitor ${name} 127.0.0.1 ${master.port} 1`,
      `sentinel down-after-milliseconds ${name} ${patience}`,
      `sentinel failover-timeout ${name} 2000`,
    ],
  });
}

/** A master with a replica, and the Sentinel that will promote it. */
export interface WatchedRedis extends AsyncDisposable {
  readonly master: TestRedis;
  readonly replica: TestRedis;
  /** Address of the Sentinel, such as `127.0.0.1:26379`. */
  readonly sentinel: string;
}

/** Starts the three, and waits until they know each other. */
export async function startWatchedRedis(
  path: string,
  name: string,
  patience?: number,
): Promise<WatchedRedis> {
  await using stack = new AsyncDisposableStack();
  const master = stack.use(await startRedis(path));
  const replica = stack.use(
    await startRedis(path, {
      args: ["--replicaof", "127.0.0.1", String(master.port)],
    }),
  );
  const isUp = async () =>
    /master_link_status:up/.test(await replica.cli("INFO"));
  assert(await eventually(isUp, 20_000));
  const options = { master, ...patience === undefined ? {} : { patience } };
  const sentinel = stack.use(await startSentinel(path, name, options));
  const isKnown = async () =>
    /num-slaves\n1\n/.test(await sentinel.cli("SENTINEL", "MASTER", name));
  assert(await eventually(isKnown, 20_000));
  const all = stack.move();
  return {
    ...{ master, replica, sentinel: `127.0.0.1:${sentinel.port}` },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
