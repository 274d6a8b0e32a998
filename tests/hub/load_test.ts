/**
 * Many clients at the same time. `SLUICE_HUB_CLIENTS=1000`, as in `deno task
 * hub-load`, selects the full size and prints the measurements.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import { eventually, sha256 } from "../support/dialogue.ts";
import { Sluice } from "../support/sluice.ts";
import { within, writeAll } from "../support/sockets.ts";

const CLIENTS = Number(Deno.env.get("SLUICE_HUB_CLIENTS") ?? 100);
const IS_FULL = Deno.env.has("SLUICE_HUB_CLIENTS");

/** Clients that never read, in the second case. */
const STUCK = 10;

/** Messages for everyone. */
const MESSAGES = IS_FULL ? 1_000 : 300;

/** Most measurements of each case; the best ones are compared. */
const ROUNDS = 5;

/** Fraction of the deliveries to compare. Other work delays the last ones. */
const COMPARED = IS_FULL ? 0.99 : 0.5;

/** Milliseconds by which two equal measurements may differ. */
const SLACK = IS_FULL ? 5 : 50;

/** A log line of an ended connection. */
const CONNECTION = /"event":"connection"/;

/** Milliseconds for everything to arrive. */
const PATIENCE = 60_000;

/** Starts the program, so that clients and hub do not share an event loop. */
function startHub(...args: string[]): Sluice {
  return new Sluice("hub", "0", "--log=json", ...args);
}

/** Waits until the hub knows all clients. */
async function whenThere(sender: Deno.TcpConn, count: number): Promise<void> {
  const isThere = async () => {
    await writeAll(sender, "/who\n");
    const buffer = new Uint8Array(8_192);
    const answer = buffer.subarray(0, (await sender.read(buffer))!);
    return new TextDecoder().decode(answer).startsWith(`* ${count} in `);
  };
  assert(await eventually(isThere, PATIENCE));
}

/** Reads a number of bytes, and returns the arrival time of each line. */
async function receive(
  conn: Deno.TcpConn,
  length: number,
  onLine: () => void,
): Promise<string> {
  const bytes = new Uint8Array(length + 1);
  let count = 0;
  while (count < length) {
    const more = await conn.read(bytes.subarray(count));
    assert(more !== null, `end after ${count} of ${length} bytes`);
    for (let n = count; n < count + more; n++) if (bytes[n] === 10) onLine();
    count += more;
  }
  assertEquals(count, length);
  return await sha256(bytes.slice(0, count));
}

function makeMessages({ count, size }: Load): Uint8Array<ArrayBuffer>[] {
  return Array.from(
    { length: count },
    (_, n) =>
      new TextEncoder().encode(
        `${n} ${"x".repeat(size)}`.slice(0, size) + "\n",
      ),
  );
}

interface Load {
  /** Number of messages. */
  count: number;
  /** Bytes of a message. */
  size: number;
  /** Milliseconds between two messages; 0 sends all together. */
  pause: number;
  /** Number of clients that never read. */
  stuck: number;
}

/** Milliseconds from sending to receiving, sorted. */
async function run(
  hub: Sluice,
  load: Load,
): Promise<number[]> {
  const { pause, stuck } = load;
  using sender = await hub.connect();
  const conns = await Promise.all(
    Array.from({ length: CLIENTS }, () => hub.connect()),
  );
  await block(hub, conns.slice(0, stuck));
  await whenThere(sender, CLIENTS + 1);
  const messages = makeMessages(load);
  const whole = await new Blob(messages).bytes();
  const sentAt: number[] = [];
  const delays: number[] = [];
  const receiving = conns.slice(stuck).map((conn) => {
    let line = 0;
    return receive(conn, whole.length, () => {
      delays.push(performance.now() - sentAt[line++]!);
    });
  });
  if (pause === 0) {
    sentAt.push(...messages.map(() => performance.now()));
    await writeAll(sender, whole);
  } else {
    for (const message of messages) {
      sentAt.push(performance.now());
      await writeAll(sender, message);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  const sums = await within(PATIENCE, Promise.all(receiving));
  assertEquals(new Set(sums), new Set([await sha256(whole)]));
  for (const conn of conns) conn.close();
  return delays.sort((a, b) => a - b);
}

/**
 * Fills the clients that do not read until the system accepts no more for them.
 * This happens in a room of their own, which they leave again.
 */
async function block(hub: Sluice, conns: Deno.TcpConn[]): Promise<void> {
  if (conns.length === 0) return;
  using sender = await hub.connect();
  for (const conn of [sender, ...conns]) await writeAll(conn, "/join flood\n");
  await sender.read(new Uint8Array(100));
  await whenThere(sender, conns.length + 1);
  const message = new TextEncoder().encode("y".repeat(60_000) + "\n");
  for (let n = 0; n < 200; n++) await writeAll(sender, message);
  await writeAll(sender, "/ping\n");
  await sender.read(new Uint8Array(100));
  for (const conn of conns) await writeAll(conn, "/join lobby\n");
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.floor(sorted.length * part)]!;
}

/** Resident memory in MB. */
function memory(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) / 1000;
}

function report(what: string, delays: readonly number[], more = ""): void {
  if (!IS_FULL) return;
  const [p50, p99] = [0.5, 0.99].map((part) => quantile(delays, part));
  const line = `${what}: p50 ${p50!.toFixed(1)} ms, p99 ${p99!.toFixed(1)} ms`;
  Deno.stdout.writeSync(new TextEncoder().encode(`${line} ${more}\n`));
}

Deno.test("sluice hub delivers every message to every client once, in order and complete", async () => {
  await using hub = startHub();
  for (const size of [20, 1_000]) {
    const start = performance.now();
    const delays = await run(hub, {
      count: MESSAGES,
      size,
      pause: 0,
      stuck: 0,
    });
    const seconds = (performance.now() - start) / 1000;
    report(`${size} bytes at once`, delays, `in ${seconds.toFixed(1)} s`);
  }
});

Deno.test({
  name: "sluice hub keeps clients that never read from delaying the others",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using hub = startHub("--queue=50", "--heartbeat=0");
    const load = { count: 60, size: 1_000, pause: IS_FULL ? 60 : 4 };
    const [before, after]: [number[], number[]] = [[], []];
    const isWell = () => Math.min(...after) < 1.5 * Math.min(...before) + SLACK;
    let clients = 0;
    // The cases alternate, because other work on the machine comes and goes.
    // One good round is enough.
    for (let round = 0; round < ROUNDS && (IS_FULL || !isWell()); round++) {
      const alone = await run(hub, { ...load, stuck: 0 });
      report("nobody stuck", alone);
      before.push(quantile(alone, COMPARED));
      const atRest = memory(hub.pid);
      const among = await run(hub, { ...load, stuck: STUCK });
      const grown = memory(hub.pid) - atRest;
      report("ten stuck", among, `${grown.toFixed(0)} MB more`);
      after.push(quantile(among, COMPARED));
      assertLess(grown, 100);
      clients += 2 * CLIENTS + 3;
      await hub.line(CONNECTION, clients);
      const ended = hub.lines.filter((line) => CONNECTION.test(line));
      assertEquals(ended.length, clients);
      const dropped = ended.map((line) => JSON.parse(line))
        .filter(({ messages_dropped }) => messages_dropped > 0);
      assertEquals(dropped.length, STUCK * (round + 1));
    }
    assert(isWell(), `${after} ms among the stuck, ${before} without`);
  },
});
