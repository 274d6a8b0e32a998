/**
 * What can be said to `sluice hub`.
 *
 * @module
 */

import { SLOW_POLICIES, type SlowPolicy } from "../handlers/hub_outbox.ts";
import { type Endpoint, parseListenEndpoint } from "../wire/endpoint.ts";
import { HUB_FRAMINGS, type HubFraming } from "../wire/hub_frame.ts";
import { ADMIN_OPTIONS } from "./admin_options.ts";
import {
  COMMON_OPTIONS,
  durationOption,
  parseCount,
  parseNumber,
} from "./common_options.ts";
import { flag, operand, type OptionValues, single } from "./option.ts";
import { TLS_OPTIONS } from "./tls_options.ts";
import { SINGLE_WORKER_OPTIONS } from "./worker_options.ts";

/** Where the hub listens unless told otherwise. */
const DEFAULT_LISTEN = "127.0.0.1:7000";

/** Bytes that a message may be let have. */
const MOST_MESSAGE = 16 * 1024 * 1024;

/** Options of `sluice hub`. */
export const HUB_OPTIONS = {
  "listen": operand(
    "[LISTEN…]",
    `where to listen: HOST:PORT, [IPV6]:PORT, :PORT (all addresses), PORT (on 127.0.0.1) or unix:PATH[,mode=660] (default ${DEFAULT_LISTEN})`,
    (given): Endpoint[] =>
      (given.length > 0 ? given : [DEFAULT_LISTEN]).map(parseListenEndpoint),
  ),
  "ws": {
    value: "HOST:PORT",
    help:
      "where to listen for browsers (or unix:PATH for a gateway): WebSocket, and a page to watch and speak; repeatable (default nowhere)",
    parse: (given: readonly string[]): Endpoint[] =>
      given.map(parseListenEndpoint),
  },
  "ws-origin": {
    value: "ORIGIN",
    help:
      "lets pages of another origin connect, such as https://example.com; repeatable. The hub's own page needs this only where it is reached by a name",
    parse: (given: readonly string[]): string[] => given.map(parseOrigin),
  },
  "open": flag(
    "let anyone use the hub, also on an address that others can reach",
  ),
  "frame": single(
    "line|length32|json",
    "line",
    (text): HubFraming => parseOneOf(HUB_FRAMINGS, text),
    "how TCP clients tell one message from the next: lines, a length of 4 bytes (big-endian) in front, or one JSON value a line",
  ),
  "max-message": single(
    "BYTES",
    "65536",
    parseMessageSize,
    "bytes that a message may have",
  ),
  "names": flag("send messages on with the name of who says them"),
  "queue": single(
    "N",
    "1000",
    parseCount,
    "messages that may wait for one client",
  ),
  "queue-bytes": single(
    "BYTES",
    "4194304",
    parseCount,
    "bytes of messages that may wait for one client",
  ),
  "slow": single(
    "drop-oldest|drop-newest|disconnect",
    "drop-oldest",
    (text): SlowPolicy => parseOneOf(SLOW_POLICIES, text),
    "what becomes of messages beyond that: the oldest are dropped, or the newest until the client has caught up, which the client is told in both cases; or the client is disconnected",
  ),
  "heartbeat": durationOption(
    "30s",
    "of silence until a client is asked for a sign of life; after three it is closed; 0 is never",
  ),
  "history": single(
    "N",
    "0",
    (text) => parseNumber(text, 0),
    "messages that newcomers get of what was said in the room before",
  ),
  "history-time": durationOption(
    "1h",
    "for a room to remember them after the last client has left; 0 forgets them then. Such a room gives way if a new one needs its place within --max-rooms",
  ),
  "rate-per-client": single(
    "N",
    "1000",
    (text) => parseNumber(text, 0),
    "messages and commands of one client a second; beyond, it is read more slowly; 0 is no limit",
  ),
  "max-rooms": single(
    "N",
    "100",
    parseCount,
    "rooms at once, with empty ones that still remember",
  ),
  "handshake-timeout": durationOption(
    "10s",
    "for a browser's request; 0 is for ever",
  ),
  "drain-timeout": durationOption(
    "30s",
    "for clients to take what waits for them at the shutdown; 0 cuts them at once",
  ),
  ...TLS_OPTIONS,
  "max-connections": COMMON_OPTIONS["max-connections"],
  "max-connections-per-client": COMMON_OPTIONS["max-connections-per-client"],
  "backlog": COMMON_OPTIONS["backlog"],
  ...ADMIN_OPTIONS,
  ...SINGLE_WORKER_OPTIONS,
  "log": COMMON_OPTIONS["log"],
  "quiet": COMMON_OPTIONS["quiet"],
  "help": COMMON_OPTIONS["help"],
  "version": COMMON_OPTIONS["version"],
};

/** Values of the options of `sluice hub`. */
export type HubOptions = OptionValues<typeof HUB_OPTIONS>;

function parseOneOf<T extends string>(known: readonly T[], text: string): T {
  const found = known.find((word) => word === text);
  if (found !== undefined) return found;
  throw new SyntaxError(`'${text}' is none of ${known.join(", ")}`);
}

function parseMessageSize(text: string): number {
  const size = parseCount(text);
  if (size <= MOST_MESSAGE) return size;
  throw new SyntaxError(`'${text}' is more than ${MOST_MESSAGE}`);
}

function parseOrigin(text: string): string {
  const url = URL.parse(text);
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  if (isWeb && url.origin === text.toLowerCase()) return url.origin;
  throw new SyntaxError(
    `'${text}' is not an origin such as https://example.com`,
  );
}
