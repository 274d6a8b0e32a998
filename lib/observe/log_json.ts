/**
 * Formats log lines for machines: one JSON object each.
 *
 * @module
 */

import { escape } from "./escape.ts";
import type {
  BanEvent,
  ConnectionEvent,
  ListeningEvent,
  LogEvent,
} from "./log_event.ts";

/**
 * Formats an event as JSON. Times are RFC 3339 in UTC; unknown values are left
 * out.
 *
 * @param event Event to format.
 * @param now Time of the log line, in milliseconds since 1970.
 * @returns One line without its line end.
 */
export function formatJson(event: LogEvent, now: number): string {
  const time = new Date(now).toISOString();
  if (event.event === "message") {
    const { code, level, message } = event;
    return encode({ time, level, event: event.event, code, message });
  }
  if (event.event === "ban") {
    return encode({ time, level: "warning", ...banFields(event) });
  }
  if (event.event === "listening") {
    return encode({ time, level: "info", ...listeningFields(event) });
  }
  return encode({
    time,
    level: event.result === "ok" ? "info" : "warning",
    event: event.event,
    ...connectionFields(event),
  });
}

function banFields(event: BanEvent): Record<string, unknown> {
  return {
    event: event.event,
    client: event.client,
    duration_ms: event.duration,
    failures: event.failures,
    window_ms: event.window,
    user: event.user,
    node: event.node,
    code: event.code,
  };
}

function listeningFields(event: ListeningEvent): Record<string, unknown> {
  return {
    event: event.event,
    kind: event.kind,
    protocol: event.protocol,
    tls: event.isTls,
    listener: event.listener,
    host: event.host,
    port: event.port,
    path: event.path,
    config: event.config,
    code: event.code,
  };
}

function connectionFields(event: ConnectionEvent): Record<string, unknown> {
  return {
    listener: event.listener,
    client: event.client,
    id: event.id,
    protocol: event.protocol,
    command: event.command,
    user: event.user,
    target: event.target,
    targets: event.targets,
    address: event.address,
    via: event.via,
    rule: event.rule,
    name: event.name,
    would_deny: event.wouldDeny?.rule,
    would_deny_reason: event.wouldDeny?.reason,
    result: event.result,
    reason: event.reason,
    code: event.code,
    limit: event.limit,
    ended_first: event.endedFirst,
    started_at: new Date(event.startedAt).toISOString(),
    duration_ms: Math.round(event.duration * 10) / 10,
    bytes_sent: event.sent,
    bytes_received: event.received,
    datagrams_sent: event.datagrams?.sent,
    datagrams_received: event.datagrams?.received,
    datagrams_dropped: event.datagrams?.dropped,
    messages_sent: event.messages?.sent,
    messages_received: event.messages?.received,
    messages_dropped: event.messages?.dropped,
  };
}

/**
 * Escapes what JSON allows but a terminal obeys: C1 controls, direction marks.
 */
function encode(fields: Record<string, unknown>): string {
  return escape(JSON.stringify(fields));
}
