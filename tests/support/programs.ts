/**
 * Real programs that use the proxy: finding them on this machine, and running
 * them without their user's configuration.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import type { TestProxy } from "./proxy.ts";
import { within } from "./sockets.ts";

/** Milliseconds that a program may run. */
const TIME_LIMIT = 30_000;

/** Folders of servers, which a user's PATH often omits. */
const SERVER_FOLDERS = ["/usr/sbin", "/usr/local/sbin"];

/** Runs the following command without a mounted `/proc`. */
export const WITHOUT_PROC: readonly string[] = [
  "sh",
  "-c",
  'mount -t tmpfs none /proc && "$@"',
  "sh",
];

/** Programs for tests, and how to find them. */
const FINDERS = {
  bash: () => findProgram("bash"),
  buildah: () => findProgram("buildah"),
  cargo: () => findProgram("cargo"),
  /** A C compiler. */
  cc: () => findProgram("cc", "gcc", "clang"),
  chromium: findChromium,
  /** Without windows, a page takes half the time of the processor. */
  "chromium-headless-shell": () =>
    findProgram("chromium-headless-shell") ?? findChromium(),
  curl: () => findProgram("curl"),
  danted: () => findProgram("danted"),
  /** A runtime to embed, or one that compile.ts has already downloaded. */
  denort: findDenort,
  dnsmasq: () => findProgram("dnsmasq"),
  faketime: findFaketime,
  fish: () => findProgram("fish"),
  "dpkg-deb": () => findProgram("dpkg-deb"),
  "fail2ban-client": () => findProgram("fail2ban-client"),
  "fail2ban-regex": () => findProgram("fail2ban-regex"),
  /** The requirements of `sluice exec`. */
  fence: () =>
    findThatRuns("unshare", [
      "--map-current-user",
      "--keep-caps",
      "-nm",
      "true",
    ]),
  git: () => findProgram("git"),
  go: () => findThatRuns("go", ["version"]),
  haproxy: () => findProgram("haproxy"),
  ip: () => findProgram("ip"),
  /** With its compiler, because it runs a source file. */
  java: () => findThatRuns("java", ["-version"]),
  jq: () => findProgram("jq"),
  lintian: () => findProgram("lintian"),
  lftp: () => findProgram("lftp"),
  logrotate: () => findProgram("logrotate"),
  man: () => findProgram("man"),
  microsocks: () => findProgram("microsocks"),
  ncat: () => findProgram("ncat"),
  /** Deno as Node's users start it, if already installed. */
  "npx (deno)": () => findThatRuns("npx", ["--no", "deno@2.9.6", "eval", "0"]),
  /** A version that reads the proxy from the environment. */
  node: () => findThatRuns("node", ["--use-env-proxy", "-e", "0"]),
  npm: () => findProgram("npm"),
  openssl: () => findProgram("openssl"),
  /** The traditional variant does not support proxies. */
  "nc (OpenBSD)": () => findThatSays("nc", ["-h"], "[-X proxy_protocol]"),
  pip: () => findPythonWith("pip"),
  prometheus: () => findProgram("prometheus"),
  promtool: () => findProgram("promtool"),
  /** The folder of `initdb`, `pg_ctl` and `psql`. */
  postgres: findPostgres,
  proxychains4: () => findProgram("proxychains4"),
  psql: () => findProgram("psql"),
  python3: () => findPythonWith("pty"),
  "python3-socks": () => findPythonWith("socks"),
  "redis-benchmark": () => findProgram("redis-benchmark"),
  "redis-server": () => findProgram("redis-server"),
  setsid: () => findProgram("setsid"),
  socat: () => findProgram("socat"),
  strip: () => findProgram("strip"),
  squid: () => findProgram("squid"),
  ssh: () => findProgram("ssh"),
  "ssh-keygen": () => findProgram("ssh-keygen"),
  sshd: () => findProgram("sshd"),
  tar: () => findProgram("tar"),
  tmux: () => findProgram("tmux"),
  "systemd-analyze": () => findProgram("systemd-analyze"),
  "systemd-socket-activate": () => findProgram("systemd-socket-activate"),
  tinyproxy: () => findProgram("tinyproxy"),
  unshare: () => findProgram("unshare"),
  unzip: () => findProgram("unzip"),
  /** Not every container lets its programs mount something. */
  "unshare (mounts)": () => findThatRuns("unshare", ["-rm", ...WITHOUT_PROC]),
  /** Not every container lets its programs have their own network. */
  "unshare (network)": () => findThatRuns("unshare", ["-rn", "true"]),
  wget: () => findProgram("wget"),
  zsh: () => findProgram("zsh"),
} as const;

/** A program for a test. */
export type Need = keyof typeof FINDERS;

/** A test with real programs. */
export interface ProgramTest<N extends Need> {
  name: string;
  /** Programs that it runs. */
  needs: readonly N[];
  /** The test. It receives the path of each program. */
  fn: (
    paths: Record<N, string>,
    context: Deno.TestContext,
  ) => Promise<void>;
}

/** Registers a test, which is ignored if a program is missing. */
export function testPrograms<N extends Need>(test: ProgramTest<N>): void {
  const found = test.needs.map((need) => [need, FINDERS[need]()] as const);
  const missing = found.filter(([, path]) => path === undefined)
    .map(([need]) => need);
  const isIgnored = missing.length > 0;
  Deno.test({
    name: isIgnored
      ? `${test.name} (ignored: needs ${missing.join(", ")})`
      : test.name,
    ignore: isIgnored,
    fn: (context) =>
      test.fn(Object.fromEntries(found) as Record<N, string>, context),
  });
}

