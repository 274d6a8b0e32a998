/**
 * Opens a connection to one of several addresses (RFC 8305).
 *
 * @module
 */

import { Context } from "../sync/context.ts";
import { setDeadline } from "../sync/deadline.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { formatIpAddress, type IpAddress } from "../wire/ip_address.ts";
import { connectFrom } from "./system/connect_from.ts";
import { connectTracked } from "./connect_tracked.ts";
import type { Connection } from "./connection.ts";
import type { Duplex } from "./duplex.ts";
import { DialError, type DialErrorKind, dialErrorKind } from "./dial_error.ts";
import { explainError } from "../observe/explain_error.ts";
import { type OutgoingAddresses, outgoingFor } from "./outgoing.ts";
import { ownListeners, type Trail } from "./own_listeners.ts";

/** Most addresses tried: each costs a socket and part of the time. */
const MOST_TRIED = 16;

/** Options for {@linkcode dial}. */
export interface DialOptions {
  /**
   * Milliseconds for all addresses together (default 10,000); 0 disables the
   * limit.
   */
  timeout?: number;
  /** Milliseconds until the next address is tried in parallel (default 250). */
  stagger?: number;
  /** Source addresses (default: the system chooses). */
  outgoing?: OutgoingAddresses | undefined;
  /**
   * Addresses of the other family whose lookup is still pending; they are tried
   * next when they arrive (RFC 8305 §4). Never rejects.
   */
  late?: Promise<readonly IpAddress[]> | undefined;
  /**
   * Listeners that the connection has come through (default none). A listener
   * of this program that accepts it learns them.
   */
  trail?: Trail | undefined;
}

/** An open connection and how it was opened. */
export interface Dialled {
  /** The connection. */
  connection: Connection;
  /** The address that answered first. */
  address: IpAddress;
  /** Its streams, if some bytes were read already. */
  duplex?: Duplex;
}

/**
 * Dials addresses until one answers. The first is dialled immediately, each
 * next one when the one before has failed or has not answered for a while.
 * Connections that lose the race are closed.
 *
 * @param addresses One or more addresses in order of preference; families are
 *   interleaved (RFC 8305 §4). At most 16 are tried, late ones included.
 * @param port Port, 1 to 65535.
 * @param context Stops the attempt when cancelled.
 * @param options Time limits and source addresses.
 * @returns The connection; the caller closes it.
 * @throws {DialError} If none answers: the most informative failure.
 * @throws The reason of the cancellation.
 */
export async function dial(
  addresses: IpAddress[],
  port: number,
  context: Context,
  options: DialOptions = {},
): Promise<Dialled> {
  const { timeout = 10_000, stagger = 250, outgoing, late, trail } = options;
  context.throwIfCancelled();
  using attempt = new Context(context);
  attempt.cancelAfter(timeout, "Connect time");
  const connect = (address: IpAddress, context: Context) =>
    open({ address, port, outgoing, trail }, context);
  try {
    if (addresses.length === 1 && late === undefined) {
      return await connect(addresses[0]!, attempt);
    }
    const options = { context: attempt, stagger, late };
    return await race(addresses, connect, options);
  } catch (error) {
    context.throwIfCancelled();
    throw error;
  }
}

interface Attempt {
  address: IpAddress;
  port: number;
  outgoing: OutgoingAddresses | undefined;
  trail: Trail | undefined;
}

async function open(attempt: Attempt, context: Context): Promise<Dialled> {
  const { address, port, trail } = attempt;
  const isTracked = trail !== undefined && ownListeners.hasPort(port);
  try {
    const connection = isTracked
      ? await connectTracked({ ...attempt, trail }, connect, context)
      : await connect(attempt, context);
    return { connection, address };
  } catch (error) {
    throw toDialError(error, address, port);
  }
}

function connect(
  { address, outgoing, port }: Attempt,
  context: Context,
): Promise<Connection> {
  const from = outgoing && outgoingFor(outgoing, address);
  if (from !== undefined) {
    return connectFrom({ from, to: address, port }, context);
  }
  return Deno.connect({
    hostname: formatIpAddress(address),
    port,
    autoSelectFamily: false,
    signal: context.signal,
  });
}

interface RaceOptions extends Pick<DialOptions, "late"> {
  context: Context;
  stagger: number;
}

function race(
  addresses: readonly IpAddress[],
  connect: (address: IpAddress, context: Context) => Promise<Dialled>,
  { context, stagger, late }: RaceOptions,
): Promise<Dialled> {
  const { promise, resolve, reject } = Promise.withResolvers<Dialled>();
  const contest = new Context(context);
  const errors: DialError[] = [];
  let untried = interleave(addresses);
  let isLate = late !== undefined;
  /** Whether the next address is due but has not arrived yet. */
  let isDue = false;
  let started = 0;

  function start(): void {
    if (contest.cancelled) return;
    const address = started < MOST_TRIED ? untried.shift() : undefined;
    isDue = address === undefined;
    if (address === undefined) return;
    started++;
    const timer = setDeadline(stagger, start);
    connect(address, contest)
      .finally(() => timer.clear())
      .then(win, lose);
  }

  function win(dialled: Dialled): void {
    if (contest.cancelled) {
      dialled.connection.close();
      return;
    }
    contest.cancel(new Error("Another address answered first"));
    resolve(dialled);
  }

  function lose(error: DialError): void {
    errors.push(error);
    start();
    endIfLost();
  }

  function endIfLost(): void {
    if (errors.length < started) return;
    const mayGoOn = !isDue || isLate && started < MOST_TRIED;
    if (!mayGoOn || context.cancelled) reject(mostTelling(errors));
  }

  function join(others: readonly IpAddress[]): void {
    isLate = false;
    untried = interleave([...others, ...untried]);
    if (isDue) start();
    endIfLost();
  }

  start();
  if (late !== undefined) {
    void late.then(join);
    context.onCancel(endIfLost);
  }
  return promise;
}

/** What tells a person most about a target comes first. */
const TELLING: readonly DialErrorKind[] = [
  "refused",
  "timeout",
  "no descriptors",
  "host unreachable",
  "network unreachable",
];

function mostTelling(errors: DialError[]): DialError {
  for (const kind of TELLING) {
    const found = errors.find((error) => error.kind === kind);
    if (found !== undefined) return found;
  }
  return errors[0]!;
}

/** Takes the families in turn, beginning with that of the first address. */
function interleave(addresses: readonly IpAddress[]): IpAddress[] {
  const family = addresses[0]?.length;
  const preferred = addresses.filter(({ length }) => length === family);
  const others = addresses.filter(({ length }) => length !== family);
  const result: IpAddress[] = [];
  for (let n = 0; result.length < addresses.length; n++) {
    if (n < preferred.length) result.push(preferred[n]!);
    if (n < others.length) result.push(others[n]!);
  }
  return result;
}

const REASON: Readonly<Partial<Record<DialErrorKind, string>>> = {
  "refused": "connection refused",
  "timeout": "no answer in time",
  "no descriptors": "out of file descriptors",
  "forbidden": "not permitted by the system",
};

function toDialError(
  error: unknown,
  address: IpAddress,
  port: number,
): DialError {
  const isTimeout = error instanceof DOMException &&
    error.name === "TimeoutError";
  const kind = isTimeout ? "timeout" : dialErrorKind(error);
  const reason = REASON[kind] ??
    (kind === "failed" ? explainError(error) : kind);
  return new DialError(
    kind,
    `Cannot reach ${formatHostPort(address, port)}: ${reason}`,
    { cause: error },
  );
}
