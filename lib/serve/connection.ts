/**
 * Runs every protocol: handles each failure in one place, and logs how each
 * connection ended.
 *
 * @module
 */

import { DialError } from "../net/dial_error.ts";
import { LINGER } from "../net/linger.ts";
import type { Handler } from "../net/listen.ts";
import type { TunnelResult } from "../net/tunnel.ts";
import type { ConnectionCode } from "../observe/connection_code.ts";
import type {
  ConnectionEvent,
  ConnectionResult,
} from "../observe/log_event.ts";
import { Refusal } from "../policy/limits/refusal.ts";
import { HttpError } from "../wire/http1/http_error.ts";
import { Socks5Error } from "../wire/socks/v5.ts";
import { setDeadline } from "../sync/deadline.ts";
import { describeError } from "../observe/describe_error.ts";
import { codeOfEnd } from "./code_of_end.ts";
import { farewell } from "./farewell.ts";
import { refuseLoop } from "./target/refuse_loop.ts";
import { refusalReason } from "./refusal_reason.ts";
import type { LastPart } from "./run_tunnel.ts";
import type { ConnectionServices } from "./connection_services.ts";
import { Session } from "./session.ts";

/**
 * Speaks one protocol with one client until the tunnel has ended, or until only
 * the tunnel remains to be run.
 *
 * @typeParam S Services of the protocol.
 */
export type Protocol<S extends ConnectionServices = ConnectionServices> = (
  session: Session<S>,
) => Promise<TunnelResult | LastPart>;

/**
 * Creates a handler that takes each connection from its first byte to its log
 * line.
 *
 * @typeParam S Services of the protocol.
 * @param protocol The protocol of the clients.
 * @param services Shared by all connections.
 * @returns A handler for one connection, which it has closed on return.
 */
export function handlerOf<S extends ConnectionServices>(
  protocol: Protocol<S>,
  services: S,
): Handler {
  return async (connection, context, draining) => {
    // Not `using`: its list of disposables takes 200 bytes per tunnel.
    const session = new Session(connection, context, draining, services);
    try {
      const room = session.requirePlace();
      if (room !== undefined) await room;
      const judging = refuseLoop(session);
      if (judging !== undefined) await judging;
      recordTunnel(session, await finish(await protocol(session)));
    } catch (error) {
      recordFailure(session, error);
      if (!context.cancelled) await refuse(session, error);
    } finally {
      session[Symbol.dispose]();
    }
  };
}

function finish(
  outcome: TunnelResult | LastPart,
): TunnelResult | Promise<TunnelResult> {
  return typeof outcome === "function" ? outcome() : outcome;
}

/**
 * Sends the client a refusal if its protocol has one, and gives it time to read
 * it.
 */
async function refuse(
  session: Session,
  error: unknown,
): Promise<void> {
  const { client, isAnswered, linger, refusals } = session;
  session.endHandshake();
  session.log();
  const isMute = isAnswered || isGone(error);
  const refusal = isMute ? undefined : refusals?.encode(error);
  if (refusal === undefined) return await farewell(session, LINGER);
  const deadline = setDeadline(linger.total, () => client.close());
  try {
    await client.write(refusal);
  } catch {
    return; // The client did not wait for the answer.
  } finally {
    deadline.clear();
  }
  await farewell(session, linger);
}

function recordTunnel(
  session: Session,
  result: TunnelResult,
): void {
  const { record } = session;
  const { endedFirst, error } = result;
  record.sent = result.sent;
  record.received = result.received;
  record.result = error === undefined ? "ok" : "cut";
  record.reason = describeEnd(result);
  record.code = codeOfResult(result, record);
  recordCause(session, error);
  if (endedFirst !== undefined) record.endedFirst = endedFirst;
}

function codeOfResult(
  { endedFirst, error, failed }: TunnelResult,
  record: ConnectionEvent,
): ConnectionCode {
  if (error !== undefined) return codeOfEnd(error, record, failed);
  return endedFirst === undefined ? "closed" : `${endedFirst}-closed`;
}

function describeEnd({ endedFirst, error, failed }: TunnelResult): string {
  if (error === undefined) return `${endedFirst} closed first`;
  const why = describeError(error);
  if (failed !== undefined) return `${failed}: ${why}`;
  return endedFirst === undefined ? why : `${endedFirst} closed first: ${why}`;
}

function recordFailure(session: Session, error: unknown): void {
  const { context, handshakeBytes, record } = session;
  record.result = resultOf(session, error);
  const why = context.cancelled ? context.reason : error;
  record.reason = describeError(why);
  record.code = codeOfEnd(why, record);
  recordCause(session, why);
  if (record.result === "cut" && !isEnd(error)) {
    record.reason = `client: ${record.reason}`;
  }
  if (record.result !== "dropped") return;
  record.reason += `, after ${handshakeBytes} bytes of the handshake`;
}

/**
 * Records the limit's name, which stays the same when the message changes, and
 * counts the refusal by a name from a bounded set.
 */
function recordCause({ live, record }: Session, error: unknown): void {
  if (error instanceof Refusal && error.limit !== undefined) {
    record.limit = error.limit;
  }
  live?.fail(error === undefined ? undefined : refusalReason(error, record));
}

function resultOf(
  session: Session,
  error: unknown,
): ConnectionResult {
  if (error instanceof Refusal || error instanceof Socks5Error) {
    return "refused";
  }
  if (error instanceof HttpError) {
    return error.status < 500 ? "refused" : "failed";
  }
  const { address, target } = session.record;
  // The target was reached, but the client did not wait for the answer.
  if (address !== undefined) return "cut";
  const isAsked = target !== undefined;
  return error instanceof DialError || isAsked ? "failed" : "dropped";
}

/**
 * Whether the client left in the middle of a message, so nobody reads an
 * answer.
 */
function isGone(error: unknown): boolean {
  return isEnd(error) || error instanceof Deno.errors.ConnectionReset;
}

/** Whether the error itself already says that the client closed. */
function isEnd(error: unknown): boolean {
  return error instanceof Deno.errors.UnexpectedEof;
}
