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

import { print } from "./bench/task.ts";
import { NO_RUNTIME } from "./compile.ts";
import { expect, runChecks, tally } from "./smoke/check.ts";
import {
  certificateChecks,
  configured,
  doctor,
  echo,
  watched,
} from "./smoke/command_checks.ts";
import { hub } from "./smoke/hub_check.ts";
import { type Program, type Running, start } from "./smoke/program.ts";
import {
  openChecks,
  spread,
  transferChecks,
  userChecks,
} from "./smoke/proxy_checks.ts";
import { type Site, startSite } from "./smoke/site.ts";

const ROOT = `${import.meta.dirname}/..`;

/** Runs all checks of a program. */
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
  tally.failed++;
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
  print(`${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
