/**
 * Runs a command that is asked to use the proxy, but not forced to.
 *
 * @module
 */

import { handleSignals } from "../cli/handle_signals.ts";
import { printErrors } from "../cli/print_lines.ts";
import { UsageError } from "../cli/usage_error.ts";
import { requirePermissions } from "./missing.ts";
import { EACCES, ENOENT, NotStarted } from "./not_started.ts";
import { type CommandProxyPlan, startCommandProxy } from "./proxy.ts";
import type { ExecOptions } from "./options.ts";
import { proxyVariables } from "./variables.ts";

/** Forwarded signals. Those of a terminal reach the command anyway. */
const PASSED = ["SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const;
const OF_TERMINAL = ["SIGINT", "SIGQUIT"] as const;

/**
 * Runs a command with the proxy's variables.
 *
 * @param options Values of the options.
 * @param proxy Settings of the proxy, once its rules are read.
 * @returns The command's exit code.
 * @throws {NotStarted} If the command can't be started.
 * @throws {StartError} If a port is in use.
 */
export async function runOpen(
  options: ExecOptions,
  proxy: Promise<CommandProxyPlan>,
): Promise<number> {
  requireNoFence(options);
  requirePermissions(["run", "env"]);
  const running = await startCommandProxy(await proxy);
  printErrors([
    "sluice: without isolation the command can go around the proxy",
  ]);
  try {
    const child = start(options.command, {
      env: proxyVariables(running.port, (name) => Deno.env.get(name)),
    });
    using _signals = passSignals(child);
    return (await child.status).code;
  } finally {
    await running.close();
  }
}

function start(
  [program, ...args]: readonly string[],
  { env }: { env: Record<string, string> },
): Deno.ChildProcess {
  try {
    const io = "inherit";
    return new Deno.Command(program!, {
      ...{ args, env, stdin: io, stdout: io, stderr: io },
    }).spawn();
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    throw new NotStarted(program!, isMissing ? ENOENT : EACCES);
  }
}

function passSignals(child: Deno.ChildProcess): Disposable {
  const isWindows = Deno.build.os === "windows";
  const atTerminal = Deno.stdin.isTerminal();
  const handlers = [
    ...(isWindows ? [] : PASSED).map((signal) => ({ signal, isPassed: true })),
    ...(isWindows ? ["SIGINT" as const] : OF_TERMINAL)
      .map((signal) => ({ signal, isPassed: !atTerminal && !isWindows })),
  ].map(({ isPassed, signal }) => ({
    signal,
    handler: () => {
      if (isPassed) child.kill(signal);
    },
  }));
  return handleSignals(handlers);
}

function requireNoFence(options: ExecOptions): void {
  if (options["allow-socket"].length === 0) return;
  throw new UsageError(
    "has no effect beside --no-isolation, which hides no socket; leave it out",
    { option: "allow-socket", others: ["no-isolation"] },
  );
}
