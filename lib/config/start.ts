/**
 * Starts the servers of a plan in this thread.
 *
 * @module
 */

import { prepareCLibrary } from "../net/system/c_library.ts";
import { loadListenerKind } from "./server_kinds.ts";
import type { Serving } from "../serve/running_server.ts";
import type { ServerHost } from "../serve/server_host.ts";
import type { ServerPlan } from "../serve/server_plan.ts";
import { startListener } from "./start_listener.ts";

/**
 * Starts them.
 *
 * @throws {UsageError} If options conflict.
 * @throws {ConfigError} If there is a problem in the configuration.
 * @throws {StartError} If the machine lacks or forbids what it needs.
 */
export async function startServers(
  plan: ServerPlan,
  host: ServerHost,
): Promise<Serving> {
  const [listener] = plan.listeners;
  if (!plan.isReplaceable) {
    const { command } = await loadListenerKind(listener!.kindName);
    return await startListener(command, listener!.given, host);
  }
  // Imported lazily so that commands without a file start faster.
  const { RunningConfig } = await import("./run.ts");
  prepareCLibrary(); // It needs a permission that the program drops next.
  const running = new RunningConfig(host);
  await running.replace(plan);
  return running;
}
