/**
 * A connection, read back from a line of the log in JSON.
 *
 * @module
 */

import type { ConnectionEvent, ConnectionResult } from "./log_event.ts";

/** What a line of the log says of a connection. */
export type LoggedConnection = Pick<
  ConnectionEvent,
  | "address"
  | "client"
  | "command"
  | "listener"
  | "protocol"
  | "result"
  | "rule"
  | "startedAt"
  | "target"
  | "targets"
  | "user"
  | "via"
>;

const RESULTS: ReadonlySet<unknown> = new Set<ConnectionResult>(
  ["ok", "cut", "refused", "failed", "dropped"],
);

/**
 * Parses one line of a log.
 *
 * @param line The line.
 * @returns The connection; `undefined` for other events, `unreadable` for what
 *   is no JSON object.
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
  return {
    client: client as string,
    listener: listener as string,
    result: result as ConnectionResult,
    startedAt: Date.parse(String(fields["started_at"])),
    ...textsOf(fields),
    ...commandOf(fields["command"]),
    ...targetsOf(fields["targets"]),
  };
}

const TEXTS = ["address", "protocol", "rule", "target", "user", "via"] as const;

function textsOf(
  fields: Readonly<Record<string, unknown>>,
): Partial<Record<typeof TEXTS[number], string>> {
  return Object.fromEntries(
    TEXTS.filter((name) => typeof fields[name] === "string")
      .map((name) => [name, fields[name]]),
  );
}

function commandOf(value: unknown): Pick<LoggedConnection, "command"> {
  return value === "bind" || value === "udp" ? { command: value } : {};
}

function targetsOf(value: unknown): Pick<LoggedConnection, "targets"> {
  return Array.isArray(value) ? { targets: value.map(String) } : {};
}
