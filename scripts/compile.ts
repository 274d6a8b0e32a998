/**
 * Compiles the program to `dist/sluice`.
 *
 * Usage: deno task compile [--target TARGET] [--output FILE]
 *
 * It passes its arguments to `deno compile`, which downloads the runtime to
 * embed, `denort`, in its own version, unless `DENORT_BIN` names one. A runtime
 * for Linux loses its symbols first, if `strip` is installed. The exit code is
 * 69 if no runtime can be downloaded, and 1 for any other failure, such as a
 * runtime that is too old.
 *
 * @module
 */

import {
  isOlder,
  NEEDED_RUNTIME,
  TESTED_RUNTIME,
} from "../lib/net/system/runtime_version.ts";
import project from "../deno.json" with { type: "json" };
import { embeddedVersion } from "./embedded_version.ts";
import { smallRuntime } from "./small_runtime.ts";

/** Exit code without a runtime to embed: `EX_UNAVAILABLE` of sysexits.h. */
export const NO_RUNTIME = 69;

const MISSING =
  "Cannot get denort, the runtime to embed: let Deno reach dl.deno.land, or set DENORT_BIN to the path of one";

const ROOT = `${import.meta.dirname}/..`;

const ENTRY = `${ROOT}/lib/program/compiled.ts`;

/** Packages that only an `import()` names, which Deno does not follow. */
export const LAZY_PACKAGES = [
  "@opentelemetry/api",
  "@peculiar/asn1-schema",
  "@peculiar/asn1-x509",
  "@peculiar/x509",
  "prom-client",
  "re2js",
  "reflect-metadata",
  // The admin page takes text from it but no code, so it would count as unused.
  "uplot",
] as const;

const FLAGS = [
  // For /proc/self/limits, which no narrower permission opens. Without it, the
  // program would accept more connections than it has descriptors for.
  "--allow-all",
  // Some packages are for tests only.
  "--exclude-unused-npm",
  "--quiet",
  // Idle tunnels would keep V8's young generation at its largest size, 64 MB.
  // That is a third of the memory of 5,000 tunnels; the limit costs 8 % of the
  // processor time of new connections (measured).
  "--v8-flags=--max-semi-space-size=4",
  "--no-check",
  `--config=${ROOT}/deno.json`,
  ...LAZY_PACKAGES.map((name) => `--include=${project.imports[name]}`),
];

/**
 * Folders of packages that nobody needs. The compiler treats every file of a
 * package as a script. In the first one it parses 100,000 lines of numbers,
 * some of them negative, as one subtraction, which overflows its stack
 * (denoland/deno#36746). The second has the sources of the code beside it.
 */
const UNUSED: readonly (readonly [name: string, folder: string])[] = [
  ["bintrees", "test"],
  ["zod", "src"],
];

async function compile(args: string[]): Promise<number> {
  const given = Deno.env.get("DENORT_BIN");
  const version = given === undefined
    ? Deno.version.deno
    : await embeddedVersion(given);
  const unfit = describeUnfit(given, version);
  if (unfit !== undefined) return fail(unfit);
  const hasOutput = args.some((arg) => /^(--output\b|-o)/.test(arg));
  const output = hasOutput ? [] : [`--output=${ROOT}/dist/sluice`];
  const packages = LAZY_PACKAGES.map((name) => project.imports[name]);
  await deno("cache", ENTRY, ...packages);
  const { denoDir, npmCache } = JSON.parse(await deno("info", "--json"));
  const left = unusedFolders(npmCache).map((path) => `--exclude=${path}`);
  const all = [...FLAGS, ...left, ...output, ...args, ENTRY];
  const folder = await Deno.makeTempDir({ prefix: "sluice-compile-" });
  try {
    const { code, message } = await compileSmall(all, {
      ...{ folder, given },
      download: `${denoDir}/dl/release/v${version}/denort-${
        targetOf(args)
      }.zip`,
    });
    return report({ code, message, given, hasOutput, version: version! });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Where a runtime can be. */
interface Places {
  /** Folder for a runtime without symbols. */
  folder: string;
  /** The runtime that `DENORT_BIN` names. */
  given: string | undefined;
  /** Path where Deno keeps its downloaded runtime. */
  download: string;
}

/** Compiles, with a small runtime if possible. */
async function compileSmall(
  args: string[],
  { folder, given, download }: Places,
): Promise<{ code: number; message: string }> {
  const ready = await smallRuntime(given ?? download, folder);
  const first = await runCompiler(args, ready);
  if (ready !== undefined || given !== undefined || first.code !== 0) {
    return first;
  }
  // Deno has downloaded the runtime only now.
  const small = await smallRuntime(download, folder);
  return small === undefined ? first : await runCompiler(args, small);
}

async function runCompiler(args: string[], runtime: string | undefined) {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["compile", ...args],
    env: {
      NO_COLOR: "1",
      ...runtime === undefined ? {} : { DENORT_BIN: runtime },
    },
    stderr: "piped",
  }).output();
  return { code, message: new TextDecoder().decode(stderr).trim() };
}

/** The target of the arguments, or of this machine. */
function targetOf(args: string[]): string {
  const text = args.join(" ");
  const [, target = Deno.build.target] = /--target[= ](\S+)/.exec(text) ?? [];
  return target;
}

interface Outcome {
  code: number;
  /** What the compiler wrote to standard error. */
  message: string;
  given: string | undefined;
  hasOutput: boolean;
  /** Version of the runtime. */
  version: string;
}

/** Prints the outcome; returns the exit code. */
function report({ code, message, given, hasOutput, version }: Outcome): number {
  if (code === 0) {
    if (!hasOutput) say(Deno.stdout, "Compiled to dist/sluice");
    if (isOlder(version, TESTED_RUNTIME)) {
      const warning =
        `it runs on Deno ${version}; the tests ran on ${TESTED_RUNTIME}`;
      say(Deno.stderr, `compile: warning: ${warning}`);
    }
    return 0;
  }
  // Deno distinguishes its failures in words only; all of these name the file.
  if (!message.includes("denort")) return fail(message);
  return given === undefined
    ? fail(MISSING, NO_RUNTIME)
    : fail(unusable(given));
}

/** The fault of the runtime to embed, if any. */
function describeUnfit(
  given: string | undefined,
  version: string | undefined,
): string | undefined {
  if (version === undefined) return unusable(given!);
  if (!isOlder(version, NEEDED_RUNTIME)) return undefined;
  return given === undefined
    ? `Deno ${version} is too old: compile with ${NEEDED_RUNTIME} or later`
    : `${given} is the runtime of Deno ${version}, which is too old: set DENORT_BIN to one of ${NEEDED_RUNTIME} or later`;
}

/** The folders of {@linkcode UNUSED} in all installed versions. */
function unusedFolders(npmCache: string): string[] {
  return foldersIn(npmCache).flatMap((registry) =>
    UNUSED.flatMap(([name, folder]) =>
      foldersIn(`${registry}/${name}`).map((version) => `${version}/${folder}`)
    )
  );
}

function foldersIn(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)]
      .filter(({ isDirectory }) => isDirectory)
      .map(({ name }) => `${path}/${name}`);
  } catch {
    return []; // The folder does not exist.
  }
}

/** Runs Deno and returns its output. Compiling reports any errors later. */
async function deno(...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args,
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

function unusable(given: string): string {
  return `Cannot use ${given} as denort, the runtime to embed: DENORT_BIN has to be the path of one`;
}

function fail(problem: string, code = 1): number {
  say(Deno.stderr, `compile: ${problem}`);
  return code;
}

function say(to: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  to.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exit(await compile(Deno.args));
