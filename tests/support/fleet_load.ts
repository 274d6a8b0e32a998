/**
 * Clients of several machines, and a target that counts them: what a fleet
 * really lets through, whatever its machines say.
 *
 * @module
 */

import { connectRequest, readReply } from "./proxy.ts";
import { Sluice } from "./sluice.ts";
import { readExactly, readToEnd, writeAll } from "./sockets.ts";
import { pass } from "./time.ts";

/** Users of a machine; their password is `pw`. */
export const USERS = ["ann", "ben", "cem"];
/** Addresses of clients. */
export const ADDRESSES = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
/** Limits of a machine. */
export const LIMITS = { all: 20, client: 9, user: 10 };

/** Milliseconds between two attempts of a client. */
export const RETRY = 250;

/** Milliseconds within which a dead machine's places are free again. */
export const TAKEN_BACK = 10_000;

/** A client: its address as the PROXY header says it, and its user. */
export interface FleetClient {
  readonly address: string;
  readonly user: string;
}

/** Counts open connections by what they say in their first line. */
export class CountingTarget implements AsyncDisposable {
  /** Open connections, in all and by client and user. */
  readonly open = new Map<string, number>();
  /** The most that there ever were. */
  readonly most = new Map<string, number>();
  /** Connections that were counted. */
  total = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<unknown>;

  constructor() {
    this.#serving = this.#serve();
  }

  /** Port that it listens on. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Open connections with this name. */
  count(name: string): number {
    return this.open.get(name) ?? 0;
  }

  async #serve(): Promise<void> {
    const all: Promise<void>[] = [];
    for await (const conn of this.#listener) all.push(this.#handle(conn));
    await Promise.all(all);
  }

  async #handle(conn: Deno.TcpConn): Promise<void> {
    using _ = conn;
    let names: string[] = [];
    try {
      const buffer = new Uint8Array(256);
      const count = await conn.read(buffer) ?? 0;
      const line = new TextDecoder().decode(buffer.subarray(0, count));
      names = ["all", ...line.trim().split(" ")];
      for (const name of names) this.#add(name, 1);
      this.total++;
      await writeAll(conn, new Uint8Array([1]));
      while (await conn.read(buffer) !== null);
    } catch {
      // A machine was killed.
    }
    // The machine still holds the place: it has not seen our end.
    for (const name of names) this.#add(name, -1);
  }

  #add(name: string, count: number): void {
    const open = this.count(name) + count;
    this.open.set(name, open);
    this.most.set(name, Math.max(open, this.most.get(name) ?? 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }
}

/**
 * Opens a tunnel to the target as a client. The machine must take PROXY headers
 * and know the user with the password `pw`.
 *
 * @returns The connection, counted by the target; `undefined` if it was refused.
 */
export async function openCounted(
  port: number,
  target: CountingTarget,
  { address, user }: FleetClient,
): Promise<Deno.TcpConn | undefined> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    const encoder = new TextEncoder();
    const name = encoder.encode(user);
    await writeAll(conn, [
      ...encoder.encode(`PROXY TCP4 ${address} 127.0.0.1 1000 1080\r\n`),
      ...[5, 1, 2, 1, name.length, ...name, 2, ...encoder.encode("pw")],
      ...connectRequest("127.0.0.1", target.port),
    ]);
    await readExactly(conn, 4);
    const { reply } = await readReply(conn);
    if (reply !== 0) throw new Error("refused");
    await writeAll(conn, encoder.encode(`${address} ${user}\n`));
    await readExactly(conn, 1);
    return conn;
  } catch {
    conn.close();
    return undefined;
  }
}

/** Ends a counted connection, and waits until the machine has heard of it. */
export async function closeCounted(conn: Deno.TcpConn): Promise<void> {
  try {
    await conn.closeWrite();
    await readToEnd(conn);
  } catch {
    // The machine was killed.
  }
  conn.close();
}

/** Options of a machine with these limits, besides its fleet. */
export const LIMITED: string[] = [
  ...["--fleet-timeout", "10s"],
  ...["--accept-proxy", "required", "--accept-proxy-from", "127.0.0.1"],
  ...USERS.flatMap((user) => ["--user", `${user}:pw`]),
  ...["--max-connections", String(LIMITS.all)],
  ...["--max-connections-per-client", String(LIMITS.client)],
  ...["--max-connections-per-user", String(LIMITS.user)],
];

/** Starts a machine with these limits as a program. */
export function startMachine(url: string, ...more: string[]): Sluice {
  return new Sluice("--fleet", url, ...LIMITED, ...more);
}

/** Tries until the machine admits the client. */
export async function openInTime(
  port: number,
  target: CountingTarget,
  client: FleetClient,
  patience: number,
): Promise<Deno.TcpConn> {
  const until = performance.now() + patience;
  while (performance.now() < until) {
    const conn = await openCounted(port, target, client);
    if (conn !== undefined) return conn;
    await pass(RETRY);
  }
  throw new Error(`Not admitted within ${patience} ms`);
}

/** Opens connections of many clients until the limit in all is reached. */
export async function fill(
  port: number,
  target: CountingTarget,
  count: number,
  patience = TAKEN_BACK,
): Promise<Deno.TcpConn[]> {
  return await Promise.all(Array.from({ length: count }, (_, number) => {
    const client = {
      address: `10.1.0.${number % 4}`,
      user: USERS[number % USERS.length]!,
    };
    return openInTime(port, target, client, patience);
  }));
}

/** Ends connections. */
export async function closeAll(conns: Deno.TcpConn[]): Promise<void> {
  await Promise.all(conns.splice(0).map(closeCounted));
}
