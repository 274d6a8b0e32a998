/**
 * Machines of a fleet, each as a proxy in the test's own process.
 *
 * @module
 */

import { parseOptions } from "../../lib/cli/parse_options.ts";
import { fleetHost } from "../../lib/fleet/host.ts";
import { openFleet } from "../../lib/fleet/open.ts";
import { releaseCLibrary } from "../../lib/net/system/c_library.ts";
import type { LogEvent } from "../../lib/observe/log_event.ts";
import { PROXY_COMMAND } from "../../lib/proxy/command.ts";
import { PROXY_OPTIONS } from "../../lib/proxy/options.ts";
import type { Fleet } from "../../lib/serve/counts/fleet.ts";
import { FleetView } from "../../lib/serve/counts/fleet_view.ts";
import { Registry } from "../../lib/serve/registry.ts";
import { clockLead, sharedClock } from "../../lib/sync/shared/clock.ts";
import { readExactly, within, writeAll } from "./sockets.ts";
import { userDialogue } from "./usage.ts";
import { tryPassword } from "./users.ts";
import { readReply } from "./proxy.ts";

/** A machine. Disposing of it ends it in good order. */
export interface TestNode extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  readonly fleet: Fleet;
  readonly view: FleetView;
  readonly registry: Registry;
  /** What it has logged. */
  readonly events: LogEvent[];
  /** Texts of its messages. */
  readonly messages: string[];
  /** Waits for an event; returns it. */
  event(is: (event: LogEvent) => boolean): Promise<LogEvent>;
  /** Opens a tunnel as a user whose password is the name. */
  openTunnel(
    user: string,
    target: { hostname: string; port: number },
  ): Promise<{ conn: Deno.TcpConn; reply: number }>;
  /** Logs in; returns whether that was allowed. */
  logIn(user: string, password: string): Promise<boolean>;
}

/** Starts a machine that joins a fleet. */
export async function startNode(
  name: string,
  url: string,
  args: string[] = [],
): Promise<TestNode> {
  const events: LogEvent[] = [];
  let changed = Promise.withResolvers<void>();
  const log = (event: LogEvent) => {
    events.push(event);
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const options = await parseOptions([
    ...["--listen", "127.0.0.1:0", "--user", "alice:alice"],
    ...["--user", "bob:bob", "--fleet", url, "--fleet-node", name],
    ...["--shutdown-grace", "0"],
    ...args.includes("--max-connections-per-client")
      ? []
      : ["--max-connections-per-client", "0"],
    ...args,
  ], PROXY_OPTIONS);
  const fleet = await openFleet(options, log);
  const registry = new Registry();
  const host = fleetHost({ fleet, kindName: "proxy", log, registry });
  const server = await PROXY_COMMAND.start(options, host);
  const [listening] = server.banner.filter((one) => typeof one !== "string");
  const port = listening!.port!;
  return {
    ...{ name, port, fleet, registry, events },
    view: new FleetView(fleet.memory, sharedClock(clockLead())),
    get messages() {
      return events.flatMap((one) =>
        one.event === "message" ? [one.message] : []
      );
    },
    async event(is) {
      for (;;) {
        const found = events.find(is);
        if (found !== undefined) return found;
        await within(10_000, changed.promise);
      }
    },
    async openTunnel(user, target) {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await writeAll(conn, userDialogue(user, target));
      await within(5_000, readExactly(conn, 4));
      const { reply } = await within(5_000, readReply(conn));
      return { conn, reply };
    },
    async logIn(user, password) {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port });
      return await tryPassword(conn, user, password) === 0;
    },
    async [Symbol.asyncDispose]() {
      await server.shutdown(0);
      releaseCLibrary();
      await fleet[Symbol.asyncDispose]();
    },
  };
}

/** Machines that end together. */
export interface TestNodes<Names extends readonly string[]>
  extends AsyncDisposable {
  readonly all: { [Name in keyof Names]: TestNode };
}

/** Starts several machines together. */
export async function startNodes<const Names extends readonly string[]>(
  names: Names,
  url: string,
  args: string[] = [],
): Promise<TestNodes<Names>> {
  const nodes = await Promise.all(
    names.map((name) => startNode(name, url, args)),
  );
  return {
    all: nodes as { [Name in keyof Names]: TestNode },
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
    },
  };
}
