/**
 * What there is to log.
 *
 * @module
 */

/**
 * How a connection ended: `ok` is a tunnel whose two directions were closed by
 * their ends, `cut` one that was ended by an error, a time limit or a drain;
 * `refused` and `failed` never became a tunnel, by decision or for want of the
 * target; `dropped` never said what it wanted.
 */
export type ConnectionResult = "ok" | "cut" | "refused" | "failed" | "dropped";

/** A connection that has ended. */
export interface ConnectionEvent {
  /** Tells events of this kind. */
  event: "connection";
  /** When it was accepted, in milliseconds since 1970. */
  startedAt: number;
  /** How long it lasted, in milliseconds. */
  duration: number;
  /** Where it came in, `HOST:PORT`. */
  listener: string;
  /** Where it came from, `HOST:PORT`. */
  client: string;
  /** What it was told to be called, where an upstream was told. */
  id?: string;
  /** What was spoken, once known. */
  protocol?: string;
  /** What was asked for, if that is neither a connection nor a request. */
  command?: "bind" | "udp";
  /** User name as sent, once known. Not escaped. */
  user?: string;
  /** What was asked for, `HOST:PORT`, once known. */
  target?: string;
  /** The first targets of datagrams, each `HOST:PORT` as the client asked. */
  targets?: readonly string[];
  /** What was dialled, `HOST:PORT`, where that succeeded. */
  address?: string;
  /**
   * Which rule has decided: its label, `guard` or `default`. Where the client
   * was allowed, only a rule with a label of its own is named.
   */
  rule?: string;
  /**
   * The name that the client's first bytes show: the server name of a
   * ClientHello, or `Host`. Only where names are checked.
   */
  name?: string;
  /** What would have been denied if it was not only reported. */
  wouldDeny?: {
    /** Label of the rule, `default` or `name-mismatch`. */
    rule: string;
    /** Why, in a few words. Not escaped. */
    reason: string;
  };
  /** The parents it went through, nearest first, where there were any. */
  via?: string;
  /** Bytes carried from the client to the target. */
  sent: number;
  /** Bytes carried from the target to the client. */
  received: number;
  /** Datagrams each way and those that were dropped, where UDP was relayed. */
  datagrams?: { sent: number; received: number; dropped: number };
  /** Messages each way and those that were dropped, of a client of the hub. */
  messages?: { sent: number; received: number; dropped: number };
  /** Whose end of the tunnel came first, where one of them did. */
  endedFirst?: "client" | "target";
  /** How it ended. */
  result: ConnectionResult;
  /** Why, in a few words. Not escaped. */
  reason: string;
  /** Name of the limit that was reached, where it was refused or cut for one. */
  limit?: string;
}

/** Something to tell the operator that is not about one connection. */
export interface MessageEvent {
  /** Tells events of this kind. */
  event: "message";
  /** How bad it is. */
  level: "info" | "warning" | "error";
  /** What happened, in one line. Not escaped. */
  message: string;
}

/** A client that is banned from now on. */
export interface BanEvent {
  /** Tells events of this kind. */
  event: "ban";
  /** Who: an IPv4 address, or a /64 of IPv6. */
  client: string;
  /** Milliseconds that it lasts. */
  duration: number;
  /** Failures to authenticate that led to it. */
  failures: number;
  /** Milliseconds within which they count. */
  window: number;
  /**
   * User name as sent, where one failure was enough because many others failed
   * with that name. Not escaped.
   */
  user?: string;
}

/** The kind of server that a listener belongs to. */
export type ListeningKind = "proxy" | "forward" | "hub" | "echo" | "admin";

/**
 * A listener that takes connections from now on, with its real address: for
 * scripts that start a server on port 0. People read the banner instead.
 */
export interface ListeningEvent {
  /** Tells events of this kind. */
  event: "listening";
  /** The kind of server. */
  kind: ListeningKind;
  /** What is spoken, if the kind alone does not tell: a hub's framing. */
  protocol?: string;
  /** Whether clients speak TLS. */
  isTls: boolean;
  /** `HOST:PORT` or `unix:PATH`, the same text as in connection events. */
  listener: string;
  /** The address that was bound; left out for a Unix socket. */
  host?: string;
  /** The real port; left out for a Unix socket. */
  port?: number;
  /** The path of a Unix socket. */
  path?: string;
  /** Its place in a configuration file, for example `listeners[0]`. */
  config?: string;
}

/** Anything that is logged. */
export type LogEvent =
  | ConnectionEvent
  | MessageEvent
  | BanEvent
  | ListeningEvent;

/** Anything that has a line for people; a listener has its banner. */
export type TextEvent = Exclude<LogEvent, ListeningEvent>;
