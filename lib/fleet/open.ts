/**
 * Joins a fleet: the one place that puts its parts together.
 *
 * @module
 */

import { fileFault } from "../cli/file_error.ts";
import { readText } from "../cli/read_file.ts";
import { concerning, StartError } from "../cli/usage_error.ts";
import { isGranted } from "../net/system/is_granted.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { OwnBans } from "../serve/counts/ban_keeper.ts";
import type { BanDecider, BanList, Fleet } from "../serve/counts/fleet.ts";
import {
  countsOf,
  type NodeCount,
  type TableMemories,
} from "../serve/counts/shared_counts.ts";
import { type FleetMemory, FleetView } from "../serve/counts/fleet_view.ts";
import type { FleetOptions } from "../serve/options/fleet.ts";
import { clockLead, sharedClock } from "../sync/shared/clock.ts";
import type { RedisTls } from "./connect.ts";
import { FleetKeys } from "./keys.ts";
import { type FleetPart, Link } from "./link.ts";
import { type Incarnation, Pulse } from "./pulse.ts";

/** A part that counts something for the tables of this machine. */
export interface CountingPart extends FleetPart {
  /**
   * Takes the counts of this machine, whenever there are others than before.
   *
   * @param counts All of them.
   */
  count(counts: readonly NodeCount[]): void;
}

/** What every part needs. */
export interface FleetContext {
  /** The link, for calls. */
  readonly link: Link;
  /** Names of keys. */
  readonly keys: FleetKeys;
  /** What threads see. */
  readonly view: FleetView;
  /** This run of the program. */
  readonly own: Incarnation;
  /** Changes from other machines. */
  readonly pulse: Pulse;
  /** Receives log events. */
  readonly log: (event: LogEvent) => void;
  /** Clock of the tables in milliseconds. */
  readonly now: () => number;
}

/** Makes the parts that count, in the order of their calls. */
const PARTS: readonly ((context: FleetContext) => CountingPart)[] = [];

/**
 * Joins the fleet of the options.
 *
 * @param options Values of the options; `fleet` is given.
 * @param log Receives log events.
 * @returns The fleet; to be closed.
 * @throws {StartError} If Redis refuses this machine, or is away and the
 *   options do not allow that.
 */
export async function openFleet(
  options: FleetOptions,
  log: (event: LogEvent) => void,
): Promise<Fleet> {
  const { "fleet-on-loss": onLoss, "fleet-timeout": timeout } = options;
  const own = incarnation(options);
  const keys = new FleetKeys(options["fleet-name"]);
  const memory = FleetView.memory(onLoss);
  const now = sharedClock(clockLead());
  const view = new FleetView(memory, now);
  const link: Link = new Link({
    ...{ view, log },
    way: {
      ...{ timeout, name: `sluice-${own.node}`, place: options.fleet! },
      tls: await readTls(options),
    },
    channel: {
      name: keys.of("changes"),
      take: (message) => pulse.hear(message),
    },
  });
  const pulse = new Pulse(link, { keys, view, own });
  link.register(pulse);
  const context = { link, keys, view, own, pulse, log, now };
  const parts = PARTS.map((make) => make(context));
  for (const part of parts) link.register(part);
  await start(link, onLoss === "refuse");
  return new JoinedFleet(memory, context, parts);
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

/** A fleet that this machine has joined. */
class JoinedFleet implements Fleet {
  readonly memory: FleetMemory;
  readonly #parts: readonly CountingPart[];
  readonly #context: FleetContext;

  constructor(
    memory: FleetMemory,
    context: FleetContext,
    parts: readonly CountingPart[],
  ) {
    this.memory = memory;
    this.#parts = parts;
    this.#context = context;
  }

  count(tables: TableMemories): void {
    const counts = countsOf(tables, this.#context.now);
    for (const part of this.#parts) part.count(counts);
  }

  bans(list: BanList): BanDecider {
    return new OwnBans(list, this.#context.log);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.link.close();
  }
}

function incarnation({ "fleet-node": given }: FleetOptions): Incarnation {
  const id = hex(8);
  return { id, node: given ?? `${hostName()}-${hex(2)}`, facts: {} };
}

/** A prompt for the permission would stop the start. */
function hostName(): string {
  if (!isGranted({ name: "sys", kind: "hostname" })) return "node";
  return Deno.hostname().replaceAll(/[^\w.-]/g, "-").slice(0, 48) || "node";
}

function hex(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}

async function readTls(
  { "fleet-ca": ca, "fleet-cert": cert, "fleet-key": key }: FleetOptions,
): Promise<RedisTls> {
  return {
    ca: await readPem("fleet-ca", ca),
    cert: await readPem("fleet-cert", cert),
    key: await readPem("fleet-key", key),
  };
}

async function readPem(
  option: string,
  path: string | undefined,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return await concerning(option, async () => {
    try {
      return await readText(path);
    } catch (error) {
      throw fileFault("read", path, error);
    }
  });
}
