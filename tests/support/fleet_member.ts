/**
 * A machine that joins a fleet and serves nothing.
 *
 * @module
 */

import { parseOptions } from "../../lib/cli/parse_options.ts";
import { openFleet } from "../../lib/fleet/open.ts";
import type { LogEvent } from "../../lib/observe/log_event.ts";
import { FleetView } from "../../lib/serve/counts/fleet_view.ts";
import { FLEET_OPTIONS } from "../../lib/serve/options/fleet.ts";
import { clockLead, sharedClock } from "../../lib/sync/shared/clock.ts";
import { within } from "./sockets.ts";

/** A machine. Disposing of it lets it leave. */
export interface FleetMember extends AsyncDisposable {
  readonly view: FleetView;
  /** Codes of the messages that it has logged. */
  readonly codes: string[];
  /** Texts of the messages that it has logged. */
  readonly messages: string[];
  /** Waits until this many messages with a code were logged; returns the last. */
  message(code: string, count?: number): Promise<string>;
}

/** Joins the fleet of a Redis. */
export async function joinFleet(
  url: string,
  args: string[] = [],
): Promise<FleetMember> {
  const all: (LogEvent & { event: "message" })[] = [];
  let changed = Promise.withResolvers<void>();
  const options = await parseOptions(
    ["--fleet", url, "--fleet-node", "member", ...args],
    FLEET_OPTIONS,
  );
  const fleet = await openFleet(options, (event) => {
    if (event.event === "message") all.push(event);
    changed.resolve();
    changed = Promise.withResolvers();
  });
  return {
    view: new FleetView(fleet.memory, sharedClock(clockLead())),
    get codes() {
      return all.map(({ code }) => code);
    },
    get messages() {
      return all.map(({ message }) => message);
    },
    async message(code, count = 1) {
      for (;;) {
        const found = all.filter((one) => one.code === code);
        if (found.length >= count) return found[count - 1]!.message;
        await within(15_000, changed.promise);
      }
    },
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
}
