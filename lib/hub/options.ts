/**
 * Options of `sluice hub`.
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
import { FLEET_OPTIONS } from "../serve/options/fleet.ts";
import { SINGLE_WORKER_OPTIONS } from "../serve/options/workers.ts";

/** The default address. */
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
      "where to serve browsers (or unix:PATH for a gateway): WebSocket, and a page to read and write; repeatable (default: not served)",
  }, (text): Endpoint => parseListenEndpoint(text)),
  "ws-origin": option("text", {
    value: "ORIGIN",
    many: true,
    requires: "ws",
    setting: "origins",
    help:
      "let pages of this origin connect, such as https://example.com; repeatable. The hub's own page needs it only if people open it by a host name",
  }, parseOrigin),
  "open": flag(
    "let everyone use the hub, even on an address that other machines can reach",
    { setting: "open" },
  ),
  "frame": choice(HUB_FRAMINGS, {
    default: "line",
    setting: "framing",
    help:
      "how messages of TCP clients are separated: lines, a 4-byte length (big-endian) before each, or one JSON value per line",
  }),
  "max-message": size({
    value: "BYTES",
    default: "65536",
    least: "1",
    most: "16MiB",
    setting: "maxMessage",
    help: "greatest size of a message in bytes, also as 64KiB",
  }, parseBytes),
  "names": flag("put the sender's name before each message", {
    setting: "names",
  }),
  "queue": count({
    default: "1000",
    setting: "queue",
    help: "most messages that wait for one client",
  }),
  "queue-bytes": size({
    value: "BYTES",
    default: "4194304",
    least: "1",
    most: "999999999",
    setting: "queueBytes",
    help: "most bytes of messages that wait for one client, also as 4MiB",
  }, parseBytes),
  "slow": choice(SLOW_POLICIES, {
    default: "drop-oldest",
    setting: "slow",
    help:
      "when a client is too slow: drop the oldest messages, drop new ones until it has caught up (Sluice tells it in both cases), or disconnect it",
  }),
  "heartbeat": duration({
    default: "30s",
    setting: "heartbeat",
    help:
      "silence after which Sluice asks a client for a sign of life; after three without one it closes the connection; 0 disables it",
  }),
  "history": count({
    default: "0",
    least: "0",
    setting: "history",
    help: "earlier messages of a room that newcomers get",
  }),
  "history-time": duration({
    default: "1h",
    requires: "history",
    setting: "historyTime",
    help:
      "how long a room keeps its history after the last client has left; 0 drops it then. An empty room gives its place within --max-rooms to a new one",
  }),
  "rate-per-client": count({
    default: "1000",
    least: "0",
    setting: "ratePerClient",
    help:
      "messages and commands per second of one client; Sluice reads a faster client more slowly; 0 disables the limit",
  }),
  "max-rooms": count({
    default: "100",
    setting: "maxRooms",
    help:
      "most rooms at the same time, including empty ones that keep a history",
  }),
  "handshake-timeout": duration({
    default: "10s",
    setting: "handshakeTimeout",
    help: "time limit for a browser's request; 0 disables it",
  }),
  "drain-delay": COMMON_OPTIONS["drain-delay"],
  "drain-timeout": duration({
    default: "30s",
    help:
      "at shutdown: time limit for clients to take the messages that wait for them; 0 cuts them immediately",
  }),
  ...TLS_OPTIONS,
  "max-connections": COMMON_OPTIONS["max-connections"],
  "max-connections-per-client": COMMON_OPTIONS["max-connections-per-client"],
  "backlog": COMMON_OPTIONS["backlog"],
  ...ADMIN_OPTIONS,
  ...SINGLE_WORKER_OPTIONS,
  ...FLEET_OPTIONS,
  "log": COMMON_OPTIONS["log"],
  "log-time": COMMON_OPTIONS["log-time"],
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