/** Options for {@linkcode run}. */
export interface RunOptions {
  /** Standard input (default: nothing). */
  stdin?: string | Uint8Array<ArrayBuffer>;
  /** Milliseconds that it may run (default 30,000). */
  timeLimit?: number;
  /** Environment in addition to `PATH` and `LANG`. */
  env?: Record<string, string>;
}

/** The end of a program. */
export interface RunResult {
  code: number;
  stdout: Uint8Array<ArrayBuffer>;
  /** Standard output as text. */
  readonly text: string;
  stderr: string;
}

/**
 * Runs a program to its end, without the environment, which may name proxies
 * and exceptions.
 *
 * @throws {Error} If it does not end in time; it is then killed.
 */
export async function run(
  path: string,
  args: string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { timeLimit = TIME_LIMIT } = options;
  const killer = new AbortController();
  const timer = setTimeout(() => killer.abort(), timeLimit);
  try {
    const child = new Deno.Command(path, {
      args,
      clearEnv: true,
      env: { ...cleanEnvironment(), ...options.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      signal: killer.signal,
    }).spawn();
    const [output] = await Promise.all([
      child.output(),
      feed(child.stdin, options.stdin ?? ""),
    ]);
    const stderr = new TextDecoder().decode(output.stderr);
    if (killer.signal.aborted) {
      throw new Error(`${path} has not ended in ${timeLimit} ms: ${stderr}`);
    }
    const { code, stdout } = output;
    return {
      ...{ code, stdout, stderr },
      get text() {
        return new TextDecoder().decode(stdout);
      },
    };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a program that must succeed; returns its output. */
export async function runOk(
  path: string,
  args: string[],
  options?: RunOptions,
): Promise<string> {
  const { code, text, stderr } = await run(path, args, options);
  assertEquals(code, 0, `${path} ${args.join(" ")}: ${stderr}`);
  return text;
}

/** An environment without proxies, configuration and home. */
export function cleanEnvironment(): Record<string, string> {
  return { PATH: Deno.env.get("PATH") ?? "", LANG: "C.UTF-8" };
}

/** A test's folder. Disposing of it deletes it. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
}

/** Creates an empty folder that only this user can read. */
export async function makeFolder(): Promise<TestFolder> {
  const path = await Deno.makeTempDir({ prefix: "sluice-test-" });
  return {
    path,
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
    },
  };
}

/** Serves HTTP on a loopback address. */
export function startHttp(
  handler: (request: Request) => Response | Promise<Response>,
  hostname = "127.0.0.1",
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname, port: 0, onListen() {} }, handler);
}

/** Waits for the log event of a program's only connection. */
export async function onlyConnection(
  proxy: TestProxy,
): Promise<ConnectionEvent> {
  const events = await within(10_000, proxy.whenEnded(1));
  assertEquals(events.length, 1, JSON.stringify(events));
  return events[0]!;
}

async function feed(
  stdin: WritableStream<Uint8Array>,
  data: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  try {
    await new Blob([data]).stream().pipeTo(stdin);
  } catch {
    // The program has ended without reading everything; its exit code is
    // enough.
  }
}

function findProgram(...names: string[]): string | undefined {
  const separator = Deno.build.os === "windows" ? ";" : ":";
  const folders = (Deno.env.get("PATH") ?? "").split(separator);
  return names
    .flatMap((name) =>
      [...folders, ...SERVER_FOLDERS].map((folder) => `${folder}/${name}`)
    )
    .find(isFile);
}

function findChromium(): string | undefined {
  return findProgram("chromium", "chromium-browser", "google-chrome");
}

/** The library that makes a program's clock wrong. */
function findFaketime(): string | undefined {
  try {
    return [...Deno.readDirSync("/usr/lib")]
      .map(({ name }) => `/usr/lib/${name}/faketime/libfaketime.so.1`)
      .find(isFile);
  } catch {
    return undefined;
  }
}

function findDenort(): string | undefined {
  const given = Deno.env.get("DENORT_BIN");
  if (given !== undefined) return given;
  const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] });
  const { denoDir } = JSON.parse(
    new TextDecoder().decode(info.outputSync().stdout),
  );
  const { deno } = Deno.version;
  const path = `${denoDir}/dl/release/v${deno}/denort-${Deno.build.target}.zip`;
  return isFile(path) ? path : undefined;
}

/** Debian keeps each version in its own folder, outside every PATH. */
function findPostgres(): string | undefined {
  const installed = "/usr/lib/postgresql";
  try {
    return [...Deno.readDirSync(installed)]
      .map(({ name }) => `${installed}/${name}/bin`)
      .toSorted()
      .findLast((folder) => isFile(`${folder}/pg_ctl`));
  } catch {
    const path = findProgram("pg_ctl");
    return path?.slice(0, path.lastIndexOf("/"));
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function findThatSays(
  name: string,
  args: string[],
  text: string,
): string | undefined {
  const path = findProgram(name);
  if (path === undefined) return undefined;
  const { stdout, stderr } = new Deno.Command(path, { args }).outputSync();
  const output = [stdout, stderr].map((part) => new TextDecoder().decode(part));
  return output.join("").includes(text) ? path : undefined;
}

function findThatRuns(name: string, args: string[]): string | undefined {
  const path = findProgram(name);
  if (path === undefined) return undefined;
  const command = new Deno.Command(path, { args, stderr: "null" });
  return command.outputSync().success ? path : undefined;
}

/** Prefers the system's Python, which has the distribution's packages. */
function findPythonWith(module: string): string | undefined {
  const candidates = ["/usr/bin/python3", findProgram("python3")];
  return candidates.find((path) =>
    path !== undefined && isFile(path) &&
    new Deno.Command(path, {
      args: ["-c", `import ${module}`],
      stdout: "null",
      stderr: "null",
    }).outputSync().success
  );
}
