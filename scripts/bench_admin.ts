/**
 * Measures the cost of watching. In many short turns, it compares a plain proxy
 * with one whose metrics are scraped and whose events are read each second. It
 * prints a Markdown table: medians, the median ratio to the plain proxy in the
 * same round with its quartiles, and for processor time the ratio of the
 * minima, which other work on the machine disturbs least. A second plain proxy
 * shows how far the machine can tell them apart.
 *
 * Usage: deno run -A scripts/bench_admin.ts [--rounds N] [--seconds S]
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";

/** Loads, with the load program's arguments, units, and names of the costs. */
const FIGURES = {
  "connections/s": {
    load: "rate",
    clients: "16",
    of: 1,
    cost: "processor us a connection",
  },
  "up GB/s": {
    load: "bulk",
    clients: "1",
    of: 1e9,
    cost: "processor us a GB up",
  },
} as const;

/** Ways of watching, by name. */
const WAYS: Readonly<Record<string, Way>> = {
  "alone": { args: [], env: {} },
  "again": { args: [], env: {} },
  "--admin": { args: ["--admin", "127.0.0.1:0"], env: {} },
};

interface Way {
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

const given = parseArgs(Deno.args, { string: ["rounds", "seconds"] });
const rounds = Number(given["rounds"] ?? 30);
const seconds = String(given["seconds"] ?? 1);
const path = (name: string) => new URL(name, import.meta.url).pathname;

/** A program that prints where it listens. Disposing of it ends it. */
class Program implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #log: "stdout" | "stderr";

  constructor(
    args: readonly string[],
    log: "stdout" | "stderr",
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#log = log;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", ...args],
      env: { ...env },
      stdin: "piped",
      stdout: log === "stdout" ? "piped" : "null",
      stderr: log === "stderr" ? "piped" : "null",
    }).spawn();
    this.#reader = this.#process[log].getReader();
  }

  get pid(): number {
    return this.#process.pid;
  }

  async says(pattern: RegExp): Promise<string> {
    let text = "";
    while (!pattern.test(text)) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`It ended without ${pattern}: ${text}`);
      text += new TextDecoder().decode(value);
    }
    return pattern.exec(text)![1]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
    this.#reader.releaseLock();
    await this.#process[this.#log].cancel();
    await this.#process.stdin.close().catch(() => {});
  }
}

/** Acts like Prometheus and a browser. */
async function watch(url: string, signal: AbortSignal): Promise<void> {
  const { body } = await fetch(`${url}/api/events`, { signal });
  const listening = (async () => {
    for await (const _chunk of body!);
  })().catch(() => {});
  while (!signal.aborted) {
    await (await fetch(`${url}/metrics`)).body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  await listening;
}

/** Processor time of all threads of a process so far, in microseconds. */
function processorTime(pid: number): number {
  let nanoseconds = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const text = Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`);
    nanoseconds += Number(text.split(" ", 1)[0]);
  }
  return nanoseconds / 1_000;
}

/** Returns a load's connections or bytes per second. */
async function measure(
  { load, clients }: typeof FIGURES[keyof typeof FIGURES],
  ports: readonly [proxy: number, target: number],
): Promise<number> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", path("bench/load.ts"), load, "socks"]
      .concat(ports.map(String), clients, seconds, "up"),
  }).output();
  const { done, seconds: took } = JSON.parse(new TextDecoder().decode(stdout));
  return done / took;
}

/** The value below which this part of all values lies. */
function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

await using targets = new Program(
  [path("bench/load.ts"), "targets"],
  "stdout",
);
const [echo, sink] = (await targets.says(/(\d+\D+\d+)/)).match(/\d+/g)!
  .map(Number) as [number, number];
const ending = new AbortController();
await using stack = new AsyncDisposableStack();
const proxies = new Map<string, { port: number; pid: number }>();
const watching: Promise<void>[] = [];
for (const [name, { args, env }] of Object.entries(WAYS)) {
  const program = stack.use(
    new Program([path("../main.ts"), "--listen", "0", ...args], "stderr", env),
  );
  const isAdmin = args.length > 0;
  const pattern = isAdmin
    ? /(Listening on [^]*http:\/\/127\.0\.0\.1:\d+\/\n)/
    : /(Listening on [^]*)For /;
  const banner = await program.says(pattern);
  const port = Number(/Listening on 127\.0\.0\.1:(\d+)/.exec(banner)![1]);
  proxies.set(name, { port, pid: program.pid });
  const url = /Admin.*(http:\S+)\/\n/.exec(banner)?.[1];
  if (url !== undefined) watching.push(watch(url, ending.signal));
}
const names = [...proxies.keys()];
const others = names.slice(1);
print(
  `| figure | ${names.join(" | ")} | ${
    others.map((name) => `${name} : ${names[0]}`).join(" | ")
  } |`,
);
print("| --- |" + " --- |".repeat(names.length + others.length));
for (const [name, figure] of Object.entries(FIGURES)) {
  const values = new Map(names.map((name) => [name, [] as number[]]));
  const costs = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    const first = round % names.length;
    // Each one comes first equally often.
    for (const way of [...names.slice(first), ...names.slice(0, first)]) {
      const { pid, port } = proxies.get(way)!;
      const before = processorTime(pid);
      const target = figure.load === "bulk" ? sink : echo;
      const value = await measure(figure, [port, target]) / figure.of;
      const took = processorTime(pid) - before;
      if (round === 0) continue; // Warms up.
      values.get(way)!.push(value);
      costs.get(way)!.push(took / (value * Number(seconds)));
    }
  }
  printRow(name, values);
  printRow(figure.cost, costs, true);
}
ending.abort();
await stack.disposeAsync();
await Promise.allSettled(watching);

function printRow(
  figure: string,
  byName: ReadonlyMap<string, readonly number[]>,
  isCost = false,
): void {
  const [base, ...rest] = [...byName.values()] as [number[], ...number[][]];
  const medians = [base, ...rest]
    .map((list) => quantile(list, 1 / 2).toPrecision(4));
  const ratios = rest.map((list) => {
    const each = list.map((value, round) => value / base[round]!);
    const [low, middle, high] = [1 / 4, 1 / 2, 3 / 4]
      .map((part) => quantile(each, part).toFixed(3));
    const least = Math.min(...list) / Math.min(...base);
    const best = isCost ? `, least ${least.toFixed(3)}` : "";
    return `${middle} (${low} to ${high})${best}`;
  });
  print(`| ${[figure, ...medians, ...ratios].join(" | ")} |`);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}
