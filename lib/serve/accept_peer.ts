/**
 * Waits for the peer of a BIND request.
 *
 * @module
 */

import { isOfOneClient } from "../net/accept_error.ts";
import { DialError, dialFault } from "../net/dial_error.ts";
import { EarlyReader } from "../net/early_reader.ts";
import { drainRefusal, Refusal } from "../policy/limits/refusal.ts";
import { Context } from "../sync/context.ts";
import { setDeadline } from "../sync/deadline.ts";
import { type IpAddress, parseIpAddress } from "../wire/ip_address.ts";
import type { ProxySession } from "./proxy_services.ts";

/**
 * Decides whether a peer may connect.
 *
 * @param ip Address of the peer.
 * @param isHere Whether the peer used the same address that it connected to, so
 *   that it is on this machine.
 */
export type IsWelcome = (ip: IpAddress, isHere: boolean) => boolean;

/**
 * Accepts one peer for a client and closes all others immediately. The wait
 * also ends at the time limit, when the client leaves, when its context is
 * cancelled, or at a drain.
 *
 * @param session The client that sent BIND.
 * @param listener The listener; its owner closes it.
 * @param isWelcome Decides which peers may connect.
 * @returns The peer; the caller closes it.
 * @throws The reason, if the wait ended without a peer.
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

/** Accepts until a welcome peer connects. No accept is pending on return. */
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
    throw dialFault("Cannot accept the peer", error);
  }
}

function nobodyCame({ record, services }: ProxySession): DialError {
  const seconds = services.bindTimeout / 1000;
  return new DialError(
    "timeout",
    `No peer connected for ${record.target} within ${seconds} s`,
  );
}
