/**
 * Measures how accurately rates are kept over ten seconds each, and how fairly
 * tunnels share one. Prints a Markdown table.
 *
 * Usage: deno run -A scripts/bench_rates.ts [--seconds S] [--tunnels N]
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";

/** By option, in bytes per second. */
const RATES = { "64KB": 64e3, "10MB": 10e6, "1GB": 1e9 } as const;

/** The rate that all tunnels share. */
const SHARED = { option: "10MB", rate: 10e6 } as const;

const given = parseArgs(Deno.args, { string: ["seconds", "tunnels"] });
const seconds = Number(given["seconds"] ?? 10);
const tunnels = Number(given["tunnels"] ?? 200);
const load = new URL("bench/load.ts", import.meta.url).pathname;
const main = new URL("../main.ts", import.meta.url).pathname;

/** A program that prints a line when ready. Disposing of it ends it. */
class Child implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  constructor(args: string[], stream: "stdout" | "stderr") {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", ...args],
      stdin: "piped",
      stdout: stream === "stdout" ? "piped" : "null",
      stderr: stream === "stderr" ? "piped" : "inherit",
    }).spawn();
  }

  /** Reads its first output. */
  async says(stream: "stdout" | "stderr"): Promise<string> {
    const reader = this.#process[stream].getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    return new TextDecoder().decode(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
    for (const stream of ["stdout", "stderr"] as const) {
      try {
        await this.#process[stream].cancel();
      } catch {
        // The stream was not piped.
      }
    }
    await this.#process.stdin.close().catch(() => {});
  }
}

async function withProxy<T>(
  option: string,
  work: (port: number) => Promise<T>,
): Promise<T> {
  await using proxy = new Child([main, "--listen=0", option], "stderr");
  const port = /127\.0\.0\.1:(\d+)/.exec(await proxy.says("stderr"))?.[1];
  return await work(Number(port));
}

/** Opens a tunnel with a SOCKS5 handshake. */
async function open(proxy: number, target: number): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: proxy });
  const port = [target >> 8, target & 0xff];
  const messages = [5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, ...port];
  await conn.write(new Uint8Array(messages));
  const answer = new Uint8Array(12);
  for (let count = 0; count < answer.length;) {
    count += await conn.read(answer.subarray(count)) ?? NaN;
  }
  return conn;
}

/** Bytes per second that a connection delivers, starting at a given time. */
async function rateOf(conn: Deno.TcpConn, begin = 0): Promise<number> {
  const buffer = new Uint8Array(1024 * 1024);
  if (await conn.read(buffer.subarray(0, 1)) === null) return NaN;
  const started = Math.max(begin, performance.now());
  let bytes = 0;
  while (performance.now() < started + seconds * 1000) {
    const count = await conn.read(buffer);
    if (count === null) break;
    if (performance.now() >= started) bytes += count;
  }
  return bytes / (performance.now() - started) * 1000;
}

async function download(
  proxy: number,
  source: number,
  begin?: number,
): Promise<number> {
  using conn = await open(proxy, source);
  await conn.write(new TextEncoder().encode("S"));
  return await rateOf(conn, begin);
}

async function upload(proxy: number): Promise<number> {
  using sink = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ports = [String(proxy), String(sink.addr.port)];
  const args = [
    load,
    "bulk",
    "socks",
    ...ports,
    "1",
    String(seconds + 2),
    "up",
  ];
  await using _sender = new Child(args, "stdout");
  using conn = await sink.accept();
  return await rateOf(conn);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

function percent(value: number, of: number): string {
  return `${(value / of * 100).toFixed(1)} %`;
}

await using backends = new Child([load, "targets"], "stdout");
const { sink: source } = JSON.parse(await backends.says("stdout"));
print(`| rate | up | down |\n| --- | --- | --- |`);
for (const [name, rate] of Object.entries(RATES)) {
  const option = `--rate-per-connection=${name}`;
  const up = await withProxy(option, upload);
  const down = await withProxy(option, (port) => download(port, source));
  print(`| ${name}/s | ${percent(up, rate)} | ${percent(down, rate)} |`);
}
const rates = await withProxy(
  `--rate-total=${SHARED.option}`,
  (port) => {
    // By then all tunnels are open, and the first burst is used up.
    const begin = performance.now() + 2_000;
    return Promise.all(
      Array.from({ length: tunnels }, () => download(port, source, begin)),
    );
  },
);
const share = SHARED.rate / tunnels;
const sum = rates.reduce((total, rate) => total + rate, 0);
print(
  `\n${tunnels} tunnels share ${SHARED.option}/s: ${
    percent(sum, SHARED.rate)
  } in all; the least has ${
    percent(Math.min(...rates), share)
  } of its share, the most ${percent(Math.max(...rates), share)}.`,
);
