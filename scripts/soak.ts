/**
 * Stresses the proxy with short connections and with idle tunnels, and fails if
 * something in it grows.
 *
 * Usage: deno task soak [--help]
 *
 * @module
 */

import { LoadProgram } from "./bench/load_program.ts";
import { mostIdle } from "./bench/measure.ts";
import { print, runTask, say } from "./bench/task.ts";
import { findGrowth, tableHead, tableRow } from "./soak/growth.ts";
import { SOAK_OPTIONS, type SoakOptions } from "./soak/soak_options.ts";
import { type Sample, SoakedServer } from "./soak/soaked_server.ts";

/** How often to open and close the idle tunnels. */
const ROUNDS = 2;

/** The objects of a soak. */
interface Soak {
  server: SoakedServer;
  load: LoadProgram;
  echo: number;
  /** The first sample. */
  base: Sample;
}

async function soak(options: SoakOptions): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "sluice-soak-" });
  try {
    const load = await LoadProgram.make(folder);
    await using targets = load.start("targets");
    const { echo } = await targets.ports();
    const path = options.program === "main.ts"
      ? `${import.meta.dirname}/../main.ts`
      : options.program;
    await using server = await SoakedServer.start(path, options.options, say);
    const base = await server.look();
    print(tableHead());
    print(tableRow("the start", base));
    const wearing = { server, load, echo, base };
    const problems = await wearShort(wearing, options);
    if (options.tunnels > 0) {
      problems.push(...await wearIdle(wearing, options.tunnels));
    }
    for (const problem of problems) print(`\nFAILED: ${problem}`);
    if (problems.length === 0) print("\nNothing has grown.");
    return problems.length === 0 ? 0 : 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Makes short connections of all kinds; returns the problems. */
async function wearShort(
  { server, load, echo, base }: Soak,
  { connections, "at-once": atOnce, stages }: SoakOptions,
): Promise<string[]> {
  const samples: Sample[] = [];
  const problems: string[] = [];
  const each = Math.ceil(connections / stages);
  for (let stage = 1; stage <= stages; stage++) {
    const { done, failed, seconds } = await load
      .run("short", server.port, echo, atOnce, each);
    if (failed > 0) {
      problems.push(`${failed} connections did not get what they should`);
    }
    const sample = await server.look(base.descriptors);
    samples.push(sample);
    const rate = Math.round((done + failed) / seconds);
    const what = `${each * stage} connections (${rate}/s)`;
    print(tableRow(what, sample));
  }
  // The first stage fills caches and tables.
  return [
    ...problems,
    ...findGrowth(samples.slice(1)),
    ...above(base, samples),
  ];
}

/** Opens idle tunnels; returns the problems. */
async function wearIdle(
  { server, load, echo, base }: Soak,
  asked: number,
): Promise<string[]> {
  const wanted = Math.min(asked, mostIdle());
  if (wanted < asked) {
    say(`The limit of descriptors has room for ${wanted} tunnels only`);
  }
  const samples: Sample[] = [];
  const problems: string[] = [];
  await using idle = load.start("idle", "socks", server.port, echo);
  for (let round = 1; round <= ROUNDS; round++) {
    const { open } = await idle.hold(wanted);
    if (open < wanted) problems.push(`${open} of ${wanted} tunnels opened`);
    print(tableRow(`${open} tunnels opened`, await server.look()));
    await idle.hold(0);
    const sample = await server.look(base.descriptors);
    samples.push(sample);
    print(tableRow("all closed", sample));
  }
  return [...problems, ...findGrowth(samples), ...above(base, samples)];
}

/** Checks that the descriptors return to their first number. */
function above(base: Sample, samples: readonly Sample[]): string[] {
  const last = samples.at(-1)!.descriptors;
  if (last <= base.descriptors) return [];
  return [`descriptors: ${last}, and ${base.descriptors} at the start`];
}

await runTask({
  name: "soak",
  summary:
    "Wears the proxy, from source, with short connections of all kinds (SOCKS5 and HTTP, ended by a reset and in order, left in the handshake, refused by the target), then with idle tunnels that are opened and closed twice. Each time it collects the garbage of the proxy by its inspector, and counts what is left. Prints a table; the exit code is 1 where memory, descriptors, timers or promises have grown, or a connection did not get what it should. Needs Linux; with a C compiler for the load, a million connections take some four minutes.",
  examples: [
    ["deno task soak", "all of it"],
    ["deno task soak --connections 100000 --tunnels 2000", "a tenth"],
    ["deno task soak -- --admin 127.0.0.1:0", "while it counts what it does"],
  ],
  options: SOAK_OPTIONS,
  run: soak,
});
