/**
 * Runs a command in a fence.
 *
 * @module
 */

import { UsageError } from "../cli/usage_error.ts";
import { callersFiles } from "../net/system/fence/limit_files.ts";
import { ignoredSignals } from "../net/system/fence/signals.ts";
import { FENCE_PERMISSIONS, NO_UPDATE } from "./start_init.ts";
import { machineDevices } from "./devices.ts";
import { Fence } from "./fence.ts";
import { runJob } from "./job.ts";
import { isSocket, lookOr } from "./file_info.ts";
import { requireLinux, requirePermissions } from "./missing.ts";
import { NotStarted } from "./not_started.ts";
import type { ExecOptions } from "./options.ts";
import type { FenceOrder } from "./fence_message.ts";
import type { CommandProxyPlan } from "./proxy.ts";
import { findSockets } from "./sockets.ts";
import { proxyVariables } from "./variables.ts";

/** The proxy's port inside, unless a target uses it. */
const PORT = 1080;

/** The variable with the socket of the SSH agent. */
const AGENT = "SSH_AUTH_SOCK";

/**
 * Runs a command that can reach only the proxy.
 *
 * @param options Values of the options.
 * @param proxy Settings of the proxy, once its rules are read.
 * @returns The command's exit code.
 * @throws {NotStarted} If the command can't be started.
 * @throws {StartError} If this machine does not allow a fence.
 */
export async function runFenced(
  options: ExecOptions,
  proxy: Promise<CommandProxyPlan>,
): Promise<number> {
  requireLinux(Deno.build.os);
  requirePermissions(FENCE_PERMISSIONS);
  // In parallel, because each takes a while.
  const [opened, config, module] = await Promise.allSettled([
    Fence.open(orderOf(options)),
    proxy,
    import("./proxy.ts"),
  ]);
  const fence = valueOf(opened);
  try {
    const { startCommandProxy } = valueOf(module);
    const running = await startCommandProxy(valueOf(config), fence.listeners);
    const result = await runJob(fence);
    await running.close();
    if ("exitCode" in result) return result.exitCode;
    throw new NotStarted(options.command[0]!, result.failure);
  } finally {
    await fence.close();
  }
}

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === "rejected") throw settled.reason;
  return settled.value;
}

function orderOf(options: ExecOptions): Omit<FenceOrder, "errors"> {
  const sockets = options["allow-socket"].map(requireSocket);
  const { files, folders } = findSockets(
    [Deno.cwd(), ...homeFolders()],
    new Set(sockets),
  );
  const targets = options.forward.map(({ port }) => port);
  let port = PORT;
  while (targets.includes(port)) port++;
  const agent = Deno.env.get(AGENT);
  const hasAgent = agent !== undefined && sockets.includes(realPath(agent));
  return {
    words: [...options.command],
    ports: [port, ...targets],
    folders,
    files: [...files, ...machineDevices()],
    sockets,
    set: proxyVariables(port, (name) => Deno.env.get(name)),
    unset: [
      ...hasAgent ? [] : [AGENT],
      ...Deno.env.has(NO_UPDATE) ? [] : [NO_UPDATE],
    ],
    ignored: ignoredSignals(),
    softFiles: callersFiles(),
  };
}

/** Folders where a user's programs keep their sockets. */
function homeFolders(): string[] {
  const home = Deno.env.get("HOME");
  if (!home) return [];
  return ["", "/.gnupg", "/.docker/run", "/.docker/desktop"]
    .map((path) => home + path);
}

function requireSocket(path: string): string {
  const real = realPath(path);
  if (isSocket(real)) return real;
  throw new UsageError(`there is no Unix socket at ${path}`, {
    option: "allow-socket",
  });
}

/** The path itself if nothing is there. */
function realPath(path: string): string {
  return lookOr(() => Deno.realPathSync(path), path);
}
