/**
 * Connections through other proxies, one behind the other.
 *
 * ```text
 * sluice --> parents[0] --> parents[1] --> … --> target
 * ```
 *
 * @module
 */

import { Context } from "../sync/context.ts";
import { type Destination, type Host, parseHost } from "../wire/host_name.ts";
import { formatHostPort } from "../wire/host_port.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import { formatParent, type Parent, takesNames } from "../wire/parent_url.ts";
import type { Connection, TlsConnection } from "./connection.ts";
import type { Dialled } from "./dial.ts";
import { DialError } from "./dial_error.ts";
import { Duplex } from "./duplex.ts";
import { explainError } from "../observe/explain_error.ts";
import type { Family } from "./names/family_preference.ts";
import { openHop } from "./hop.ts";
import type { Trail } from "./own_listeners.ts";

/**
 * Negotiates TLS with the peer of a connection. If it fails, the caller closes
 * the connection.
 */
export type StartTls = (
  connection: Connection,
  peer: { host: string; context: Context; protocols?: readonly string[] },
) => Promise<TlsConnection>;

/** Options for {@linkcode dialChain}. */
export interface ChainOptions {
  /** Connects to the first parent. */
  dial: (
    host: string,
    port: number,
    context: Context,
    trail: Trail | undefined,
  ) => Promise<Dialled>;
  /** Resolves names for parents that take addresses only. */
  resolve: (
    name: string,
    context: Context,
    needed?: Family,
  ) => Promise<IpAddress[]>;
  /** Puts TLS around a connection that leads to an `https` parent. */
  startTls?: StartTls | undefined;
  /**
   * Milliseconds for the whole chain (default 10,000); 0 disables the limit.
   */
  timeout?: number;
  /** Listeners of this program that the connection has come through. */
  trail?: Trail | undefined;
  /**
   * Called when the last parent has accepted the client, just before it gets
   * the target (default: not called). A later failure may be the target's, and
   * proves nothing about the parents.
   */
  onAsked?: (() => void) | undefined;
}

/** A connection through a chain. */
export interface Chained {
  /** The connection to the first parent. */
  readonly connection: Connection;
  /** Its streams, at the first byte from the target or the last parent. */
  readonly duplex: Duplex;
}

/**
 * Connects to a target through parents.
 *
 * @param parents One or more parents, the nearest first.
 * @param target Target of the last parent's tunnel; `undefined` ends the chain
 *   at the last parent, which then gets a whole request.
 * @param context Stops the attempt when cancelled.
 * @param options How what is outside is reached.
 * @returns The connection; the caller closes it.
 * @throws {DialError} The last parent's answer about the target; `parent
 *   failed` if it gave none; `parent timeout` if the time ran out before it was
 *   asked; `timeout`; `no descriptors`.
 * @throws The reason of the cancellation.
 */
export async function dialChain(
  parents: readonly Parent[],
  target: Destination | undefined,
  context: Context,
  options: ChainOptions,
): Promise<Chained> {
  context.throwIfCancelled();
  using attempt = new Context(context);
  attempt.cancelAfter(options.timeout ?? 10_000, "Connect time");
  let current: Chained | undefined;
  /** Whether a timeout now is the target's fault. */
  let isTargets = true;
  attempt.onCancel(() => current?.duplex.close());
  const onAsked = () => {
    isTargets = true;
    options.onAsked?.();
  };
  try {
    // Resolve first, or a slow name would look like a slow parent.
    const host = target &&
      await hostFor(parents.at(-1)!, target.host, attempt, options);
    isTargets = false;
    current = await dialFirst(parents[0]!, attempt, options);
    for (const [index, parent] of parents.entries()) {
      const next = parents[index + 1];
      const where = next ?? (target && { ...target, host: host! });
      if (where === undefined) break;
      await goThrough(current.duplex, parent, where, {
        context: attempt,
        isLast: next === undefined,
        options: { ...options, onAsked },
      });
      if (next !== undefined) {
        current = await secure(current, next, attempt, options);
      }
    }
    attempt.throwIfCancelled();
    return current;
  } catch (error) {
    current?.duplex.close();
    context.throwIfCancelled();
    throw attempt.cancelled ? tooLate(parents, target, isTargets) : error;
  }
}

