/**
 * The host of a program that has one thread and whose counts belong to a fleet.
 * It keeps them in the same tables as a program with several threads.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import type { BansOptions, BanState } from "../policy/users/bans.ts";
import { ReplicatedBans } from "../policy/users/replicated_bans.ts";
import { BanKeeper } from "../serve/counts/ban_keeper.ts";
import { scopeOf } from "../serve/counts/count_name.ts";
import type { Fleet } from "../serve/counts/fleet.ts";
import { FleetView } from "../serve/counts/fleet_view.ts";
import { SharedCountKeeper } from "../serve/counts/shared_counts.ts";
import type { Registry } from "../serve/registry.ts";
import { ALONE, type ServerHost } from "../serve/server_host.ts";
import { clockLead, sharedClock } from "../sync/shared/clock.ts";

/** Options for {@linkcode fleetHost}. */
export interface FleetHostOptions {
  /** The fleet. */
  fleet: Fleet;
  /** Kind of the program's only listener, such as `proxy`. */
  kindName: string;
  /** Receives log events. */
  log: (event: LogEvent) => void;
  /** Registers connections for the admin API (default: none). */
  registry?: Registry | undefined;
}

/**
 * Creates the host.
 *
 * @param options The fleet and the program.
 */
export function fleetHost(
  { fleet, kindName, log, registry }: FleetHostOptions,
): ServerHost {
  const now = sharedClock(clockLead());
  const copies = new Map<string, ReplicatedBans>();
  const keeper = new BanKeeper({ fleet, log, deliver });
  const counts: SharedCountKeeper = new SharedCountKeeper({
    ...{ now, fleet: new FleetView(fleet.memory, now) },
    thread: { index: 0, count: 1 },
    copyBans,
    forgetBans: (name) => copies.delete(name),
    othersEnded: () => Promise.resolve(),
    onTable: () => fleet.count(counts.tables),
  });

  function deliver(name: string, states: readonly BanState[]): void {
    copies.get(name)?.replace(states);
  }

  function copyBans(name: string, scope: string, settings: BansOptions) {
    const tell = keeper.decide.bind(keeper, name);
    const copy = new ReplicatedBans(settings, tell);
    copies.set(name, copy);
    copy.replace(keeper.copy(name, scope, settings));
    return copy;
  }

  function hostOf(listener: string, scope: string): ServerHost {
    return {
      ...ALONE,
      ...{ log, registry },
      keep: (what, settings, make) =>
        counts.keep({ listener, scope, what }, settings, make),
    };
  }

  return { ...hostOf("", scopeOf(kindName, 1)), forListener: hostOf };
}
