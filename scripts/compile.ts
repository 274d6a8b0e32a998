/**
 * Compiles the program to `dist/sluice`.
 *
 * Usage: deno task compile [--target TARGET] [--output FILE]
 *
 * It passes its arguments to `deno compile`, which downloads the runtime to
 * embed, `denort`, in its own version, unless `DENORT_BIN` names one. The exit
 * code is 69 if no runtime can be downloaded, and 1 for any other failure, such
 * as a runtime that is too old.
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

/** `EX_UNAVAILABLE` of sysexits.h. */
const NO_RUNTIME = 69;

const MISSING =
  "Cannot get denort, the runtime to embed: let Deno reach dl.deno.land, or set DENORT_BIN to the path of one";

const ROOT = `${import.meta.dirname}/..`;

const ENTRY = `${ROOT}/lib/program/compiled.ts`;

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
  // Modules behind `import()`, and the entry module of workers.
  `--include=${ROOT}/lib`,
  // The admin page takes text from it but no code, so it would count as unused.
  `--include=${project.imports.uplot}`,
  "--no-check",
  "--unstable-net",
];

/**
 * The project without the settings in deno.json: `lazy-dynamic-imports` would
 * omit packages that only an `import()` names.
 */
const PROJECT = [
  "--no-config",
  `--import-map=${ROOT}/deno.json`,
  `--lock=${ROOT}/deno.lock`,
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
  await deno("cache", ...PROJECT, ENTRY);
  const left = (await unreadable()).map((path) => `--exclude=${path}`);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      ...FLAGS,
      ...PROJECT,
      ...left,
      ...output,
      ...args,
      ENTRY,
    ],
    env: { NO_COLOR: "1" },
    stderr: "piped",
  }).output();
  if (code === 0) {
    if (!hasOutput) say(Deno.stdout, "Compiled to dist/sluice");
    if (isOlder(version!, TESTED_RUNTIME)) {
      const message =
        `it runs on Deno ${version}; the tests ran on ${TESTED_RUNTIME}`;
      say(Deno.stderr, `compile: warning: ${message}`);
    }
    return 0;
  }
  const message = new TextDecoder().decode(stderr).trim();
  // Deno distinguishes its failures in words only; all of these name the file.
  if (!message.includes("denort")) return fail(message);
  return given === undefined
    ? fail(MISSING, NO_RUNTIME)
    : fail(unusable(given));
}

/** What is wrong with the runtime to embed, if anything is. */
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

/**
 * Folders that the compiler can't read and nobody needs. The compiler treats
 * every file of a package as a script. It parses 100,000 lines of numbers, some
 * of them negative, as one subtraction, which overflows its stack
 * (denoland/deno#36746).
 */
async function unreadable(): Promise<string[]> {
  const { npmCache } = JSON.parse(await deno("info", "--json"));
  const found: string[] = [];
  for (const registry of foldersIn(npmCache)) {
    for (const version of foldersIn(`${registry}/bintrees`)) {
      found.push(`${version}/test`);
    }
  }
  return found;
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
