/**
 * The events that Sluice logs.
 *
 * @module
 */

import type { ConnectionCode } from "./connection_code.ts";
import type { EventCode } from "./event_code.ts";
import type { MessageCode } from "./message_code.ts";

/**
 * How a connection ended.
 *
 * - `ok`: a tunnel, and both sides closed their direction.
 * - `cut`: a tunnel that an error, a time limit or a drain ended.
 * - `refused`: Sluice decided against a tunnel.
 * - `failed`: no tunnel, because the target could not be reached.
 * - `dropped`: the client never sent a request.
 */
export type ConnectionResult = "ok" | "cut" | "refused" | "failed" | "dropped";

/** A connection that has ended. */
export interface ConnectionEvent {
  /** Marks this kind of event. */
  event: "connection";
  /** Time of the accept, in milliseconds since 1970. */
  startedAt: number;
  /** How long it lasted, in milliseconds. */
  duration: number;
  /** Address of the listener, `HOST:PORT`. */
  listener: string;
  /** Address of the client, `HOST:PORT`. */
  client: string;
  /** The connection's identifier, if an upstream received one. */
  id?: string;
  /** The client's protocol, once known. */
  protocol?: string;
  /** The command, if it is neither a connection nor a request. */
  command?: "bind" | "udp";
  /** User name as sent, once known. Not escaped. */
  user?: string;
  /** The requested target, `HOST:PORT`, once known. */
  target?: string;
  /** First targets of datagrams, each as `HOST:PORT` from the client. */
  targets?: readonly string[];
  /** The dialled address, `HOST:PORT`, if the dial succeeded. */
  address?: string;
  /**
   * The rule that decided: its label, `guard` or `default`. An allowed client
   * has one only if the rule has a label of its own.
   */
  rule?: string;
  /**
   * The name in the client's first bytes: the server name of a ClientHello, or
   * `Host`. Only if Sluice checks names.
   */
  name?: string;
  /** The denial, if a rule only reports it. */
  wouldDeny?: {
    /** Label of the rule, `default` or `name-mismatch`. */
    rule: string;
    /** The reason, in a few words. Not escaped. */
    reason: string;
  };
  /** The parent proxies on the way, nearest first, if any. */
  via?: string;
  /** Bytes from the client to the target. */
  sent: number;
  /** Bytes from the target to the client. */
  received: number;
  /**
   * Relayed datagrams in each direction and dropped ones, if UDP was relayed.
   */
  datagrams?: { sent: number; received: number; dropped: number };
  /** Messages in each direction and dropped ones, for a client of the hub. */
  messages?: { sent: number; received: number; dropped: number };
  /** The side of the tunnel that ended first, if known. */
  endedFirst?: "client" | "target";
  /** How it ended. */
  result: ConnectionResult;
  /** Why, by a name that never changes. */
  code: ConnectionCode;
  /** Why, in a few words. Not escaped. */
  reason: string;
  /** The limit that refused or cut the connection, if one did. */
  limit?: string;
}

/** A message to the operator that is not about one connection. */
export interface MessageEvent {
  /** Marks this kind of event. */
  event: "message";
  /** Severity. */
  level: "info" | "warning" | "error";
  /** What it is about, by a name that never changes. */
  code: MessageCode;
  /** What happened, in one line. Not escaped. */
  message: string;
}

/** A new ban of a client. */
export interface BanEvent {
  /** Marks this kind of event. */
  event: "ban";
  /** Why the client is banned, by a name that never changes. */
  code: Exclude<EventCode, "listening">;
  /** The banned client: an IPv4 address, or a /64 of IPv6. */
  client: string;
  /** Length of the ban in milliseconds. */
  duration: number;
  /** Failed authentications that led to the ban. */
  failures: number;
  /** Milliseconds within which failures count. */
  window: number;
  /**
   * User name as sent, if a single failure was enough because many others
   * failed with the same name. Not escaped.
   */
  user?: string;
  /** The machine of the fleet on which it began (default: this one). */
  node?: string;
}

/** The kind of server that a listener belongs to. */
export type ListeningKind = "proxy" | "forward" | "hub" | "echo" | "admin";

/**
 * A listener that has started to accept connections, with its real address.
 * Scripts that start a server on port 0 read it; people read the banner
 * instead.
 */
export interface ListeningEvent {
  /** Marks this kind of event. */
  event: "listening";
  /** The same for every listener. */
  code: Extract<EventCode, "listening">;
  /** The kind of server. */
  kind: ListeningKind;
  /** The protocol, if the kind alone does not determine it: a hub's framing. */
  protocol?: string;
  /** Whether clients speak TLS. */
  isTls: boolean;
  /** `HOST:PORT` or `unix:PATH`, the same text as in connection events. */
  listener: string;
  /** The bound address; absent for a Unix socket. */
  host?: string;
  /** The real port; absent for a Unix socket. */
  port?: number;
  /** The path of a Unix socket. */
  path?: string;
  /**
   * The listener's place in a configuration file, for example `listeners[0]`.
   */
  config?: string;
}

/** Every event that Sluice logs. */
export type LogEvent =
  | ConnectionEvent
  | MessageEvent
  | BanEvent
  | ListeningEvent;

/** Every event with a text line. A listener has its banner instead. */
export type TextEvent = Exclude<LogEvent, ListeningEvent>;
