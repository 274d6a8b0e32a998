/**
 * Measures how much of one Redis a fleet needs: the round trips of many
 * machines, with the real scripts, against a real server. Prints Markdown
 * tables.
 *
 * Each step of a round trip runs alone for some rounds. The server's own CPU
 * time of the cheapest round is what a second of the whole fleet costs it.
 *
 * Usage: deno run -A scripts/bench/fleet.ts [--nodes N] [--users N] [--rounds N]
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { connectRedis, type RedisConnection } from "../../lib/fleet/connect.ts";
import { FleetKeys } from "../../lib/fleet/keys.ts";
import {
  LEASE_TIME,
  MOST_ITEMS,
  PLACE_KEYS,
  PLACES_SCRIPT,
} from "../../lib/fleet/places/script.ts";
import { CHANNEL, PULSE } from "../../lib/fleet/pulse.ts";
import { WRITE_QUOTAS } from "../../lib/fleet/quotas.ts";
import { RATES_SCRIPT } from "../../lib/fleet/rates_script.ts";
import type { FleetScript } from "../../lib/fleet/script.ts";
import { parseRedisUrl } from "../../lib/wire/redis_url.ts";
import { freePort, isListening } from "./port.ts";

/** Connections to Redis: enough that each call costs a read and a write. */
const CONNECTIONS = 100;

/** Places that each limit allows, and bytes a second of a user. */
const LIMITS = { all: 1_000_000, user: 500, rate: 1_000_000 } as const;

const given = parseArgs(Deno.args, { string: ["nodes", "users", "rounds"] });
const nodes = Number(given["nodes"] ?? 1_000);
const users = Number(given["users"] ?? 100_000);
const rounds = Number(given["rounds"] ?? 5);
const perNode = Math.ceil(users / nodes);
const keys = new FleetKeys("bench");

/** What a machine sends in one round. */
type Call = (node: number, round: number) => [
  FleetScript,
  keys: string[],
  args: (string | number)[],
];

/** Users of a machine, of which each has only one. */
function usersOf(node: number, count = perNode): string[] {
  return Array.from(
    { length: count },
    (_, at) => `user${(node * perNode + at) % users}`,
  );
}

/** Seats and calls, as answered by the script. */
const known = new Map<number, { seat: number; sequence: number }>();

function places(items: (node: number, round: number) => (string | number)[]) {
  return (node: number, round: number): ReturnType<Call> => {
    const own = keys.of("places", "of", `node${node}`);
    const { seat, sequence } = known.get(node) ?? { seat: 0, sequence: 0 };
    return [
      PLACES_SCRIPT,
      [...PLACE_KEYS.map((name) => keys.of("places", name)), own],
      [
        ...[`node${node}`, 60 * LEASE_TIME, seat, sequence],
        ...[known.has(node) ? 0 : 1, "", ""],
        ...[keys.of("places", "of", ""), keys.of(CHANNEL)],
        ...items(node, round),
      ],
    ];
  };
}

function userItems(node: number, count: number, hold: number) {
  return usersOf(node, count).flatMap((user) => [
    ...[`proxy 1/connections-per-user/${user}`, LIMITS.user],
    ...[hold, hold === 0 ? 1 : 0, 1],
  ]);
}

