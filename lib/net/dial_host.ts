/**
 * Opens a connection to a host by its name or address.
 *
 * @module
 */

import type { Context } from "../sync/context.ts";
import type { Host } from "../wire/host_name.ts";
import { dial, type Dialled, type DialOptions } from "./dial.ts";
import type { Resolver } from "./resolver.ts";

/** Options for {@linkcode dialHost}. */
export interface DialHostOptions extends Omit<DialOptions, "late"> {
  /** Finds the addresses of the host. */
  resolver: Resolver;
}

/**
 * Resolves a host and dials its addresses until one answers, those that a name
 * server is late with included.
 *
 * @param target Host, and port, 1 to 65535.
 * @param context Gives up when cancelled.
 * @param options Whom to ask, time limits, and where to leave from.
 * @returns The connection; the caller closes it.
 * @throws {DialError} If it can't be resolved, or no address answers.
 * @throws The reason of the cancellation.
 */
export async function dialHost(
  { host, port }: { host: Host; port: number },
  context: Context,
  { resolver, ...options }: DialHostOptions,
): Promise<Dialled> {
  const { addresses, late } = await resolver.find(host, context);
  return await dial(addresses, port, context, { ...options, late });
}
