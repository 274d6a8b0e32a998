/**
 * Measures one server once, with all figures.
 *
 * @module
 */

import { connectionCapacity } from "../../lib/net/system/descriptors.ts";
import type { LoadProgram } from "./load_program.ts";
import type { Job, Peer } from "./peers.ts";
import { memoryOf, processorTime } from "./process_tree.ts";
import { Server } from "./server.ts";

/** Parallel clients for the rate of new connections. */
const AT_ONCE = 16;

/** Parallel tunnels: a single one, and several. */
const STREAMS = [1, 8] as const;

/** Milliseconds for a server to settle before its memory is measured. */
const SETTLES = 500;

/** Settings of a measurement. */
export interface Bench {
  job: Job;
  load: LoadProgram;
  targets: { echo: number; sink: number };
  /** Duration of each timed figure. */
  seconds: number;
  /** Successive echoes, for the duration of one. */
  echoes: number;
  /** Idle tunnels at the same time, for the memory of one; rising. */
  tunnels: readonly number[];
}

/** Receives a figure and its row. */
export type Report = (row: string, value: number) => void;

/**
 * Measures a server once, in three new processes.
 *
 * @param report Receives the figures.
 * @throws {Error} If the server does not start, or the load program itself
 *   fails.
 */
export async function measure(
  peer: Peer,
  bench: Bench,
  report: Report,
): Promise<void> {
  for (const part of [measureConnections, measureBytes, measureIdle]) {
    const target = part === measureBytes
      ? bench.targets.sink
      : bench.targets.echo;
    const start = (port: number) => peer.command(port, target);
    await using server = await Server.start(start);
    report("ms from start to listening", server.startTime);
    await part(server, { ...bench, ...tunnelsFor(peer, bench) }, report);
  }
}

/**
 * Measures the load and its target without a server, as the upper limit.
 *
 * @param report Receives the figures.
 */
export async function measureDirect(
  bench: Bench,
  report: Report,
): Promise<void> {
  const { echo, sink } = bench.targets;
  await measureConnections({ port: echo }, bench, report, "plain");
  await measureBytes({ port: sink }, bench, report, "plain");
}

/** Destination of the load: a server, or the target itself. */
interface Goal {
  port: number;
  /** The process whose processor time counts. */
  pid?: number;
}

async function measureConnections(
  goal: Goal,
  { job, load, targets, seconds, echoes }: Bench,
  report: Report,
  way = wayTo(job),
): Promise<void> {
  const to = [way, goal.port, targets.echo] as const;
  await load.run("rate", ...to, AT_ONCE, seconds / 2); // Warms up.
  const before = timeOf(goal);
  const rate = await load.run("rate", ...to, AT_ONCE, seconds);
  report("new connections a second", rate.done / rate.seconds);
  report("connection p50, µs", rate.p50);
  report("connection p99, µs", rate.p99);
  if (goal.pid !== undefined) {
    const cost = (timeOf(goal) - before) / rate.done;
    report("CPU µs for a connection", cost * 1e6);
  }
  if (rate.failed > 0) report("connections that failed", rate.failed);
  const echo = await load.run("echo", ...to, echoes);
  report("echo p50, µs", echo.p50);
  report("echo p99, µs", echo.p99);
}

async function measureBytes(
  goal: Goal,
  { job, load, targets, seconds }: Bench,
  report: Report,
  way = wayTo(job),
): Promise<void> {
  for (const streams of STREAMS) {
    for (const direction of ["up", "down"]) {
      const to = [way, goal.port, targets.sink, streams] as const;
      const before = timeOf(goal);
      const { done, failed, seconds: took } = await load
        .run("bulk", ...to, seconds, direction);
      const what = `${direction}, ${
        streams === 1 ? "one stream" : "eight streams"
      }`;
      report(`GB/s ${what}`, done / took / 1e9);
      if (goal.pid !== undefined) {
        report(`CPU s/GB ${what}`, (timeOf(goal) - before) / (done / 1e9));
      }
      if (failed > 0) report("streams that broke", failed);
    }
  }
}

async function measureIdle(
  { pid, port }: Server,
  { job, load, targets, tunnels }: Bench,
  report: Report,
): Promise<void> {
  await settle();
  const atRest = memoryOf(pid);
  report("memory at rest, MB", atRest / 1e6);
  await using idle = load.start("idle", wayTo(job), port, targets.echo);
  for (const wanted of tunnels) {
    const { open, failed } = await idle.hold(wanted);
    await settle();
    const each = (memoryOf(pid) - atRest) / open;
    if (open === wanted) report(`KB for one of ${wanted} tunnels`, each / 1024);
    else report(`tunnels opened of ${wanted}`, open);
    if (failed > 0) break;
  }
}

/** Numbers of tunnels that the server supports and has descriptors for. */
function tunnelsFor({ mostTunnels }: Peer, { tunnels }: Bench) {
  const most = Math.min(mostTunnels ?? Infinity, mostIdle());
  return { tunnels: tunnels.filter((count) => count <= most) };
}

/**
 * Computes how many tunnels a server has descriptors for on this machine.
 *
 * @returns Number of tunnels; some descriptors remain for the server itself.
 */
export function mostIdle(): number {
  return Math.floor((connectionCapacity() - 30) / 100) * 100;
}

const wayTo = (job: Job) => job === "SOCKS5" ? "socks" : "plain";

const timeOf = ({ pid }: Goal) => pid === undefined ? 0 : processorTime(pid);

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLES));
}