/** Steps, in the order in which they build up the state. */
const STEPS: readonly [name: string, Call][] = [
  ["pulse", (node) => [
    PULSE,
    ["nodes", "facts", "state", CHANNEL].map((name) => keys.of(name)),
    [`node${node}`, '{"node":"node"}', "", 0],
  ]],
  ["lease, nothing new", places(() => [])],
  [
    `lease, first places of ${perNode} users`,
    places((node, round) => userItems(node, perNode, round === 0 ? 0 : 2)),
  ],
  [
    `lease, ${Math.ceil(perNode / 10)} users with another number of places`,
    places((node, round) =>
      userItems(node, Math.ceil(perNode / 10), 2 + round % 2)
    ),
  ],
  [`quota of ${perNode} users`, (node, round) => [
    WRITE_QUOTAS,
    [
      ...["totals", `of:node${node}`, "over"].map((name) =>
        keys.of("quota", name)
      ),
      ...["state", CHANNEL].map((name) => keys.of(name)),
    ],
    [
      ...[1e15, "proxy 1", "2026-01-01", "node", `node${node}`],
      ...usersOf(node).flatMap((user) => [user, 1_000 * (round + 1)]),
    ],
  ]],
  [`rates of ${Math.ceil(perNode / 5)} users and of all`, (node, round) => [
    RATES_SCRIPT,
    [],
    [
      ...[`node${node}`, 60_000, `${keys.of("rates")}:`, keys.of(CHANNEL)],
      ...["proxy 1/down/", 1_000 * LIMITS.rate, LIMITS.rate + round],
      ...usersOf(node, Math.ceil(perNode / 5)).flatMap((user) => [
        ...[`proxy 1/down/${user}`, LIMITS.rate, 1_000 * (round + 1)],
      ]),
    ],
  ]],
];

/** A figure in the server's report. */
async function infoOf(
  connection: RedisConnection,
  ...names: string[]
): Promise<number> {
  const text = String(await connection.send(["INFO"]));
  return names.reduce((sum, name) => {
    const found = new RegExp(`^${name}:([\\d.]+)`, "m").exec(text);
    return sum + Number(found![1]);
  }, 0);
}

async function call(
  connection: RedisConnection,
  [script, names, args]: ReturnType<Call>,
): Promise<unknown> {
  return await connection.send([
    ...["EVALSHA", script.sha, String(names.length), ...names],
    ...args.map(String),
  ]);
}

/** Runs one step for all machines, some at a time. */
async function round(
  connections: readonly RedisConnection[],
  step: Call,
  number: number,
): Promise<void> {
  await Promise.all(connections.map(async (connection, lane) => {
    for (let node = lane; node < nodes; node += connections.length) {
      const given = step(node, number);
      const reply = await call(connection, given);
      if (given[0] !== PLACES_SCRIPT) continue;
      const [seat, next, sequence] = reply as [number, number, number];
      known.set(node, { seat: seat && Math.max(seat, next), sequence });
    }
  }));
}

async function main(): Promise<void> {
  const port = freePort();
  const server = new Deno.Command("redis-server", {
    args: ["--port", String(port), "--save", "", "--bind", "127.0.0.1"],
    stdout: "null",
  }).spawn();
  while (!await isListening(port));
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () =>
      connectRedis({
        place: parseRedisUrl(`redis://127.0.0.1:${port}`),
        ...{ tls: {}, timeout: 60_000, name: "bench" },
      })),
  );
  const [first] = connections as [RedisConnection, ...RedisConnection[]];
  for (const [, step] of STEPS) {
    await first.send(["SCRIPT", "LOAD", step(0, 0)[0].text]);
  }
  print(`${nodes} machines, ${users} users, ${MOST_ITEMS} keys a call\n`);
  print("| each second | calls | ms of CPU | µs a call | MB after it |");
  print("| --- | --- | --- | --- | --- |");
  for (const [name, step] of STEPS) {
    const cpuOf = () => infoOf(first, "used_cpu_user", "used_cpu_sys");
    await round(connections, step, 0); // Fills what later rounds change.
    let spent = Infinity;
    for (let number = 1; number <= rounds; number++) {
      const before = await cpuOf();
      await round(connections, step, number);
      spent = Math.min(spent, await cpuOf() - before);
    }
    const memory = await infoOf(first, "used_memory") / 1e6;
    const cells = [
      ...[name, nodes, (spent * 1e3).toFixed(0)],
      ...[(spent * 1e6 / nodes).toFixed(0), memory.toFixed(0)],
    ];
    print(`| ${cells.join(" | ")} |`);
  }
  for (const connection of connections) connection.close();
  server.kill();
  await server.status;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

await main();
