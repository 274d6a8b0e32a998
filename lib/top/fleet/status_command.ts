/**
 * `sluice fleet status`: shows the machines of a fleet.
 *
 * @module
 */

import type { FleetAnswer } from "../../admin/api.ts";
import type { Command } from "../../cli/command.ts";
import { printErrors, printLines } from "../../cli/print_lines.ts";
import { listenForSignals, signalExitCode } from "../../cli/stop_signals.ts";
import { StartError } from "../../cli/usage_error.ts";
import { Context } from "../../sync/context.ts";
import { elapsed } from "../../sync/elapsed.ts";
import type { AdminClient } from "../client.ts";
import { openClient } from "../open_client.ts";
import { drawNodes } from "./draw_nodes.ts";
import { STATUS_OPTIONS, type StatusOptions } from "./options.ts";

/** Clears the screen of a terminal (ECMA-48 §8.3.21, §8.3.39). */
const CLEAR = "\u001b[H\u001b[2J";

/** The command and its options. */
export const FLEET_STATUS_COMMAND: Command<typeof STATUS_OPTIONS> = {
  usage: "fleet status [OPTIONS] [ADMIN]",
  summary:
    "Lists the machines of a fleet: what each does, and which are draining or lost. Any node with --admin can be asked. Exit codes: 0 printed, 1 not reached, 2 wrong options.",
  examples: [
    ["sluice fleet status", "asks the node with --admin 9090 here"],
    ["sluice fleet status --watch 10.80.0.11:9090", "again every two seconds"],
    ["sluice fleet status --json > fleet.json", "for a program"],
  ],
  options: STATUS_OPTIONS,
  run: showStatus,
};

async function showStatus(options: StatusOptions): Promise<number> {
  using client = await openClient(options);
  if (options.watch) return await watch(client, options);
  show(await askFleet(client), options.json);
  return 0;
}

/**
 * Requests the state of the fleet.
 *
 * @throws {StartError} If the admin listener does not answer.
 */
export async function askFleet(client: AdminClient): Promise<FleetAnswer> {
  try {
    return await client.call("GET /api/fleet");
  } catch (error) {
    throw new StartError(
      `Cannot ask ${client.address.name} for its fleet: ${
        client.describe(error)
      }`,
      { cause: error },
    );
  }
}

/** Continues after a request that fails. */
async function watch(
  client: AdminClient,
  { interval, json }: StatusOptions,
): Promise<number> {
  using signals = listenForSignals();
  const context = new Context();
  let code = 0;
  void signals.next().then((name) => {
    code = signalExitCode(name);
    context.cancel(new Error("Signal"));
  });
  const isScreen = !json && Deno.stdout.isTerminal();
  while (!context.cancelled) {
    try {
      const fleet = await askFleet(client);
      if (isScreen) Deno.stdout.writeSync(new TextEncoder().encode(CLEAR));
      show(fleet, json);
      if (!isScreen && !json) printLines([""]);
    } catch (error) {
      printErrors([(error as Error).message]);
    }
    await elapsed(interval, context);
  }
  return code;
}

function show(fleet: FleetAnswer, isJson: boolean): void {
  printLines(isJson ? [JSON.stringify(fleet)] : drawNodes(fleet, Date.now()));
}
