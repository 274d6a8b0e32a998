/**
 * Opens a connection to one of several addresses (RFC 8305).
 *
 * @module
 */

import { Context } from "../sync/context.ts";
import { setDeadline } from "../sync/deadline.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { formatIpAddress, type IpAddress } from "../wire/ip_address.ts";
import { DialError, type DialErrorKind, dialErrorKind } from "./dial_error.ts";
import { errorCode } from "./error_code.ts";

/** Options for {@linkcode dial}. */
export interface DialOptions {
  /** Milliseconds for all addresses together (default 10,000); 0 is for ever. */
  timeout?: number;
  /** Milliseconds until the next address is tried as well (default 250). */
  stagger?: number;
}

/** A connection that was opened, and how. */
export interface Dialled {
  /** The connection, with Nagle's algorithm off. */
  connection: Deno.TcpConn;
  /** The address that answered first. */
  address: IpAddress;
}

/**
 * Dials addresses until one answers: the first at once, each next one when the
 * one before has failed or has not answered for a while. What loses is closed.
 *
 * @param addresses Addresses to try, in order of preference but for the
 *   families, which are interleaved (RFC 8305 §4). One at least.
 * @param port Port, 1 to 65535.
 * @param context Gives up when cancelled.
 * @param options Time limits.
 * @returns The connection; the caller closes it.
 * @throws {DialError} If none answers: the failure that says most.
 * @throws The reason of the cancellation.
 */
export async function dial(
  addresses: IpAddress[],
  port: number,
  context: Context,
  options: DialOptions = {},
): Promise<Dialled> {
  const { timeout = 10_000, stagger = 250 } = options;
  context.throwIfCancelled();
  using attempt = new Context(context);
  attempt.cancelAfter(timeout, "Connect time");
  try {
    if (addresses.length === 1) {
      return await connect(addresses[0]!, port, attempt);
    }
    return await race(interleave(addresses), port, attempt, stagger);
  } catch (error) {
    context.throwIfCancelled();
    throw error;
  }
}

async function connect(
  address: IpAddress,
  port: number,
  context: Context,
): Promise<Dialled> {
  try {
    const connection = await Deno.connect({
      hostname: formatIpAddress(address),
      port,
      autoSelectFamily: false,
      signal: context.signal,
    });
    connection.setNoDelay(true);
    return { connection, address };
  } catch (error) {
    throw toDialError(error, address, port);
  }
}

function race(
  addresses: IpAddress[],
  port: number,
  context: Context,
  stagger: number,
): Promise<Dialled> {
  const { promise, resolve, reject } = Promise.withResolvers<Dialled>();
  const contest = new Context(context);
  const errors: DialError[] = [];
  let next = 0;

  function start(): void {
    if (contest.cancelled || next === addresses.length) return;
    const timer = setDeadline(stagger, start);
    connect(addresses[next++]!, port, contest)
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
    if (errors.length === addresses.length || context.cancelled) {
      reject(mostTelling(errors));
    } else start();
  }

  start();
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
function interleave(addresses: IpAddress[]): IpAddress[] {
  const family = addresses[0]!.length;
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
    (kind === "failed" ? errorCode(error) ?? String(error) : kind);
  return new DialError(
    kind,
    `Cannot reach ${formatHostPort(address, port)}: ${reason}`,
    { cause: error },
  );
}
