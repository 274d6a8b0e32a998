/**
 * Starts the program as a user would, from source and compiled, and tests it
 * with curl.
 *
 * Usage: deno task smoke
 *
 * Prints a line for each check, then `N passed, N failed`; the exit code is 1
 * if a check failed. It skips the compiled program if no `denort` is available
 * (see compile.ts). All traffic stays on loopback.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { TextLineStream } from "@std/streams";

const ROOT = `${import.meta.dirname}/..`;

/** Bytes of the larger transfers. */
const TRANSFER = 100_000_000;

/** Milliseconds until a program must finish. */
const TIME_LIMIT = 60_000;

/** Exit code of curl after a proxy's refusal. */
const PROXY_REFUSES = 97;

/** Exit code of compile.ts without a runtime to embed. */
const NO_RUNTIME = 69;

const PAGE = "through the proxy";

/** The program under test. */
interface Program {
  name: string;
  command: string[];
}

/** A running proxy. */
interface Running {
  /** `HOST:PORT` of its listeners. */
  ipv4: string;
  ipv6: string;
  /** Asks it to stop; returns the exit code. */
  stop(): Promise<number>;
}

/** The web site that curl loads. */
interface Site {
  /** `HOST:PORT` on both loopback addresses. */
  ipv4: string;
  ipv6: string;
  /** An address where nothing listens. */
  closed: string;
  /** SHA-256 in hex of what `/big` sent, and of what was uploaded to it. */
  readonly sums: { sent: string; received: string };
}

/** A check, which throws if something does not work. */
interface Check {
  name: string;
  run(): Promise<void>;
}

let passed = 0;
let failed = 0;

async function runChecks(program: Program, checks: Check[]): Promise<void> {
  for (const { name, run } of checks) {
    try {
      await run();
      passed++;
      print(`ok   ${program.name}: ${name}`);
    } catch (error) {
      failed++;
      const why = error instanceof Error ? error.message : String(error);
      print(`FAIL ${program.name}: ${name}: ${why}`);
    }
  }
}

async function smoke(program: Program, site: Site): Promise<void> {
  const running: Running[] = [];
  const starts = async () => {
    for (const users of ["", "alice:se:cret"]) {
      running.push(await start(program, { SLUICE_USERS: users }));
    }
  };
  const stops = async () => {
    const codes = await Promise.all(running.map((proxy) => proxy.stop()));
    expect("exit codes", codes.join(), codes.map(() => 0).join());
  };
  await runChecks(program, [{ name: "starts", run: starts }]);
  const [open, closed] = running;
  if (open === undefined) return;
  if (closed !== undefined) {
    await runChecks(program, [
      ...openChecks(open, site),
      ...userChecks(closed, site),
      ...transferChecks(open, site),
      ...certificateChecks(program),
    ]);
  }
  await runChecks(program, [
    { name: "exits with 0 on SIGTERM", run: stops },
    { name: "hub", run: () => hub(program) },
    { name: "run -c", run: () => configured(program, site) },
    { name: "figures and page by --admin", run: () => watched(program) },
    { name: "--workers 2", run: () => spread(program, site) },
    { name: "connect gets 100 MB back from echo", run: () => echo(program) },
    {
      name: "doctor names the folder of the source",
      run: () => doctor(program),
    },
  ]);
}

/** Checks that several threads listen on the ports of the first. */
async function spread(program: Program, site: Site): Promise<void> {
  const running = await start(program, {}, ["--workers", "2"]);
  for (let count = 0; count < 4; count++) {
    for (const { run } of openChecks(running, site)) await run();
  }
  expect("exit code", await running.stop(), 0);
}

/**
 * Checks the path of the modules. In the compiled program, they have a path
 * that does not exist.
 */
