/**
 * The doctor's findings about a start: whether the given options would work,
 * without accepting connections.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import type { Listener } from "../net/listen.ts";
import { unixAddr } from "../net/unix_socket.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { refusedRange } from "../policy/rules/address_guard.ts";
import { type Endpoint, formatEndpoint, isUnixPath } from "../wire/endpoint.ts";
import { formatHostPort, type HostPort } from "../wire/host_port.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import { ADMIN_OPTIONS } from "../serve/options/admin.ts";
import {
  describeLoop,
  findLoops,
  rulesMayBypass,
  waysOf,
} from "../serve/target/certain_loops.ts";
import type { Finding } from "./finding.ts";
import { openListenerTls } from "../serve/tls/listener.ts";
import { openEndpoint, openListener } from "../serve/open_listener.ts";
import { checkOutgoing } from "../serve/target/open_names.ts";
import { openRules } from "../serve/target/open_rules.ts";
import type { ProxyOptions } from "../proxy/options.ts";
import { openProxyUsers } from "../proxy/users.ts";
import { requireEffect } from "../cli/requirements.ts";
import { tryAdmin } from "../admin/try_admin.ts";

const NO_START = "the proxy would not start: see what the message names";

/**
 * Opens everything that a proxy would open, and closes it again.
 *
 * @param options Options of the proxy.
 */
export async function examineStart(options: ProxyOptions): Promise<Finding[]> {
  const warnings: Finding[] = [];
  const log = (event: LogEvent) => {
    if (event.event !== "message" || event.level === "info") return;
    warnings.push({ level: "warning", check: "start", message: event.message });
  };
  let hasUsers = false;
  const files = await attempt("files", async () => {
    const { list } = await openProxyUsers(options, log);
    const { book } = await openRules(options, log);
    hasUsers = list !== undefined;
    const users = hasUsers ? `${list!.length} users` : "no users";
    return `${users}, ${book.current.size} rules`;
  });
  const outgoing = await attempt("outgoing", () => {
    checkOutgoing(options.bind);
    const isChosen = Object.keys(options.bind).length > 0;
    return isChosen ? "the addresses are this machine's" : "the system chooses";
  });
  const hasCertificates = options["tls-client-ca"] !== undefined &&
    options["tls-client-auth"] !== "request";
  const isClosed = !hasUsers && !hasCertificates && !options.open;
  return [
    ...await Promise.all(
      options.listen.map((where) => examinePlace(where, isClosed)),
    ),
    ...await examineAdmin(options),
    ...examineEffect(options),
    ...examineLoops(options),
    files,
    ...await examineTls(options, log),
    outgoing,
    ...warnings,
  ];
}

/** Reports options without effect. Admin options are examined separately. */
function examineEffect(options: ProxyOptions): Finding[] {
  try {
    requireEffect(options, (name) => !Object.hasOwn(ADMIN_OPTIONS, name));
    return [];
  } catch (error) {
    const message = describeError(error);
    return [{ level: "problem", check: "options", message, remedy: NO_START }];
  }
}

/**
 * Reads the listener's certificates and the settings for client certificates.
 */
async function examineTls(
  options: ProxyOptions,
  log: (event: LogEvent) => void,
): Promise<Finding[]> {
  const { length } = options["tls-cert"];
  const isNone = length === 0 && options["tls-key"].length === 0 &&
    options["tls-client-ca"] === undefined && options["tls-crl"] === undefined;
  if (isNone) return [];
  return [
    await attempt("tls", async () => {
      await openListenerTls(options, { log });
      return `${length} certificate${length === 1 ? "" : "s"} to show`;
    }),
  ];
}

/** Finds parents that are the proxy itself. */
function examineLoops(
  { listen, rule, rules, via }: ProxyOptions,
): Finding[] {
  const isBypassed = rulesMayBypass(rule, rules);
  const ways = waysOf({ via, isBypassed });
  const passages = listen.map((where) => ({ addr: addrOf(where), ways }));
  return findLoops(passages).map((loop) => ({
    level: "problem",
    check: "loop",
    message: `${loop.trace[0]}: ${describeLoop(loop)}`,
    remedy: "another --via: this one is the proxy itself",
  }));
}

function addrOf(where: Endpoint): Deno.NetAddr {
  if (isUnixPath(where)) return unixAddr(where.path);
  const { host, port } = where;
  return { transport: "tcp", hostname: host || "::", port };
}

/** Passes `false` because the token decides who may use the admin listener. */
async function examineAdmin(options: ProxyOptions): Promise<Finding[]> {
  const { admin } = options;
  const { faults } = await tryAdmin(options);
  const found = faults.map(({ message }): Finding => ({
    ...{ level: "problem", check: "admin", message, remedy: NO_START },
  }));
  if (admin === undefined) return found;
  return [await examinePlace(admin, false), ...found];
}

async function attempt(
  check: string,
  act: () => string | Promise<string>,
): Promise<Finding> {
  try {
    return { level: "ok", check, message: await act() };
  } catch (error) {
    return {
      level: "problem",
      check,
      message: describeError(error),
      remedy: NO_START,
    };
  }
}

/**
 * Checks whether a port, or the path of a Unix socket, is free.
 *
 * @param where The address.
 * @param isClosed Whether nobody could use it if others can reach it.
 */
export async function examinePlace(
  where: Endpoint,
  isClosed: boolean,
): Promise<Finding> {
  if (!isUnixPath(where)) return examinePort(where, isClosed);
  const check = "socket";
  try {
    (await openEndpoint(where))[Symbol.dispose]();
  } catch (error) {
    const message = describeError(error);
    const remedy = "ss -xlp tells who listens where";
    return { level: "problem", check, message, remedy };
  }
  const at = formatEndpoint(where);
  return { level: "ok", check, message: `${at} is free` };
}

function examinePort(where: HostPort, isClosed: boolean): Finding {
  const check = "port";
  const at = formatHostPort(where.host, where.port);
  let listener: Listener;
  try {
    listener = openListener(where);
  } catch (error) {
    const message = describeError(error);
    const remedy = "ss -ltnp tells who listens where";
    return { level: "problem", check, message, remedy };
  }
  const { hostname } = listener.addr as Deno.NetAddr;
  listener[Symbol.dispose]();
  const ip = parseIpAddress(hostname);
  const range = ip === undefined ? undefined : refusedRange(ip);
  const isPublic = !range?.startsWith("loopback");
  if (isPublic && isClosed) {
    return {
      level: "problem",
      check,
      message: `${at}: others can reach it, and there are no users`,
      remedy: "--users FILE, or --open for anyone",
    };
  }
  const reach = isPublic ? "from anywhere" : "on this machine";
  return { level: "ok", check, message: `${at} is free, to be used ${reach}` };
}
