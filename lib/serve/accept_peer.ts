/**
 * The wait of BIND: for the peer, and for whatever comes instead of it.
 *
 * @module
 */

import { isOfOneClient } from "../net/accept_error.ts";
import { DialError, dialErrorKind } from "../net/dial_error.ts";
import { EarlyReader } from "../net/early_reader.ts";
import { explainError } from "../observe/explain_error.ts";
import { drainRefusal, Refusal } from "../policy/limits/refusal.ts";
import { Context } from "../sync/context.ts";
import { setDeadline } from "../sync/deadline.ts";
import { type IpAddress, parseIpAddress } from "../wire/ip_address.ts";
import type { ProxySession } from "./services.ts";

/**
 * Tells whether somebody may come.
 *
 * @param ip Where from.
 * @param isHere Whether that is the address it has come to: this machine's.
 */
export type IsWelcome = (ip: IpAddress, isHere: boolean) => boolean;

/**
 * Accepts one peer of a client; others are closed at once. The wait ends with
 * the time limit, the client, its context, or a drain.
 *
 * @param session The client.
 * @param listener The listener; its owner closes it.
 * @param isWelcome Who may come.
 * @returns The peer; the caller closes it.
 * @throws Why the wait has ended without one.
 */
export async function acceptPeer(
  session: ProxySession,
  listener: Deno.TcpListener,
  isWelcome: IsWelcome,
): Promise<Deno.TcpConn> {
  const { client, context, draining, services } = session;
  using wait = new Context(context);
  wait.onCancel(() => listener[Symbol.dispose]());
  const limit = setDeadline(
    services.bindTimeout,
    () => wait.cancel(nobodyCame(session)),
  );
  const leaveDrain = draining.onCancel(() => wait.cancel(drainRefusal()));
  const watch = new EarlyReader(client, (error) => wait.cancel(error), {
    tooMuch: () =>
      new Refusal(
        "limit reached",
        "Client sent too much before the peer connected",
      ),
  });
  try {
    return await acceptWelcome(listener, wait, isWelcome);
  } finally {
    limit.clear();
    leaveDrain();
    watch.stop();
  }
}

/** Accepts until somebody welcome comes; on return nothing is accepting. */
async function acceptWelcome(
  listener: Deno.TcpListener,
  wait: Context,
  isWelcome: IsWelcome,
): Promise<Deno.TcpConn> {
  while (true) {
    const connection = await accept(listener, wait);
    const { hostname } = connection.remoteAddr;
    const isHere = hostname === connection.localAddr.hostname;
    const ip = parseIpAddress(hostname);
    const isTaken = ip !== undefined && isWelcome(ip, isHere) &&
      !wait.cancelled;
    if (isTaken) return connection;
    connection.close();
  }
}

async function accept(
  listener: Deno.TcpListener,
  wait: Context,
): Promise<Deno.TcpConn> {
  try {
    return await listener.accept();
  } catch (error) {
    wait.throwIfCancelled();
    if (isOfOneClient(error)) return await accept(listener, wait);
    const reason = explainError(error);
    throw new DialError(
      dialErrorKind(error),
      `Cannot accept the peer: ${reason}`,
      { cause: error },
    );
  }
}

function nobodyCame({ record, services }: ProxySession): DialError {
  const seconds = services.bindTimeout / 1000;
  return new DialError(
    "timeout",
    `No peer connected for ${record.target} within ${seconds} s`,
  );
}
