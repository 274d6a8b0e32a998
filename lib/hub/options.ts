/**
 * What can be said to `sluice hub`.
 *
 * @module
 */

import { SLOW_POLICIES } from "./outbox.ts";
import { type Endpoint, parseListenEndpoint } from "../wire/endpoint.ts";
import { HUB_FRAMINGS } from "./wire/frame.ts";
import { ADMIN_OPTIONS } from "../serve/options/admin.ts";
import { ASK_OPTIONS, COMMON_OPTIONS } from "../serve/options/common.ts";
import {
  choice,
  count,
  duration,
  flag,
  operand,
  option,
  size,
} from "../cli/declare_options.ts";
import type { OptionValues } from "../cli/option.ts";
import { parseBytes } from "../cli/size.ts";
import { TLS_OPTIONS } from "../serve/options/tls.ts";
import { SINGLE_WORKER_OPTIONS } from "../serve/options/workers.ts";

/** Where the hub listens unless told otherwise. */
const DEFAULT_LISTEN = "127.0.0.1:7000";

/** Options of `sluice hub`. */
export const HUB_OPTIONS = {
  "listen": operand(
    "address",
    {
      value: "[LISTEN…]",
      isNumeric: true,
      setting: "listen",
      help:
        `where to listen: HOST:PORT, [IPV6]:PORT, :PORT (all addresses), PORT (on 127.0.0.1) or unix:PATH[,mode=660] (default ${DEFAULT_LISTEN})`,
    },
    (given): Endpoint[] =>
      (given.length > 0 ? given : [DEFAULT_LISTEN]).map(parseListenEndpoint),
  ),
  "ws": option("address", {
    value: "HOST:PORT",
    many: true,
    isNumeric: true,
    setting: "web",
    help:
      "where to listen for browsers (or unix:PATH for a gateway): WebSocket, and a page to watch and speak; repeatable (default nowhere)",
  }, (text): Endpoint => parseListenEndpoint(text)),
  "ws-origin": option("text", {
    value: "ORIGIN",
    many: true,
    requires: "ws",
    setting: "origins",
    help:
      "lets pages of another origin connect, such as https://example.com; repeatable. The hub's own page needs this only where it is reached by a name",
  }, parseOrigin),
  "open": flag(
    "let anyone use the hub, also on an address that others can reach",
    { setting: "open" },
  ),
  "frame": choice(HUB_FRAMINGS, {
    default: "line",
    setting: "framing",
    help:
      "how TCP clients tell one message from the next: lines, a length of 4 bytes (big-endian) in front, or one JSON value a line",
  }),
  "max-message": size({
    value: "BYTES",
    default: "65536",
    least: "1",
    most: "16MiB",
    setting: "maxMessage",
    help: "bytes that a message may have, also as 64KiB",
  }, parseBytes),
  "names": flag("send messages on with the name of who says them", {
    setting: "names",
  }),
  "queue": count({
    default: "1000",
    setting: "queue",
    help: "messages that may wait for one client",
  }),
  "queue-bytes": size({
    value: "BYTES",
    default: "4194304",
    least: "1",
    most: "999999999",
    setting: "queueBytes",
    help: "bytes of messages that may wait for one client, also as 4MiB",
  }, parseBytes),
  "slow": choice(SLOW_POLICIES, {
    default: "drop-oldest",
    setting: "slow",
    help:
      "what becomes of messages beyond that: the oldest are dropped, or the newest until the client has caught up, which the client is told in both cases; or the client is disconnected",
  }),
  "heartbeat": duration({
    default: "30s",
    setting: "heartbeat",
    help:
      "time limit of silence until a client is asked for a sign of life; after three it is closed; 0 is never",
  }),
  "history": count({
    default: "0",
    least: "0",
    setting: "history",
    help: "messages that newcomers get of what was said in the room before",
  }),
  "history-time": duration({
    default: "1h",
    requires: "history",
    setting: "historyTime",
    help:
      "time limit for a room to remember them after the last client has left; 0 forgets them then. Such a room gives way if a new one needs its place within --max-rooms",
  }),
  "rate-per-client": count({
    default: "1000",
    least: "0",
    setting: "ratePerClient",
    help:
      "messages and commands of one client a second; beyond, it is read more slowly; 0 is no limit",
  }),
  "max-rooms": count({
    default: "100",
    setting: "maxRooms",
    help: "rooms at once, with empty ones that still remember",
  }),
  "handshake-timeout": duration({
    default: "10s",
    setting: "handshakeTimeout",
    help: "time limit for a browser's request; 0 is for ever",
  }),
  "drain-timeout": duration({
    default: "30s",
    help:
      "time limit for clients to take what waits for them at the shutdown; 0 cuts them at once",
  }),
  ...TLS_OPTIONS,
  "max-connections": COMMON_OPTIONS["max-connections"],
  "max-connections-per-client": COMMON_OPTIONS["max-connections-per-client"],
  "backlog": COMMON_OPTIONS["backlog"],
  ...ADMIN_OPTIONS,
  ...SINGLE_WORKER_OPTIONS,
  "log": COMMON_OPTIONS["log"],
  "quiet": COMMON_OPTIONS["quiet"],
  ...ASK_OPTIONS,
};

/** Values of the options of `sluice hub`. */
export type HubOptions = OptionValues<typeof HUB_OPTIONS>;

function parseOrigin(text: string): string {
  const url = URL.parse(text);
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  if (isWeb && url.origin === text.toLowerCase()) return url.origin;
  throw new SyntaxError(
    `'${text}' is not an origin such as https://example.com`,
  );
}
