/**
 * Checks that the name in a tunnel's first bytes fits the requested target.
 *
 * ```text
 * client                      sluice                        target
 *   | <-- success --------------- | (connected)                |
 *   | -- first bytes -----------> | (looks, sends nothing)     |
 *   |    ClientHello, name fits:  | ======= tunnel =========== |
 *   |    HTTP/1:                  | -- each request, judged -> |
 *   |    anything else:           | (closes, or any-protocol)  |
 * ```
 *
 * @module
 */

import type { TunnelResult } from "../../net/tunnel.ts";
import type { Verdict } from "../../policy/rules/rules.ts";
import { type LastPart, runTunnel } from "../../serve/run_tunnel.ts";
import type {
  AskedTunnel,
  NameCheck,
  ProxySession,
} from "../../serve/proxy_services.ts";
import { refusalOf } from "../../serve/target/decide.ts";
import { timeoutError } from "../../sync/context.ts";
import type { Host } from "../../wire/host_name.ts";
import { type FirstFlight, FlightScanner } from "../../wire/first_flight.ts";
import { ALERT, encodeAlert } from "../../wire/tls/alert.ts";
import { awaitBeginning, type Beginning } from "./await_beginning.ts";
import { judgeName, mismatch } from "./judge_name.ts";
import { peekHost } from "./peek_host.ts";
import { tunnelledHttp } from "./tunnelled_http.ts";

/**
 * Milliseconds for the rest of the first bytes if any protocol is allowed: a
 * client that waits for an answer in the middle of a line must not wait long.
 */
const SHORT_PATIENCE = 250;

const ADVICE = "a rule with 'any-protocol' would allow it";

/** Refuses a missing or mismatched name. */
export const REQUIRE_NAMES: NameCheck = { mode: "require", check: require };

/** Allows a missing or mismatched name, and records it. */
export const REPORT_NAMES: NameCheck = { mode: "report", check: report };

/** The first flight, with the request's host if it is needed. */
type Shown = FirstFlight & { readonly host?: Host | Error };

async function require(
  session: ProxySession,
  tunnel: AskedTunnel,
): Promise<TunnelResult | LastPart> {
  const { client, services: { timeouts } } = session;
  const { duplex, verdict: { isAnyProtocol } } = tunnel.opened;
  const scanner = new FlightScanner();
  const beginning = await awaitBeginning<Shown>(client, duplex, {
    idle: timeouts.idle,
    patience: isAnyProtocol ? SHORT_PATIENCE : timeouts.handshake,
    scan: (bytes) => scanner.push(bytes),
  });
  const flight = flightOf(beginning);
  if (flight?.kind === "http") return () => tunnelledHttp(session, tunnel);
  if (flight?.kind === "tls" || flight?.kind === "bad tls") {
    const denial = await judgeTls(session, tunnel, flight);
    if (denial !== undefined) refuseTls(session, denial);
    return () => runTunnel(session, duplex);
  }
  const nothing = silence(session, beginning);
  if (nothing !== undefined) return nothing;
  if (isAnyProtocol) {
    tunnel.noteHidden();
    return () => runTunnel(session, duplex);
  }
  if (isEmpty(beginning)) return ended(beginning);
  throw refusalOf(hidden(beginning));
}

async function report(
  session: ProxySession,
  tunnel: AskedTunnel,
): Promise<TunnelResult | LastPart> {
  const { client, services: { timeouts } } = session;
  const { duplex } = tunnel.opened;
  const scanner = new FlightScanner();
  const beginning = await awaitBeginning<Shown>(client, duplex, {
    idle: timeouts.idle,
    patience: SHORT_PATIENCE,
    scan(bytes) {
      const flight = scanner.push(bytes);
      if (flight?.kind !== "http") return flight;
      const host = peekHost(bytes);
      return host === undefined ? undefined : { ...flight, host };
    },
  });
  const nothing = silence(session, beginning);
  if (nothing !== undefined) return nothing;
  // The tunnel does not wait for the resolver.
  const judging = judgeReported(session, tunnel, beginning).then((denial) => {
    if (denial === undefined) return;
    const { rule, reason } = denial;
    session.record.wouldDeny ??= { rule, reason };
  }, () => {}); // The connection has ended.
  return async () => {
    const result = await runTunnel(session, duplex);
    await judging;
    return result;
  };
}

function flightOf(beginning: Beginning<Shown>): Shown | undefined {
  return beginning.kind === "shown" ? beginning.shown : undefined;
}

async function judgeTls(
  session: ProxySession,
  tunnel: AskedTunnel,
  flight: FirstFlight & { kind: "tls" | "bad tls" },
): Promise<Verdict | undefined> {
  if (flight.kind === "bad tls") return mismatch(flight.why);
  const { serverName } = flight.hello;
  if (serverName !== undefined) {
    return await judgeName(session, tunnel, serverName, "the server name");
  }
  return tunnel.opened.verdict.isAnyProtocol
    ? undefined
    : mismatch(`the ClientHello names no server; ${ADVICE}`);
}

async function judgeReported(
  session: ProxySession,
  tunnel: AskedTunnel,
  beginning: Beginning<Shown>,
): Promise<Verdict | undefined> {
  const flight = flightOf(beginning);
  if (flight?.kind === "tls" || flight?.kind === "bad tls") {
    return await judgeTls(session, tunnel, flight);
  }
  if (flight?.host instanceof Error) return mismatch(flight.host.message);
  if (flight?.host !== undefined) {
    return await judgeName(session, tunnel, flight.host, "Host");
  }
  const { isAnyProtocol } = tunnel.opened.verdict;
  const isFine = isAnyProtocol || isEmpty(beginning);
  return isFine ? undefined : hidden(beginning);
}

/** The result of a tunnel that was cut or whose client stayed silent. */
function silence(
  { context, services }: ProxySession,
  beginning: Beginning<Shown>,
): TunnelResult | undefined {
  if (context.cancelled) return ended({ error: context.reason });
  if (beginning.kind !== "late" || beginning.hasBegun) return undefined;
  return ended({ error: timeoutError(services.timeouts.idle, "Idle time") });
}

/** Whether one side ended before the client sent anything. */
function isEmpty(
  beginning: Beginning<Shown>,
): beginning is Beginning<Shown> & { kind: "end" } {
  return beginning.kind === "end" && !beginning.hasBegun;
}

/** The verdict for first bytes without a name. */
function hidden(beginning: Beginning<Shown>): Verdict {
  const flight = flightOf(beginning);
  if (flight?.kind === "other") {
    const what = flight.protocol ?? "neither TLS nor HTTP/1";
    return mismatch(
      `the client speaks ${what}, which shows no name; ${ADVICE}`,
    );
  }
  return beginning.kind === "target first"
    ? mismatch(
      `the target speaks first, and the client shows no name; ${ADVICE}`,
    )
    : mismatch("the client's first bytes break off before they show a name");
}

/**
 * Refuses a TLS client with an alert (RFC 6066 §3). The target has received
 * nothing.
 */
function refuseTls(session: ProxySession, denial: Verdict): never {
  session.isAnswered = false;
  session.refusals = { encode: () => encodeAlert(ALERT.UnrecognizedName) };
  if (!denial.isMismatch) session.record.rule = denial.rule;
  throw refusalOf(denial);
}

/** A result without any bytes. */
function ended(
  { end, error }: { end?: TunnelResult["endedFirst"]; error: unknown },
): TunnelResult {
  return {
    sent: 0,
    received: 0,
    endedFirst: end,
    error,
    ...end !== undefined && error !== undefined ? { failed: end } : {},
  };
}
