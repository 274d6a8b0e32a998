/**
 * Measures the proxy beside its peers in one run, on loopback, and prints a
 * Markdown table. Rounds of all servers are interleaved and every figure is the
 * median of the rounds, because machines drift; compare figures of one run only.
 *
 * Usage: deno run -A scripts/bench.ts [--rounds N] [--seconds S]
 *
 * Peers are Debian's microsocks and dante-server, where they are installed, and
 * `dist/sluice` where `deno task compile` has made it. Load and targets are Deno
 * programs themselves (scripts/bench/): they set the ceiling, the same for all.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";

/** What is measured, by the name of its load. */
const FIGURES = ["up GB/s", "down GB/s", "echo p50 us", "connections/s"];

interface Peer {
  name: string;
  /** Arguments for a port; the first is the program. */
  command: (port: number) => string[];
}

const given = parseArgs(Deno.args, { string: ["rounds", "seconds"] });
const rounds = Number(given["rounds"] ?? 3);
const seconds = Number(given["seconds"] ?? 2);
const load = new URL("bench/load.ts", import.meta.url).pathname;
const targets = new URL("bench/targets.ts", import.meta.url).pathname;
const main = new URL("../main.ts", import.meta.url).pathname;
const compiled = new URL("../dist/sluice", import.meta.url).pathname;

async function isInstalled(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", 'command -v "$0"', program],
    stdout: "null",
  }).output();
  return success;
}

async function findPeers(): Promise<Peer[]> {
  const listen = (port: number) => ["--quiet", `--listen=127.0.0.1:${port}`];
  const source = [Deno.execPath(), "run", "-A", main];
  const peers: Peer[] = [
    { name: "sluice", command: (port) => [...source, ...listen(port)] },
  ];
  if (await isInstalled(compiled)) {
    const command = (port: number) => [compiled, ...listen(port)];
    peers.push({ name: "sluice, compiled", command });
  }
  if (await isInstalled("microsocks")) {
    const command = (port: number) => [
      "microsocks",
      "-i127.0.0.1",
      `-p${port}`,
    ];
    peers.push({ name: "microsocks", command });
  }
  if (await isInstalled("danted")) {
    peers.push({
      name: "Dante",
      command: (port) => ["danted", "-f", writeDanteConfig(port)],
    });
  }
  return peers;
}

function writeDanteConfig(port: number): string {
  const path = `${folder}/danted-${port}.conf`;
  const lines = [
    `internal: 127.0.0.1 port = ${port}`,
    "external: lo",
    "socksmethod: none",
    "clientmethod: none",
    "client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }",
    "socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }",
  ];
  Deno.writeTextFileSync(path, lines.join("\n") + "\n");
  return path;
}

/** A port that is free now, and not soon taken for an outgoing connection. */
function freePort(): number {
  while (true) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch {
      // Taken: try another.
    }
  }
}

async function untilListening(port: number): Promise<void> {
  const end = performance.now() + 10_000;
  while (performance.now() < end) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error(`Nothing listens on port ${port}`);
}

/** Runs one load and returns the figure that it prints. */
async function run(figure: string, ...args: number[]): Promise<number> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-net", load, figure, ...args.map(String)],
    stderr: "inherit",
  }).output();
  return success ? Number(new TextDecoder().decode(stdout)) : NaN;
}

async function measure(peer: Peer, echo: number, sink: number) {
  const port = freePort();
  const [program, ...args] = peer.command(port);
  const server = new Deno.Command(program!, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await untilListening(port);
    const figures: Record<string, number> = {};
    for (const figure of FIGURES) {
      const target = figure.includes("GB") ? sink : echo;
      figures[figure] = await run(figure, port, target, seconds);
    }
    return figures;
  } finally {
    try {
      server.kill("SIGTERM");
    } catch {
      print(`${peer.name} has ended by itself`);
    }
    await server.status;
  }
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

function printTable(peers: Peer[], results: Map<string, number[]>): void {
  print(`| figure (median of ${rounds}) | ${names(peers).join(" | ")} |`);
  print(`| --- |${" --- |".repeat(peers.length)}`);
  for (const figure of FIGURES) {
    const cells = names(peers).map((name) => {
      const value = median(results.get(`${figure} ${name}`) ?? []);
      return value < 10 ? value.toFixed(2) : value.toFixed(0);
    });
    print(`| ${figure} | ${cells.join(" | ")} |`);
  }
  const cores = navigator.hardwareConcurrency;
  print(`\n${cores} cores, shared by load, proxy and target.`);
}

const names = (peers: Peer[]) => peers.map(({ name }) => name);

const folder = await Deno.makeTempDir();
const backends = new Deno.Command(Deno.execPath(), {
  args: ["run", "--allow-net", targets],
  stdin: "piped",
  stdout: "piped",
}).spawn();
try {
  const reader = backends.stdout.getReader();
  const { value } = await reader.read();
  const [echo, sink] = new TextDecoder().decode(value).split(" ").map(Number);
  const peers = await findPeers();
  const results = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      const figures = await measure(peer, echo!, sink!);
      for (const [figure, figureValue] of Object.entries(figures)) {
        const key = `${figure} ${peer.name}`;
        results.set(key, [...results.get(key) ?? [], figureValue]);
      }
    }
  }
  printTable(peers, results);
  await reader.cancel();
} finally {
  await backends.stdin.close();
  await backends.status;
  await Deno.remove(folder, { recursive: true });
}
