/**
 * Calls the hooks of a program that embeds Sluice: they may decide about a
 * target, or connect to it.
 *
 * @module
 */

import type { Connection } from "../../net/connection.ts";
import { Duplex } from "../../net/duplex.ts";
import { StreamConnection, type StreamPair } from "../../net/stream_pair.ts";
import { formatAddr } from "../../net/unix_socket.ts";
import { describeError } from "../../observe/describe_error.ts";
import { Refusal } from "../../policy/limits/refusal.ts";
import { Context } from "../../sync/context.ts";
import { waitFor } from "../../sync/wait_for.ts";
import type { Host } from "../../wire/host_name.ts";
import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import {
  DialError,
  type DialErrorKind,
  dialErrorKind,
} from "../../net/dial_error.ts";
import type { Answer, AuthorizeRequest, Hooks } from "../hooks.ts";
import type { ProxySession } from "../proxy_services.ts";
import type { Wish } from "./decide.ts";

/** A connection that a hook has opened. */
export interface HookedTarget {
  /** The connection; the caller closes it. */
  readonly connection: Connection;
  /** Its streams. */
  readonly duplex: Duplex;
}

/**
 * Asks the `authorize` hook about a client's request.
 *
 * @param session The client, with known identity and target.
 * @param wish The request.
 * @returns Resolves if it is allowed; `undefined` without a hook.
 * @throws {Refusal} `forbidden`, also if the hook fails or takes longer than
 *   the time limit for connecting.
 */
export function askAuthorize(
  session: ProxySession,
  wish: Wish,
): Promise<void> | undefined {
  const authorize = session.services.hooks?.authorize;
  return authorize && requireAuthorized(session, wish, authorize);
}

async function requireAuthorized(
  session: ProxySession,
  { command, host, port }: Wish,
  authorize: NonNullable<Hooks["authorize"]>,
): Promise<void> {
  const admission = session.requireAdmission();
  if (admission !== undefined) await admission;
  let answer: unknown;
  try {
    answer = await ask(
      session,
      (signal) =>
        authorize({ command, ...aboutTarget(session, host, port), signal }),
    );
  } catch (error) {
    session.context.throwIfCancelled();
    answer = `Cannot authorize: ${describeError(error)}`;
  }
  if (answer === true) return;
  session.record.rule = "authorize";
  throw new Refusal(
    "forbidden",
    typeof answer === "string" ? answer : "Denied by authorize",
  );
}

/**
 * Asks the `dial` hook to connect to a target.
 *
 * @param session The client.
 * @param wish The request.
 * @param addresses The allowed addresses, if the rules depend on them.
 * @returns The connection; `undefined` if Sluice should open it.
 * @throws {DialError} If the hook fails, or returns no connection.
 */
export async function askDial(
  session: ProxySession,
  { host, port }: Wish,
  addresses: Iterable<IpAddress> | undefined,
): Promise<HookedTarget | undefined> {
  const { live, record, services } = session;
  live?.begin("dial");
  try {
    const pair = await ask(session, (signal) =>
      services.hooks!.dial!({
        ...aboutTarget(session, host, port),
        addresses: addresses && [...addresses].map(formatIpAddress),
        signal,
      }));
    live?.end();
    if (pair === undefined) return undefined;
    const connection = StreamConnection.of(pair);
    record.address = formatAddr(connection.remoteAddr);
    record.via = "dial";
    return { connection, duplex: new Duplex(connection) };
  } catch (error) {
    session.context.throwIfCancelled();
    if (error instanceof DialError) throw error;
    const why = `Cannot reach ${record.target}: ${describeError(error)}`;
    throw new DialError(kindOf(error), why, { cause: error });
  }
}

/** Calls a hook with a time limit, and disposes of a late result. */
async function ask<T>(
  { context, services }: ProxySession,
  question: (signal: AbortSignal) => Answer<T>,
): Promise<T> {
  using attempt = new Context(context);
  attempt.cancelAfter(services.timeouts.connect, "Connect time");
  const answer = Promise.resolve(question(attempt.signal));
  try {
    return await waitFor(answer, attempt);
  } catch (error) {
    // Nobody else closes a connection that arrives after the time limit.
    if (attempt.cancelled) void answer.then(closeLate).catch(() => {});
    throw error;
  }
}

function kindOf(error: unknown): DialErrorKind {
  const isLate = error instanceof DOMException && error.name === "TimeoutError";
  return isLate ? "timeout" : dialErrorKind(error);
}

function closeLate(answer: unknown): void {
  if (typeof answer !== "object" || answer === null) return;
  StreamConnection.of(answer as StreamPair).close();
}

function aboutTarget(
  { identity, remote }: ProxySession,
  host: Host,
  port: number,
): Pick<AuthorizeRequest, "client" | "host" | "port" | "user"> {
  return {
    host: typeof host === "string" ? host : formatIpAddress(host),
    port,
    client: formatAddr(remote),
    user: identity?.name,
  };
}
