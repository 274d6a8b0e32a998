/**
 * The doctor's findings about upstreams and parents.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import { encodeOwnHeader } from "../serve/proxy_header.ts";
import type { StartTls } from "../net/chain.ts";
import type { Connection } from "../net/connection.ts";
import { dialHostOn } from "../serve/target/loops.ts";
import type { OutgoingAddresses } from "../net/outgoing.ts";
import type { Resolver } from "../net/names/resolver.ts";
import { connectUnix } from "../net/unix_socket.ts";
import { Context } from "../sync/context.ts";
import { type Endpoint, formatEndpoint, isUnixPath } from "../wire/endpoint.ts";
import { parseHost } from "../wire/host_name.ts";
import { judgeValidity } from "./certificates.ts";
import type { Finding } from "./finding.ts";
import { upstreamsIn } from "../forward/routes.ts";
import type { ListenerValues } from "../config/server_kinds.ts";
import { openNames } from "../serve/target/open_names.ts";
import { openOutgoingTls } from "../serve/tls/outgoing.ts";

/** Milliseconds for a connection and its TLS handshake. */
const PATIENCE = 3_000;

/** Most places to try. */
const MOST = 100;

const NOTHING = new Uint8Array();

const NO_TLS = {
  "upstream-ca": undefined,
  "upstream-cert": undefined,
  "upstream-key": undefined,
  "insecure": false,
};

/** An upstream or a parent. */
interface Place {
  check: "upstream" | "parent";
  endpoint: Endpoint;
  isTls: boolean;
}

interface Surroundings {
  resolver: Resolver;
  outgoing: OutgoingAddresses;
  startTls: StartTls | undefined;
  /** Server name for TLS and for the certificate, instead of the host. */
  name: string | undefined;
  /** PROXY header that upstreams expect; empty if they don't. */
  header: Uint8Array;
}

/**
 * Connects to upstreams and parents, with TLS if configured, and closes. Of a
 * chain of parents it tries only the nearest. It tries no upstreams behind
 * parents.
 *
 * @param own Listeners of the same program, which may not run yet (default
 *   none).
 * @returns One finding for each place, and for each certificate.
 */
export async function examineUpstreams(
  options: ListenerValues,
  own: readonly string[] = [],
): Promise<Finding[]> {
  const all = Map.groupBy(
    placesOf(options),
    ({ endpoint }) => own.includes(formatEndpoint(endpoint)),
  );
  const here = (all.get(true) ?? []).map((place): Finding => ({
    level: "ok",
    check: place.check,
    message: `${describe(place)} is a listener of the same file`,
  }));
  return [...here, ...await examinePlaces(all.get(false) ?? [], options)];
}

async function examinePlaces(
  places: readonly Place[],
  options: ListenerValues,
): Promise<Finding[]> {
  if (places.length === 0) return [];
  const { bind: outgoing = {}, dns = [], prefer = "system" } = options;
  using resolver = openNames({ servers: dns, preference: prefer });
  try {
    const isTls = places.some(({ isTls }) => isTls);
    const tls = { ...NO_TLS, ...options };
    const { startTls } = await openOutgoingTls(tls, isTls, { log() {} });
    const name = options["upstream-name"];
    const header = encodeOwnHeader(options["send-proxy"]);
    const surroundings = { resolver, outgoing, startTls, name, header };
    const tried = await Promise.all(
      places.slice(0, MOST).map((place) => tryPlace(place, surroundings)),
    );
    return tried.flat();
  } catch (error) {
    const message = describeError(error);
    const remedy = "check the files of the --upstream-… options";
    return [{ level: "problem", check: "upstream", message, remedy }];
  }
}

function placesOf(
  { parent = [], routes = [], sni = new Map(), via = [] }: ListenerValues,
): Place[] {
  const chains = [...via, ...parent.map(({ parents }) => parents)];
  const parents = chains.flatMap(([first]): Place[] =>
    first === undefined ? [] : [{
      check: "parent",
      endpoint: { host: first.host, port: first.port },
      isTls: first.scheme === "https",
    }]
  );
  const direct = via.length > 0 ? [] : upstreamsIn(routes, sni);
  const upstreams = direct.map(({ endpoint, isTls }): Place => ({
    check: "upstream",
    endpoint,
    isTls,
  }));
  const all = [...upstreams, ...parents];
  return [...new Map(all.map((one) => [describe(one), one])).values()];
}

function describe({ endpoint, isTls }: Place): string {
  return `${isTls ? "tls://" : ""}${formatEndpoint(endpoint)}`;
}

async function tryPlace(
  place: Place,
  surroundings: Surroundings,
): Promise<Finding[]> {
  const { check } = place;
  const what = describe(place);
  using context = new Context();
  context.cancelAfter(PATIENCE, "Time");
  let connection: Connection;
  const begun = performance.now();
  try {
    connection = await connect(place, surroundings, context);
  } catch (error) {
    const message = `${what}: ${describeError(error)}`;
    const remedy = "check that it runs, and that no firewall is in the way";
    return [{ level: "problem", check, message, remedy }];
  }
  const header = check === "upstream" ? surroundings.header : NOTHING;
  const took = Math.round(performance.now() - begun);
  const message = `${what} takes connections, the first in ${took} ms`;
  if (!place.isTls) {
    await tell(connection, header);
    connection[Symbol.dispose]();
    return [{ level: "ok", check, message }];
  }
  return [
    { level: "ok", check, message },
    ...await tryTls(place, { ...surroundings, header }, {
      connection,
      context,
    }),
  ];
}

async function connect(
  { endpoint }: Place,
  { outgoing, resolver }: Surroundings,
  context: Context,
): Promise<Connection> {
  if (isUnixPath(endpoint)) return await connectUnix(endpoint.path, context);
  const target = { host: parseHost(endpoint.host), port: endpoint.port };
  const options = { resolver, timeout: PATIENCE, outgoing };
  return (await dialHostOn(target, context, options)).connection;
}

interface Opened {
  connection: Connection;
  context: Context;
}

/**
 * Ignores errors: an upstream that accepts no header has closed, and a later
 * step reports it.
 */
async function tell(connection: Connection, header: Uint8Array): Promise<void> {
  if (header.length > 0) await connection.write(header).catch(() => {});
}

/**
 * Makes a TLS handshake, then a second one to read the certificate's validity.
 */
async function tryTls(
  place: Place,
  { header, name, startTls }: Surroundings,
  { connection, context }: Opened,
): Promise<Finding[]> {
  const check = "certificate";
  const { endpoint } = place;
  const host = isUnixPath(endpoint) ? "localhost" : endpoint.host;
  const { hostname, port } = connection.remoteAddr;
  try {
    await tell(connection, header);
    const inside = await startTls!(connection, { host, context });
    inside[Symbol.dispose]();
  } catch (error) {
    const message = `${describe(place)}: ${describeError(error)}`;
    const remedy =
      "give --upstream-ca FILE if it has a private authority, --upstream-name NAME if it has another name";
    return [{ level: "problem", check, message, remedy }];
  } finally {
    connection[Symbol.dispose]();
  }
  if (isUnixPath(endpoint)) return [];
  const { readPeerValidity } = await import("../serve/tls/peer_validity.ts");
  const servername = name ?? host;
  const peer = { hostname, port, servername, header };
  const validity = await readPeerValidity(peer, { patience: PATIENCE });
  if (validity === undefined) return [];
  const remedy = "its operator has to renew it";
  const { from, to } = validity;
  return [{ check, ...judgeValidity(describe(place), { from, to, remedy }) }];
}
