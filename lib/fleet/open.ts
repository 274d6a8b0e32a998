/**
 * Joins a fleet. Only this file puts its parts together.
 *
 * @module
 */

import { StartError } from "../cli/usage_error.ts";
import { isGranted } from "../net/system/is_granted.ts";
import type { LogEvent } from "../observe/log_event.ts";
import type { Fleet } from "../serve/counts/fleet.ts";
import { countsOf } from "../serve/counts/shared_counts.ts";
import { FleetView } from "../serve/counts/fleet_view.ts";
import type { FleetOptions } from "../serve/options/fleet.ts";
import { clockLead, sharedClock } from "../sync/shared/clock.ts";
import { FleetBans } from "./bans.ts";
import { FleetQuotas } from "./quotas.ts";
import { FleetKeys } from "./keys.ts";
import type { CountingPart, FleetContext } from "./context.ts";
import { Link } from "./link.ts";
import { LinkedNodes } from "./nodes.ts";
import { FleetPlaces } from "./places/places.ts";
import { CHANNEL, type Incarnation, Pulse } from "./pulse.ts";
import { FleetRates } from "./rates.ts";
import { readRedisWay } from "./redis_options.ts";

/** Creates the parts that count, in the order of their calls. */
const PARTS: readonly ((context: FleetContext) => CountingPart)[] = [
  (context) => new FleetPlaces(context),
  (context) => new FleetRates(context),
  (context) => new FleetQuotas(context),
];

/**
 * Joins the fleet that the options name.
 *
 * @param options Values of the options; `fleet` is set.
 * @param log Receives log events.
 * @returns The fleet; the caller closes it.
 * @throws {StartError} If Redis refuses this machine, or if Redis is
 *   unreachable and the options require it.
 */
export async function openFleet(
  options: FleetOptions,
  log: (event: LogEvent) => void,
): Promise<Fleet> {
  const { "fleet-on-loss": onLoss } = options;
  const id = hex(8);
  const own = incarnation(id, options, () => nodes.facts());
  const keys = new FleetKeys(options["fleet-name"]);
  const memory = FleetView.memory(onLoss);
  const now = sharedClock(clockLead());
  const view = new FleetView(memory, now);
  const link: Link = new Link({
    ...{ view, log },
    way: await readRedisWay(options, `sluice-${own.node}`),
    channels: [
      {
        name: keys.of(CHANNEL),
        // The delay lets earlier replies arrive first: they take a few steps
        // more.
        take: (message) => void setTimeout(() => hear(message)),
      },
      {
        name: LinkedNodes.channel(keys, id),
        take: (message) => nodes.hear(message),
      },
    ],
  });
  const role = options["fleet-role"];
  const nodes = new LinkedNodes({ link, keys, own, role });
  const pulse = new Pulse({ link, keys, view, own });
  link.register(pulse);
  const context = { link, keys, view, own, pulse, log, now };
  const bans = new FleetBans(context);
  const parts = PARTS.map((make) => make(context));
  function hear(message: string): void {
    pulse.hear(message);
    for (const part of parts) part.hear?.(message);
  }
  for (const part of [bans, ...parts]) link.register(part);
  await start(link, onLoss === "refuse");
  return {
    memory,
    nodes,
    writes: link.isOnPath,
    count(tables) {
      const counts = countsOf(tables, now);
      for (const part of parts) part.count(counts);
    },
    bans: (list) => bans.join(list),
    [Symbol.asyncDispose]: () => link.close(),
  };
}

async function start(link: Link, isNeeded: boolean): Promise<void> {
  const fault = await link.start();
  if (fault === undefined) return;
  if (!fault.isFinal && !isNeeded) return link.sayLost(fault);
  await link.close();
  throw new StartError(
    `Cannot use Redis at ${link.where}: ${fault.message}`,
    { option: "fleet", cause: fault },
  );
}

function incarnation(
  id: string,
  { "fleet-node": given }: FleetOptions,
  facts: Incarnation["facts"],
): Incarnation {
  return { id, node: given ?? `${hostName()}-${hex(2)}`, facts };
}

/** Without permission it returns a default: a prompt would block the start. */
function hostName(): string {
  if (!isGranted({ name: "sys", kind: "hostname" })) return "node";
  return Deno.hostname().replaceAll(/[^\w.-]/g, "-").slice(0, 48) || "node";
}

function hex(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}
