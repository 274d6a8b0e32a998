/**
 * Measures the compiled program beside the recorded figures, and fails if one
 * has grown by a twentieth.
 *
 * Usage: deno task size [--help]
 *
 * **Noise.** Machines differ, and a busy one is slower. So start and memory are
 * ratios to a bare listener of the same Deno, in interleaved rounds of one run.
 * The start is the processor time until it listens, which does not depend on
 * waiting for the processor. Only the least of all rounds counts, because other
 * work only adds. While a figure is too large, further rounds follow, up to a
 * limit: noise disappears, growth stays.
 *
 * @module
 */

import { flag, option, path } from "../lib/cli/declare_options.ts";
import type { OptionValues } from "../lib/cli/option.ts";
import baseline from "./bench/size.json" with { type: "json" };
import { compileProgram } from "./bench/peers.ts";
import { exactProcessorTime, memoryOf } from "./bench/process_tree.ts";
import { Server } from "./bench/server.ts";
import { print, runTask, say } from "./bench/task.ts";

/** Growth that fails. */
const LIMIT = 1.05;

/** Rounds before the first comparison. */
const ROUNDS = 10;

/** Milliseconds for a program to settle before its memory is measured. */
const SETTLES = 500;

const BASELINE = `${import.meta.dirname}/bench/size.json`;

const BARE = `${import.meta.dirname}/bench/bare.ts`;

const OPTIONS = {
  "program": path({
    help: "measure this compiled program instead of compiling one",
  }),
  "rounds": option("count", {
    value: "N",
    default: "60",
    help: "most rounds",
  }, Number),
  "record": flag("make these figures the ones to compare with"),
  "help": flag("print this", { short: "h" }),
} as const;

/** The compared figures; smaller is better. */
export interface SizeFigures {
  /** Size of the program's file in MB. */
  size: number;
  /** Processor time until it listens, as a ratio to a bare listener's. */
  start: number;
  /** Memory at rest, as a ratio to a bare listener's. */
  memory: number;
}

/**
 * Compares figures with the recorded ones.
 *
 * @param now The measured figures.
 * @param before The recorded figures.
 * @returns Names of those that have grown by a twentieth or more.
 */
export function grown(now: SizeFigures, before: SizeFigures): string[] {
  return Object.entries(before)
    .filter(([name, value]) => now[name as keyof SizeFigures] > value * LIMIT)
    .map(([name]) => name);
}

async function reportSize(
  options: OptionValues<typeof OPTIONS>,
): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "sluice-size-" });
  try {
    const given = options.program;
    const { path, reason } = given === undefined
      ? await compileProgram(folder)
      : { path: given };
    if (path === undefined) {
      say(`size: ${reason}`);
      return 1;
    }
    const now = await measure(path, options.rounds);
    if (options.record) {
      await Deno.writeTextFile(BASELINE, `${JSON.stringify(now, null, 2)}\n`);
    }
    return tell(now, options.record ? now : baseline);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function measure(program: string, most: number): Promise<SizeFigures> {
  const sluice = new Least([program, "--quiet", "--listen"]);
  const bare = new Least(
    [Deno.execPath(), "run", "-A", "--no-config", "--no-lock", BARE],
  );
  const { size } = await Deno.stat(program);
  for (let round = 1;; round++) {
    await sluice.measure();
    await bare.measure();
    const figures = {
      size: rounded(size / 1e6),
      start: rounded(sluice.start / bare.start),
      memory: rounded(sluice.memory / bare.memory),
    };
    if (round >= most) return figures;
    if (round >= ROUNDS && grown(figures, baseline).length === 0) {
      return figures;
    }
  }
}

/** The smallest figures of one program in several rounds. */
class Least {
  readonly #command: readonly string[];
  /** Nanoseconds of processor time until it listens. */
  start = Infinity;
  /** Bytes at rest. */
  memory = Infinity;

  constructor(command: readonly string[]) {
    this.#command = command;
  }

  async measure(): Promise<void> {
    await using server = await Server.start((port) => [
      ...this.#command,
      String(port),
    ]);
    this.start = Math.min(this.start, exactProcessorTime(server.pid));
    await new Promise((resolve) => setTimeout(resolve, SETTLES));
    this.memory = Math.min(this.memory, memoryOf(server.pid));
  }
}

function tell(now: SizeFigures, before: SizeFigures): number {
  print("| figure | recorded | now | change |\n| --- | --- | --- | --- |");
  const units = { size: "MB", start: "× bare Deno", memory: "× bare Deno" };
  for (const [name, unit] of Object.entries(units)) {
    const [old, value] = [before, now]
      .map((figures) => figures[name as keyof SizeFigures]) as [number, number];
    const change = ((value / old - 1) * 100).toFixed(1);
    print(`| ${name} | ${old} ${unit} | ${value} ${unit} | ${change} % |`);
  }
  const names = grown(now, before);
  if (names.length === 0) return 0;
  say(
    `size: ${
      names.join(", ")
    } grew by a twentieth or more: make it smaller, or record it with --record and say why`,
  );
  return 1;
}

const rounded = (value: number) => Math.round(value * 1000) / 1000;

if (import.meta.main) {
  await runTask({
    name: "size",
    summary:
      "Measures the size, the start and the memory at rest of the compiled program, and fails if one has grown by a twentieth since it was recorded. Start and memory are ratios to a bare listener of the same Deno, and the least of interleaved rounds: while one is too large, more rounds follow.",
    examples: [
      ["deno task size", "compiles, measures and compares"],
      ["deno task size --record", "makes the figures the ones to compare with"],
    ],
    options: OPTIONS,
    run: reportSize,
  });
}
