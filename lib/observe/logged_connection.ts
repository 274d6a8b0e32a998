/**
 * Reads a connection from a JSON log line.
 *
 * @module
 */

import type { ConnectionEvent, ConnectionResult } from "./log_event.ts";

/** The data of a log line about a connection. */
export type LoggedConnection = Pick<
  ConnectionEvent,
  | "address"
  | "client"
  | "command"
  | "listener"
  | "name"
  | "protocol"
  | "result"
  | "rule"
  | "startedAt"
  | "target"
  | "targets"
  | "user"
  | "via"
  | "wouldDeny"
>;

const RESULTS: ReadonlySet<unknown> = new Set<ConnectionResult>(
  ["ok", "cut", "refused", "failed", "dropped"],
);

/**
 * Parses one line of a log.
 *
 * @returns The connection; `undefined` for other events, `unreadable` if the
 *   line is not a JSON object.
 */
export function parseConnection(
  line: string,
): LoggedConnection | "unreadable" | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "unreadable";
  }
  if (typeof value !== "object" || value === null) return "unreadable";
  const fields = value as Readonly<Record<string, unknown>>;
  const { client, listener, result } = fields;
  const isConnection = fields["event"] === "connection" &&
    typeof client === "string" && typeof listener === "string" &&
    RESULTS.has(result);
  if (!isConnection) return undefined;
  const connection: Draft = {
    client: client as string,
    listener: listener as string,
    result: result as ConnectionResult,
    startedAt: Date.parse(String(fields["started_at"])),
  };
  for (const name of TEXTS) {
    const text = fields[name];
    if (typeof text === "string") connection[name] = text;
  }
  const { command, targets } = fields;
  if (command === "bind" || command === "udp") connection.command = command;
  if (Array.isArray(targets)) connection.targets = targets.map(String);
  const { would_deny: rule, would_deny_reason: reason } = fields;
  if (typeof rule === "string") {
    connection.wouldDeny = { rule, reason: String(reason) };
  }
  return connection;
}

/** A connection under construction. */
type Draft = {
  -readonly [Key in keyof LoggedConnection]: LoggedConnection[Key];
};

const TEXTS = [
  ...["address", "name", "protocol", "rule", "target", "user", "via"] as const,
];
