/**
 * Parses the routes of `sluice forward`.
 *
 * @module
 */

import {
  formatEndpoint,
  isUnixPath,
  parseEndpoint,
  parseListenEndpoint,
} from "../wire/endpoint.ts";
import { parseConfiguredHost, parseHost } from "../wire/host_name.ts";
import { cut, quote } from "../wire/quote.ts";
import type { Route, UpstreamConfig } from "../serve/target/route.ts";

const MOST_WEIGHT = 1000;

const TLS = "tls://";

/**
 * Parses routes: `LISTEN UPSTREAM…`, or `LISTEN=UPSTREAM` pairs, which may
 * share a listener. An upstream is `HOST:PORT`, `tls://HOST:PORT` or
 * `unix:PATH`, then `,weight=N` and `,backup`.
 *
 * @param words The words, in order.
 * @returns The routes, in the order of their listeners.
 * @throws {SyntaxError} If a word is malformed, or an upstream comes twice.
 */
export function parseRoutes(words: readonly string[]): Route[] {
  const isPaired = words.some((word) => splitPair(word) !== undefined);
  const pairs = isPaired ? words.map(requirePair) : pairAll(words);
  const routes = new Map<string, Route>();
  for (const [listenText, upstreamText] of pairs) {
    const listen = parseListenEndpoint(listenText);
    const key = formatEndpoint(listen);
    const route = routes.get(key) ?? { listen, upstreams: [] };
    routes.set(key, route);
    if (upstreamText === undefined) continue;
    const upstream = parseUpstream(upstreamText);
    requireNew(key, route.upstreams, upstream);
    route.upstreams.push(upstream);
  }
  return [...routes.values()];
}

type Pair = readonly [listen: string, upstream: string | undefined];

/**
 * An equals sign after a comma belongs to an upstream's weight or a socket's
 * permissions.
 */
function splitPair(word: string): Pair | undefined {
  const [listen] = /^unix:[^,=]*,mode=[^,=]*(?==)/.exec(word) ?? [];
  if (listen !== undefined) return [listen, word.slice(listen.length + 1)];
  const equals = word.indexOf("=");
  const comma = word.indexOf(",");
  if (equals < 0 || (comma >= 0 && comma < equals)) return undefined;
  return [word.slice(0, equals), word.slice(equals + 1)];
}

function requirePair(word: string): Pair {
  const pair = splitPair(word);
  if (pair !== undefined) return pair;
  throw new SyntaxError(
    `${quote(word)} is not LISTEN=UPSTREAM like the others`,
  );
}

function pairAll([listen, ...upstreams]: readonly string[]): Pair[] {
  if (listen === undefined) {
    throw new SyntaxError(
      "LISTEN and UPSTREAM are missing; write for example: forward 8848 127.0.0.1:8849",
    );
  }
  if (upstreams.length === 0) return [[listen, undefined]];
  return upstreams.map((upstream) => [listen, upstream]);
}

/**
 * Parses the upstreams for TLS server names.
 *
 * @param texts `NAME=UPSTREAM` each; `*.NAME` is any name below it.
 * @returns Upstreams by name, in lower case.
 * @throws {SyntaxError} If one is malformed, or an upstream comes twice.
 */
export function parseSniRoutes(
  texts: readonly string[],
): Map<string, UpstreamConfig[]> {
  const names = new Map<string, UpstreamConfig[]>();
  for (const text of texts) {
    const [name, place] = splitPair(text) ?? [];
    if (name === undefined) {
      throw new SyntaxError(`${quote(text)} is not NAME=UPSTREAM`);
    }
    const host = parseHost(name.replace(/^\*\./, ""));
    if (typeof host !== "string") {
      throw new SyntaxError(
        `${quote(name)} is an address, and TLS clients ask for names only`,
      );
    }
    const key = name.toLowerCase().replace(/\.$/, "");
    const upstreams = names.get(key) ?? [];
    const upstream = parseUpstream(place!);
    requireNew(key, upstreams, upstream);
    names.set(key, [...upstreams, upstream]);
  }
  return names;
}

function parseUpstream(text: string): UpstreamConfig {
  const [place, ...settings] = text.split(",");
  const isTls = place!.startsWith(TLS);
  const bare = isTls ? place!.slice(TLS.length) : place!;
  const endpoint = parseEndpoint(bare, "127.0.0.1");
  if (isTls && isUnixPath(endpoint)) {
    throw new SyntaxError(
      `${quote(place!)}: TLS needs a host name to verify`,
    );
  }
  if (!isUnixPath(endpoint)) {
    parseConfiguredHost(endpoint.host);
    if (endpoint.port === 0) {
      throw new SyntaxError(
        `${quote(place!)} has port 0; give one from 1 to 65535`,
      );
    }
  }
  const upstream = { endpoint, isTls, weight: 1, isBackup: false };
  const said = new Set<string>();
  for (const setting of settings) {
    const [kind = ""] = setting.split("=", 1);
    if (said.has(kind)) {
      throw new SyntaxError(
        `'${kind}' is given twice to an upstream; give it once`,
      );
    }
    said.add(kind);
    const [, weight] = /^weight=(\d{1,4})$/.exec(setting) ?? [];
    if (setting === "backup") upstream.isBackup = true;
    else if (Number(weight) >= 1 && Number(weight) <= MOST_WEIGHT) {
      upstream.weight = Number(weight);
    } else {
      throw new SyntaxError(
        `${
          quote(setting)
        } is neither backup nor weight=1 to weight=${MOST_WEIGHT}`,
      );
    }
  }
  return upstream;
}

function requireNew(
  whose: string,
  upstreams: readonly UpstreamConfig[],
  { endpoint }: UpstreamConfig,
): void {
  const text = formatEndpoint(endpoint);
  const isThere = upstreams.some((one) =>
    formatEndpoint(one.endpoint) === text
  );
  if (!isThere) return;
  throw new SyntaxError(
    `${quote(text)} is given twice for ${cut(whose)}; give it a weight`,
  );
}

/**
 * Lists all upstreams of a relay.
 *
 * @param routes Listeners and their upstreams.
 * @param serverNames Upstreams by the server name that a client requests.
 */
export function upstreamsIn(
  routes: readonly Route[],
  serverNames: ReadonlyMap<string, readonly UpstreamConfig[]>,
): UpstreamConfig[] {
  return [...routes.map(({ upstreams }) => upstreams), ...serverNames.values()]
    .flat();
}
