/**
 * Announces that a server accepts connections: lines for people, and an event
 * for programs that need the real address.
 *
 * @module
 */

import { pathOf } from "../net/unix_socket.ts";
import type {
  ListeningEvent,
  ListeningKind,
  LogEvent,
} from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import type { ListenerInfo } from "./start_listeners.ts";

/** One line for people, or one event for programs. */
export type Announcement = string | ListeningEvent;

/** Kind of listener that an event describes. */
export interface ListeningFacts {
  /** The kind of server. */
  kind: ListeningKind;
  /** Whether clients must use TLS. */
  isTls: boolean;
  /** The protocol, if the kind alone does not tell (default: omitted). */
  protocol?: string;
}

/**
 * Creates the event for a listener that accepts connections.
 *
 * @param listener The listener, with its real address.
 * @param facts Kind, TLS and protocol of the listener.
 */
export function listeningEvent(
  { addr, name }: Pick<ListenerInfo, "addr" | "name">,
  { kind, isTls, protocol }: ListeningFacts,
): ListeningEvent {
  const path = pathOf(addr);
  return {
    event: "listening",
    code: "listening",
    kind,
    ...protocol === undefined ? {} : { protocol },
    isTls,
    listener: name,
    ...path === undefined ? { host: addr.hostname, port: addr.port } : { path },
  };
}

/**
 * Writes announcements to the log, in order.
 *
 * @param log Receives the log events.
 */
export function announce(
  announcements: readonly Announcement[],
  log: (event: LogEvent) => void,
): void {
  for (const one of announcements) {
    log(typeof one === "string" ? messageEvent("info", "banner", one) : one);
  }
}

/** Addresses that clients on this machine use for those that mean all. */
const LOCAL: Readonly<Record<string, string>> = {
  "::": "::1",
  "0.0.0.0": "127.0.0.1",
};

/**
 * Returns the address at which a program on this machine reaches a listener.
 *
 * @param hostname Address that it listens on.
 */
export function localHost(hostname: string): string {
  return LOCAL[hostname] ?? hostname;
}
