/**
 * What a server announces once it takes connections: lines for people, and an
 * event for programs that have to know the real address.
 *
 * @module
 */

import { pathOf } from "../net/unix_socket.ts";
import type {
  ListeningEvent,
  ListeningKind,
  LogEvent,
} from "../observe/log_event.ts";
import type { ListenerInfo } from "./start_listeners.ts";

/** One line for people, or one event for programs. */
export type Announcement = string | ListeningEvent;

/** What kind of listener an event is about. */
export interface ListeningFacts {
  /** The kind of server. */
  kind: ListeningKind;
  /** Whether clients speak TLS. */
  isTls: boolean;
  /** What is spoken, if the kind alone does not tell (default: left out). */
  protocol?: string;
}

/**
 * Makes the event of a listener that serves.
 *
 * @param listener The listener, with its real address.
 * @param facts What it serves.
 * @returns The event.
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
 * @param announcements The announcements.
 * @param log Takes what there is to log.
 */
export function announce(
  announcements: readonly Announcement[],
  log: (event: LogEvent) => void,
): void {
  for (const one of announcements) {
    log(
      typeof one === "string"
        ? { event: "message", level: "info", code: "banner", message: one }
        : one,
    );
  }
}
