/**
 * `sluice fleet drain`: drains a node until it ends.
 *
 * @module
 */

import type { NodeStatus } from "../../admin/api.ts";
import type { Command } from "../../cli/command.ts";
import { printErrors, printLines } from "../../cli/print_lines.ts";
import { StartError } from "../../cli/usage_error.ts";
import { countOf } from "../../observe/count_of.ts";
import { formatDuration } from "../../observe/log_text.ts";
import { elapsed } from "../../sync/elapsed.ts";
import { quote } from "../../wire/quote.ts";
import type { AdminClient } from "../client.ts";
import { openClient } from "../open_client.ts";
import { DRAIN_OPTIONS, type FleetDrainOptions } from "./options.ts";
import { askFleet } from "./status_command.ts";

/** Milliseconds between two checks of the node. */
const LOOK = 1_000;

/** Looks without an answer after which the node that was asked has ended. */
const MOST_SILENT = 3;

/** The command and its options. */
export const FLEET_DRAIN_COMMAND: Command<typeof DRAIN_OPTIONS> = {
  usage: "fleet drain [OPTIONS] NODE [ADMIN]",
  summary:
    "Lets a node of a fleet finish and end, as SIGTERM does. Exit codes: 0 begun, or with --wait ended; 1 not reached, or not ended in time; 2 wrong options.",
  examples: [
    ["sluice fleet drain sluice2", "asks the node with --admin 9090 here"],
    [
      "sluice fleet drain sluice2 --wait --timeout 10m 10.80.0.11:9090",
      "returns when sluice2 has ended",
    ],
  ],
  options: DRAIN_OPTIONS,
  run: drain,
};

async function drain(options: FleetDrainOptions): Promise<number> {
  const { admin, node } = options.node;
  using client = await openClient({ ...options, admin });
  const fleet = await askFleet(client);
  const found = find(fleet.nodes, node);
  if (found === undefined) {
    throw new StartError(
      `No node is named ${quote(node)}; sluice fleet status lists them`,
    );
  }
  const open = await begin(client, found);
  printLines([`${found.node} drains; ${countOf(open, "connection")} open`]);
  if (!options.wait) return 0;
  const isAsked = found.node === fleet.node;
  return await waitForEnd(client, { ...found, isAsked }, options);
}

async function begin(client: AdminClient, { id }: NodeStatus): Promise<number> {
  try {
    const { open } = await client.call(
      `POST /api/drain?node=${encodeURIComponent(id)}`,
    );
    return open;
  } catch (error) {
    throw new StartError(`Not done: ${client.describe(error)}`, {
      cause: error,
    });
  }
}

/**
 * A node that ends properly leaves the list; a killed one becomes lost. Both
 * count as ended.
 */
async function waitForEnd(
  client: AdminClient,
  { id, isAsked, node }: NodeStatus & { isAsked: boolean },
  { timeout }: FleetDrainOptions,
): Promise<number> {
  const began = performance.now();
  let silent = 0;
  while (true) {
    const found = await look(client, id);
    const spent = performance.now() - began;
    silent = found === "unknown" ? silent + 1 : 0;
    // The last thing that a node closes is its admin listener.
    const isGone = isAsked && silent === MOST_SILENT;
    if (found === "ended" || isGone) {
      printLines([`${node} ended after ${formatDuration(spent)}`]);
      return 0;
    }
    if (timeout > 0 && spent >= timeout) {
      const left = found === "unknown"
        ? "the node that is asked does not answer"
        : `${countOf(found.open, "connection")} open`;
      printErrors([
        `sluice: ${node} has not ended in ${formatDuration(timeout)}; ${left}`,
      ]);
      return 1;
    }
    await elapsed(LOOK);
  }
}

/**
 * Finds the node; "unknown" if the admin listener does not answer, which may
 * belong to the node itself.
 */
async function look(
  client: AdminClient,
  id: string,
): Promise<NodeStatus | "ended" | "unknown"> {
  try {
    const { nodes } = await client.call("GET /api/fleet");
    const node = find(nodes, id);
    return node === undefined || node.isLost ? "ended" : node;
  } catch {
    return "unknown";
  }
}

function find(
  nodes: readonly NodeStatus[],
  name: string,
): NodeStatus | undefined {
  return nodes.find(({ id, node, isLost }) =>
    id === name || node === name && !isLost
  );
}
