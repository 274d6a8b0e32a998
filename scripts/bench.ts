/**
 * Measures the program beside other servers in one run, on loopback, and prints
 * Markdown tables.
 *
 * Usage: deno task bench [--help]
 *
 * @module
 */

import { BENCH_OPTIONS, type BenchOptions } from "./bench/bench_options.ts";
import { LoadProgram } from "./bench/load_program.ts";
import {
  type Bench,
  measure,
  measureDirect,
  mostIdle,
} from "./bench/measure.ts";
import {
  COMPILED,
  type Compiled,
  compileProgram,
  findPeers,
  type Job,
  type Peer,
} from "./bench/peers.ts";
import { Table } from "./bench/table.ts";
import { print, runTask, say } from "./bench/task.ts";

const JOBS: readonly Job[] = ["SOCKS5", "relay"];

/** Column for the load and its target without a server. */
const NO_PROXY = "no proxy";

/** Default settings, and those of `--quick`. */
const USUAL = { rounds: 3, seconds: 1, echoes: 10_000, tunnels: [2000, 10000] };
const QUICK = { rounds: 1, seconds: 0.2, echoes: 2_000, tunnels: [500] };

type Settings = Omit<Bench, "job" | "load" | "targets"> & { rounds: number };

async function bench(options: BenchOptions): Promise<number> {
  const settings = settingsOf(options);
  const folder = await Deno.makeTempDir({ prefix: "sluice-bench-" });
  try {
    const load = await LoadProgram.make(folder);
    const compiled = await findCompiled(options, folder);
    await using backends = load.start("targets");
    const targets = await backends.ports();
    print(describe(settings, load));
    for (const job of JOBS.filter((job) => job === (options.job ?? job))) {
      const { only } = options;
      const { found: peers, left } = await findPeers(job, {
        ...{ folder, compiled, only },
      });
      const table = new Table([...peers.map(({ name }) => name), NO_PROXY]);
      const all = { ...settings, job, load, targets };
      for (let round = 1; round <= settings.rounds; round++) {
        const title = `${job}, round ${round} of ${settings.rounds}`;
        await runRound(title, all, peers, table);
      }
      print(`\n**${job}**\n\n${table.toMarkdown().trimEnd()}`);
      if (left.length > 0) print(`\nLeft out: ${left.join("; ")}.`);
    }
    return 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function settingsOf(options: BenchOptions): Settings {
  const usual = options.quick ? QUICK : USUAL;
  const most = mostIdle();
  return {
    rounds: options.rounds ?? usual.rounds,
    seconds: options.seconds ?? usual.seconds,
    echoes: usual.echoes,
    tunnels: options.tunnels ??
      usual.tunnels.map((count) => Math.min(count, most)),
  };
}

async function runRound(
  title: string,
  bench: Bench,
  peers: readonly Peer[],
  table: Table,
): Promise<void> {
  for (const peer of peers) {
    say(`${title}: ${peer.name}`);
    try {
      await measure(peer, bench, (row, value) => {
        table.add(row, peer.name, value);
      });
    } catch (error) {
      say(`${peer.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  await measureDirect(bench, (row, value) => {
    table.add(row, NO_PROXY, value);
  });
}

async function findCompiled(
  { compiled: path, only }: BenchOptions,
  folder: string,
): Promise<Compiled> {
  if (path !== undefined) return { path: await Deno.realPath(path) };
  const isWanted = only?.includes(COMPILED) ?? true;
  if (!isWanted) return { reason: "the compiled program was not asked for" };
  say("Compiling");
  return await compileProgram(folder);
}

function describe({ rounds, tunnels }: Settings, load: LoadProgram): string {
  const cores = navigator.hardwareConcurrency;
  const model = /^model name\s*: (.*)/m
    .exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? Deno.build.arch;
  const sentences = [
    `Medians of ${rounds} interleaved rounds; ${cores} cores (${model}) that load, server and target share; Deno ${Deno.version.deno}.`,
  ];
  if (!load.isFast) {
    sentences.push(
      "There is no C compiler: the load is a Deno program, slower than the fastest of these servers, so that their figures are too low.",
    );
  }
  const most = mostIdle();
  if (tunnels.some((count) => count >= most)) {
    sentences.push(
      `The limit of descriptors has room for ${most} tunnels of one process.`,
    );
  }
  return sentences.join(" ");
}

await runTask({
  name: "bench",
  summary:
    "Measures Sluice, from source and compiled, beside those of its peers that are installed: as a SOCKS5 proxy microsocks, Dante and Go, as a relay Go, HAProxy and socat. Rounds of all servers are interleaved, and every figure is the median of the rounds, because machines drift: compare figures of one run only. CPU is user and system time of all processes of a server; memory is what they have for themselves, their parts of what they share, and their files once. Needs Linux, and a C compiler where it can. Takes eight minutes.",
  examples: [
    [
      "deno task bench > bench.md",
      "tables in Markdown; what is under way goes to standard error",
    ],
    [
      "deno task bench --job SOCKS5 --only Sluice,Go --rounds 5",
      "one pair, more exactly",
    ],
    [
      "apt install gcc libc6-dev microsocks dante-server golang-go haproxy socat",
      "all peers, on Debian",
    ],
  ],
  options: BENCH_OPTIONS,
  run: bench,
});
