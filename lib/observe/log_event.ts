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
  /** User name as sent, once known. Not escaped. */
  user?: string;
  /** What was asked for, `HOST:PORT`, once known. */
  target?: string;
  /** What was dialled, `HOST:PORT`, where that succeeded. */
  address?: string;
  /**
   * Which rule has decided: its label, `guard` or `default`. Where the client
   * was allowed, only a rule with a label of its own is named.
   */
  rule?: string;
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

/** Anything that is logged. */
export type LogEvent = ConnectionEvent | MessageEvent | BanEvent;