async function doctor({ command: [path, ...args], name }: Program) {
  const { stdout } = await new Deno.Command(path!, {
    args: [...args, "doctor", "--listen", "127.0.0.1:0"],
    stderr: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  const [, folder] = /--allow-read=(\S+) main\.ts/.exec(text) ?? [];
  const lib = await Deno.realPath(`${ROOT}/lib`);
  expect("folder", folder, name === "compiled" ? "lib" : lib, text);
}

/** Checks that bytes go through `connect` to the echo server and back. */
async function echo({ command: [path, ...args] }: Program): Promise<void> {
  const server = new Deno.Command(path!, {
    args: [...args, "echo", "127.0.0.1:0", "--log", "json"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const { found, rest } = await readPorts(server, 1);
  const child = new Deno.Command(path!, {
    args: [...args, "connect", found[0]!],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const sent = createHash("sha256");
  const received = createHash("sha256");
  const [{ code }, stderr] = await Promise.all([
    child.status,
    new Response(child.stderr).text(),
    megabytes(sent).pipeTo(child.stdin).catch(() => {}), // The exit code is enough.
    (async () => {
      for await (const chunk of child.stdout) received.update(chunk);
    })(),
  ]);
  const serverCode = await stop(server, rest);
  expect("exit code", code, 0, stderr);
  expect("SHA-256", received.digest("hex"), sent.digest("hex"));
  expect("exit code of echo", serverCode, 0);
}

/** Checks the admin listener, which loads most of its modules itself. */
async function watched({ command: [path, ...args] }: Program): Promise<void> {
  const child = new Deno.Command(path!, {
    args: [...args, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const { found, rest } = await readPorts(child, 1, /API on (http:\S+)/);
  const answers = await Promise.all(
    ["readyz", "metrics", "api/status", ""].map(async (name) => {
      const answer = await fetch(`${found[0]}${name}`);
      return `${answer.status} ${await answer.text()}`;
    }),
  );
  const top = await new Deno.Command(path!, {
    args: [...args, "top", "--once", "--interval", "1s", "--json", found[0]!],
    stdin: "null",
  }).output();
  const code = await stop(child, rest);
  const [ready, metrics, status, page] = answers as [
    ...[string, string, string, string],
  ];
  expect("/readyz", ready, "200 ready\n");
  expect("/metrics", /\nsluice_build_info\{.*\} 1\n/.test(metrics), true);
  expect("/api/status", /^200 \{"version":"\d/.test(status), true);
  expect("page", /^200 <!doctype html>/i.test(page), true);
  const picture = new TextDecoder().decode(top.stdout);
  expect("sluice top", /^\{"at":"2/.test(picture), true);
  expect("exit code", code, 0);
}

/**
 * Checks a file with two listeners, one of which changes, and a file with an
 * error.
 */
async function configured(
  { command: [path, ...args] }: Program,
  site: Site,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "sluice-smoke-" });
  const file = `${folder}/sluice.jsonc`;
  const write = (more: string) =>
    Deno.writeTextFile(
      file,
      `{ // Two ports that are free.
  "log": "json",
  "listeners": [
    { "kind": "proxy", "listen": "127.0.0.1:0", ${more} },
    { "kind": "echo", "listen": "127.0.0.1:0" },
  ],
}`,
    );
  const sluice = (command: string) =>
    new Deno.Command(path!, {
      args: [...args, command, "-c", file],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    });
  try {
    await write(`"idle-timout": "1m"`);
    const { code, stderr } = await sluice("check").output();
    expect("exit code of check", code, 2);
    const message = new TextDecoder().decode(stderr);
    expect(
      "place",
      message.startsWith(`${file}:4:49: listeners[0].`),
      true,
      message,
    );
    await write(`"idle-timeout": "1m"`);
    const child = sluice("run").spawn();
    using _ending = {
      // Does nothing if the program has already ended.
      [Symbol.dispose]: () => kill(child),
    };
    const { found: [proxy], rest } = await readPorts(child);
    const load = ["--socks5", proxy!, `http://${site.ipv4}/`];
    expect("exit code of curl", (await curl(load)).code, 0);
    await write(`"idle-timeout": "2m"`);
    if (Deno.build.os !== "windows") child.kill("SIGHUP");
    expect("exit code of curl after SIGHUP", (await curl(load)).code, 0);
    expect("exit code", await stop(child, rest), 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has already ended.
  }
}

/** Checks two clients, the page, and the farewell. */
async function hub({ command: [path, ...args] }: Program): Promise<void> {
  const child = new Deno.Command(path!, {
    args: [...args, "hub", "0", "--ws", "0", "--log", "json"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    await converse(child);
  } catch (error) {
    child.kill("SIGKILL");
    await child.status;
    throw error;
  }
}

async function converse(child: Deno.ChildProcess): Promise<void> {
  const { found, rest } = await readPorts(child);
  const [port, web] = found.map((at) => Number(at.split(":").at(-1)));
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port: port! });
  using speaker = await connect();
  using listener = await connect();
  await say(speaker, "/ping\n");
  expect("answer", await hear(speaker), "* pong\n");
  await say(listener, "/ping\n");
  expect("answer", await hear(listener), "* pong\n");
  await say(speaker, "through the hub\n");
  expect("message", await hear(listener), "through the hub\n");
  const { code, stderr } = await curl([`http://127.0.0.1:${web}/`]);
  expect("exit code of curl", code, 0, stderr);
  const stopping = stop(child, rest);
  expect("farewell", await hear(listener), "* The hub is shutting down\n");
  for (const conn of [speaker, listener]) await conn.closeWrite();
  expect("exit code", await stopping, 0);
}

async function say(conn: Deno.Conn, text: string): Promise<void> {
  await conn.write(new TextEncoder().encode(text));
}

async function hear(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(1_000);
  const count = await conn.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
}

function openChecks({ ipv4, ipv6 }: Running, site: Site): Check[] {
  const page = `http://${site.ipv4}/`;
  const named = page.replace("127.0.0.1", "localhost");
  return [
    loads("curl --socks5", ["--socks5", ipv4, page]),
    loads("curl --socks5-hostname", ["--socks5-hostname", ipv4, named]),
    loads("IPv6", ["--socks5-hostname", ipv6, `http://${site.ipv6}/`]),
    isRefused("a port that refuses", 5, [
      ...["--socks5", ipv4, `http://${site.closed}/`],
    ]),
    isRefused("a host that is unknown", 4, [
      ...["--socks5-hostname", ipv4, "http://nosuch.invalid/"],
    ]),
  ];
}

function userChecks({ ipv4 }: Running, site: Site): Check[] {
  const load = ["--socks5", ipv4, `http://${site.ipv4}/`];
  return [
    loads("user and password", ["--proxy-user", "alice:se:cret", ...load]),
    isRefused("a wrong password", undefined, [
      ...["--proxy-user", "alice:wrong", ...load],
    ]),
  ];
}

function transferChecks({ ipv4 }: Running, site: Site): Check[] {
  const through = ["--socks5", ipv4, `http://${site.ipv4}/big`];
  return [
    {
      name: "100 MB down",
      async run() {
        const { code, stderr, sum } = await curl(through);
        expect("exit code", code, 0, stderr);
        expect("SHA-256", sum, site.sums.sent);
      },
    },
    {
      name: "100 MB up",
      async run() {
        const args = ["-T", "-", "-H", "Expect:", ...through];
        const hash = createHash("sha256");
        const { code, stderr } = await curl(args, megabytes(hash));
        expect("exit code", code, 0, stderr);
        expect("SHA-256", site.sums.received, hash.digest("hex"));
      },
    },
  ];
}

/** Checks the certificate commands, which alone load their library. */
function certificateChecks({ command: [path, ...args] }: Program): Check[] {
  async function cert(folder: string, words: string[]): Promise<string> {
    const { code, stdout, stderr } = await new Deno.Command(path!, {
      args: [...args, "cert", ...words, "--dir", folder],
    }).output();
    expect("exit code", code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  }
  return [{
    name: "cert init, issue, revoke and list",
    async run() {
      const folder = await Deno.makeTempDir({ prefix: "sluice-smoke-" });
      try {
        await cert(folder, ["init"]);
        await cert(folder, ["issue", "alice", "--client"]);
        await cert(folder, ["revoke", "alice"]);
        const list = await cert(folder, ["list"]);
        const [, status] = /^alice .* (\w+)$/m.exec(list) ?? [];
        expect("status", status, "revoked", list);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  }];
}

function loads(name: string, args: string[]): Check {
  return {
    name,
    async run() {
      const { code, stderr, sum } = await curl(args);
      expect("exit code", code, 0, stderr);
      expect("page", sum, createHash("sha256").update(PAGE).digest("hex"));
    },
  };
}

function isRefused(
  name: string,
  reply: number | undefined,
  args: string[],
): Check {
  return {
    name,
    async run() {
      const { code, stderr } = await curl(args);
      expect("exit code", code, PROXY_REFUSES, stderr);
      if (reply === undefined) return;
      expect("reply", /\((\d+)\)\s*$/.exec(stderr)?.[1], `${reply}`, stderr);
    },
  };
}

function expect<T>(what: string, got: T, want: T, more = ""): void {
  if (got === want) return;
  throw new Error(`${what} ${got}, not ${want} ${more.trim()}`.trim());
}

/** Runs curl without the user's configuration, and hashes what it loads. */
async function curl(
  args: string[],
  body?: ReadableStream<Uint8Array>,
): Promise<{ code: number; stderr: string; sum: string }> {
  const child = new Deno.Command("curl", {
    args: ["-q", "-sS", "--max-time", `${TIME_LIMIT / 1000}`, ...args],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "" },
    stdin: body === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const hash = createHash("sha256");
  const [{ code }, stderr] = await Promise.all([
    child.status,
    new Response(child.stderr).text(),
    body?.pipeTo(child.stdin).catch(() => {}), // The exit code is enough.
    (async () => {
      for await (const chunk of child.stdout) hash.update(chunk);
    })(),
  ]);
  return { code, stderr, sum: hash.digest("hex") };
}

/** Starts the program and waits until it prints its addresses. */
async function start(
  { command: [path, ...args] }: Program,
  env: Record<string, string>,
  more: readonly string[] = [],
): Promise<Running> {
  const child = new Deno.Command(path!, {
    args: [
      ...args,
      ...["--listen", "127.0.0.1:0", "--listen", "[::1]:0", "--log", "json"],
      ...more,
    ],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const killer = setTimeout(() => child.kill("SIGKILL"), TIME_LIMIT);
  const { found, rest } = await readPorts(child);
  clearTimeout(killer);
  return { ipv4: found[0]!, ipv6: found[1]!, stop: () => stop(child, rest) };
}

/** Reads the program's addresses. The rest of its log is discarded. */
async function readPorts(
  child: Deno.ChildProcess,
  listeners = 2,
  pattern = /Listening on (\S+)/,
): Promise<{ found: string[]; rest: Promise<void> }> {
  const lines = child.stderr.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  const found: string[] = [];
  const log: string[] = [];
  for await (const line of lines.values({ preventCancel: true })) {
    log.push(line);
    const at = pattern.exec(line)?.[1];
    if (at !== undefined) found.push(at);
    if (found.length === listeners) break;
  }
  if (found.length < listeners) {
    throw new Error(`Does not listen: ${log.join(" ")}`);
  }
  return { found, rest: lines.pipeTo(new WritableStream()) };
}

/** Reads the log to its end, so that the program never waits for a reader. */
async function stop(
  child: Deno.ChildProcess,
  rest: Promise<void>,
): Promise<number> {
  const killer = setTimeout(() => child.kill("SIGKILL"), TIME_LIMIT);
  child.kill("SIGTERM");
  const [{ code }] = await Promise.all([child.status, rest]);
  clearTimeout(killer);
  return code;
}

/** 100 MB without repetition, hashed as they are read. */
function megabytes(
  hash: ReturnType<typeof createHash>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const block = crypto.getRandomValues(new Uint8Array(50_000));
  let left = TRANSFER;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close();
      const chunk = block.slice();
      new DataView(chunk.buffer).setUint32(0, left);
      left -= chunk.length;
      hash.update(chunk);
      controller.enqueue(chunk);
    },
  });
}

/** Serves a page and the transfers on both loopback addresses. */
function startSite(): Site & AsyncDisposable {
  const sums = { sent: "", received: "" };
  async function answer(request: Request): Promise<Response> {
    if (new URL(request.url).pathname !== "/big") return new Response(PAGE);
    const hash = createHash("sha256");
    if (request.method === "GET") {
      const finish = new TransformStream<Uint8Array<ArrayBuffer>>({
        flush() {
          sums.sent = hash.digest("hex");
        },
      });
      return new Response(megabytes(hash).pipeThrough(finish));
    }
    for await (const chunk of request.body ?? []) hash.update(chunk);
    sums.received = hash.digest("hex");
    return new Response();
  }
  const [ipv4, ipv6] = ["127.0.0.1", "::1"].map((hostname) =>
    Deno.serve({ hostname, port: 0, onListen() {} }, answer)
  );
  using nobody = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return {
    ipv4: `127.0.0.1:${ipv4!.addr.port}`,
    ipv6: `[::1]:${ipv6!.addr.port}`,
    closed: `127.0.0.1:${nobody.addr.port}`,
    sums,
    async [Symbol.asyncDispose]() {
      await Promise.all([ipv4!.shutdown(), ipv6!.shutdown()]);
    },
  };
}

/** Compiles into a folder; returns `undefined` if this machine can't. */
async function compile(folder: string): Promise<Program | undefined> {
  const program = { name: "compiled", command: [`${folder}/sluice`] };
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", `${ROOT}/scripts/compile.ts`],
      ...["--output", program.command[0]!],
    ],
  }).output();
  if (code === 0) return program;
  if (code === NO_RUNTIME) {
    print("skipped: no denort");
    return undefined;
  }
  failed++;
  print(`FAIL compile: ${new TextDecoder().decode(stderr).trim()}`);
  return undefined;
}

async function main(): Promise<number> {
  await using site = startSite();
  const folder = await Deno.makeTempDir({ prefix: "sluice-smoke-" });
  try {
    const source = [Deno.execPath(), "run", "-A", `${ROOT}/main.ts`];
    await smoke({ name: "source", command: source }, site);
    const compiled = await compile(folder);
    if (compiled !== undefined) await smoke(compiled, site);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  print(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) Deno.exit(await main());