async function dialFirst(
  parent: Parent,
  context: Context,
  options: ChainOptions,
): Promise<Chained> {
  try {
    const { host, port } = parent;
    const { dial, trail } = options;
    const { connection } = await dial(host, port, context, trail);
    const plain = { connection, duplex: new Duplex(connection) };
    return await secure(plain, parent, context, options);
  } catch (error) {
    throw parentFailed(parent, error);
  }
}

/** Starts TLS on the connection to an `https` parent. */
async function secure(
  plain: Chained,
  parent: Parent,
  context: Context,
  { startTls }: ChainOptions,
): Promise<Chained> {
  if (parent.scheme !== "https") return plain;
  try {
    if (startTls === undefined) throw new Error("there is no TLS");
    const { host } = parent;
    const connection = await startTls(underneath(plain), { host, context });
    return { connection, duplex: new Duplex(connection) };
  } catch (error) {
    plain.duplex.close();
    throw parentFailed(parent, error);
  }
}

/**
 * Turns partly read streams back into a connection, for a layer such as TLS on
 * top of it.
 *
 * @param chained The streams; nothing else may use them any more.
 */
export function underneath({ connection, duplex }: Chained): Connection {
  return Object.assign(duplex.channel(), {
    localAddr: connection.localAddr,
    remoteAddr: connection.remoteAddr,
    setNoDelay: (noDelay?: boolean) => connection.setNoDelay(noDelay),
    close: () => duplex.close(),
  });
}

interface Leg {
  context: Context;
  /** Whether it leads to the target, not to another parent. */
  isLast: boolean;
  options: ChainOptions;
}

/** One hop; a failure before the last one says nothing about the target. */
async function goThrough(
  duplex: Duplex,
  parent: Parent,
  { host: named, port }: Destination,
  { context, isLast, options }: Leg,
): Promise<void> {
  try {
    const host = await hostFor(parent, named, context, options);
    const onAsked = isLast ? options.onAsked : undefined;
    await openHop(duplex, parent, { host, port }, onAsked);
  } catch (error) {
    if (isLast && error instanceof DialError) throw error;
    throw parentFailed(parent, error);
  }
}

/** Resolves a name for a parent that takes addresses only. */
async function hostFor(
  parent: Parent,
  name: Host,
  context: Context,
  { resolve }: ChainOptions,
): Promise<Host> {
  if (typeof name !== "string") return name;
  const host = parseHost(name);
  if (typeof host !== "string" || takesNames(parent)) return host;
  const needed = parent.scheme === "socks4" ? 4 : undefined;
  const addresses = await resolve(host, context, needed);
  const usable = needed === undefined
    ? addresses[0]
    : addresses.find(({ length }) => length === needed);
  if (usable !== undefined) return usable;
  throw new DialError(
    "name not found",
    `Cannot resolve ${name} for ${
      formatParent(parent)
    }: it has no IPv4 address`,
  );
}

/**
 * Wraps a failure on the way through a parent in an error about that parent.
 *
 * @param cause The error.
 * @returns The error, or the cause itself if it is clear enough.
 */
export function parentFailed(parent: Parent, cause: unknown): DialError {
  // Either local, which says nothing about a parent, or it names the parent
  // already.
  const isTold = cause instanceof DialError &&
    ["no descriptors", "no udp", "parent failed"].includes(cause.kind);
  if (isTold) return cause;
  return new DialError(
    "parent failed",
    `Cannot connect through ${formatParent(parent)}: ${whyFailed(cause)}`,
    { cause },
  );
}

function whyFailed(cause: unknown): string {
  return cause instanceof Deno.errors.UnexpectedEof
    ? "it closed the connection before its answer was complete"
    : explainError(cause);
}

function tooLate(
  parents: readonly Parent[],
  target: Destination | undefined,
  isTargets: boolean,
): DialError {
  const way = parents.map(formatParent).join(", ");
  const what = target === undefined
    ? `go through ${way}`
    : `reach ${formatHostPort(target.host, target.port)} through ${way}`;
  return new DialError(
    isTargets ? "timeout" : "parent timeout",
    `Cannot ${what}: no answer in time`,
  );
}
