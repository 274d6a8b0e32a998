/**
 * Runs `sluice exec` from its options to the command's result.
 *
 * @module
 */

import { printErrors } from "../cli/print_lines.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { NotStarted } from "./not_started.ts";
import type { ExecOptions } from "./options.ts";
import { type OutputFile, requireWritable, writeOutputs } from "./outputs.ts";
import {
  countDenied,
  formatReport,
  formatTable,
  type Report,
  reportFormat,
} from "./report.ts";
import { spareStacks, surviveMistakes } from "../serve/process_life.ts";
import { readExecRules } from "./rules.ts";
import { Watch } from "./watch.ts";

/** Exit code of `--fail-on-denied`. */
const DENIED = 3;

/**
 * Runs a command and reports what it reached.
 *
 * @param options Values of the options.
 * @returns The command's exit code: 126 or 127 if it can't be started, 128 plus
 *   the signal if a signal ended it; 3 with `--fail-on-denied` if something was
 *   denied.
 * @throws {UsageError} If options conflict.
 * @throws {StartError} If the machine does not allow it.
 */
export async function runExec(options: ExecOptions): Promise<number> {
  const { command, learn, report: paths } = options;
  await requireWritable([
    ...paths.map((path) => ({ path, what: "report" })),
    ...learn === undefined ? [] : [{ path: learn, what: "rules" }],
  ]);
  const watch = new Watch();
  let exitCode: number;
  try {
    exitCode = await runCommand(options, (event) => watch.take(event));
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error;
    printErrors([`sluice: ${error.message}`]);
    return error.exitCode;
  }
  const isIsolated = !options["no-isolation"];
  const report = watch.report(command, exitCode, isIsolated);
  if (!options.quiet) printErrors(formatTable(report));
  await writeOutputs([
    ...paths.map((path) => reportFile(path, report)),
    ...learn === undefined
      ? []
      : [{ path: learn, what: "rules", text: watch.learnt() }],
  ]);
  return judge(options, report);
}

function reportFile(path: string, report: Report): OutputFile {
  const text = formatReport(report, reportFormat(path));
  return { path, what: "report", text };
}

function judge(options: ExecOptions, { exitCode, reached }: Report): number {
  if (!options["fail-on-denied"] || countDenied(reached) === 0) {
    return exitCode;
  }
  printErrors([
    `sluice: something was denied; the command itself exited with ${exitCode}`,
  ]);
  return DENIED;
}

async function runCommand(
  options: ExecOptions,
  log: (event: LogEvent) => void,
): Promise<number> {
  const { dns, forward, learn, prefer } = options;
  surviveMistakes(log);
  spareStacks();
  const proxy = readExecRules(options).then((rules) => ({
    targets: forward,
    rules: { current: rules },
    guarded: !options["allow-private"] && learn === undefined,
    // While learning, nothing may be refused.
    checkNames: learn === undefined ? "require" as const : "report" as const,
    names: { servers: dns, preference: prefer },
    log,
  }));
  proxy.catch(() => {}); // Awaited when the command runs.
  const run = options["no-isolation"]
    ? (await import("./run_open.ts")).runOpen
    : (await import("./run_fenced.ts")).runFenced;
  return await run(options, proxy);
}
