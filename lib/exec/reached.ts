/**
 * What a command reached, counted.
 *
 * @module
 */

import type { ConnectionEvent } from "../observe/log_event.ts";
import { NAME_MISMATCH } from "../serve/refusal_reason.ts";
import { parseHostPort } from "../wire/host_port.ts";

/** One row: where to, how, and what the rules said. */
export interface ReachedRow {
  /** Name or address of the target. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** What the command spoke with the proxy: `http`, `http-connect`, `tcp`, … */
  readonly protocol: string;
  /** Whether the rules let it. */
  readonly verdict: "allowed" | "denied";
  /** The rule that decided, or `name-mismatch`. */
  readonly rule: string;
  /** The name that the command showed there, if that is why it was denied. */
  readonly shown?: string;
  /** Connections or requests. */
  connections: number;
  /** Those of them that were allowed, but did not reach the target. */
  failed: number;
  /** Bytes to the target. */
  sent: number;
  /** Bytes from the target. */
  received: number;
}

/** Rows, at most; more are summed up in one. */
const MOST_ROWS = 10_000;

/** What the log puts before the client of a UDP association. */
const UDP = "udp ";

/** Counts connections. */
export class Reached {
  readonly #rows = new Map<string, ReachedRow>();
  #others = 0;

  /** Connections for which there was no row left. */
  get others(): number {
    return this.#others;
  }

  /**
   * Counts the end of a connection; one that named no target is none.
   *
   * @param event Its line of the log.
   */
  take(event: ConnectionEvent): void {
    const row = this.#rowOf(event);
    if (row === undefined) return;
    row.connections++;
    row.sent += event.sent;
    row.received += event.received;
    if (event.result === "failed") row.failed++;
  }

  /** Lists the rows: first what was denied, then by name. */
  list(): ReachedRow[] {
    return [...this.#rows.values()].sort((a, b) =>
      -compare(a.verdict, b.verdict) || compare(a.host, b.host) ||
      a.port - b.port || compare(a.protocol, b.protocol) ||
      compare(a.rule, b.rule)
    );
  }

  #rowOf(event: ConnectionEvent): ReachedRow | undefined {
    const { code, limit, name, result, rule, target } = event;
    const to = target === undefined ? undefined : split(target, event.protocol);
    if (to === undefined || result === "dropped") return undefined;
    const isDenied = result === "refused";
    const isMismatch = code === NAME_MISMATCH;
    const row: ReachedRow = {
      ...to,
      verdict: isDenied ? "denied" : "allowed",
      rule: isMismatch ? code : rule ?? limit ?? "default",
      ...isMismatch && name !== undefined ? { shown: name } : {},
      ...{ connections: 0, failed: 0, sent: 0, received: 0 },
    };
    const { host, port, protocol, shown, verdict } = row;
    const key = JSON.stringify([
      ...[host, port, protocol, verdict, row.rule, shown],
    ]);
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    if (this.#rows.size < MOST_ROWS) this.#rows.set(key, row);
    else this.#others++;
    return row;
  }
}

/** UDP names no target but the client, which is written with a word before it. */
function split(
  target: string,
  protocol = "",
): Pick<ReachedRow, "host" | "port" | "protocol"> | undefined {
  const isUdp = target.startsWith(UDP);
  try {
    const { host, port } = parseHostPort(
      isUdp ? target.slice(UDP.length) : target,
      "",
    );
    return { host, port, protocol: isUdp ? "udp" : protocol };
  } catch {
    return undefined; // A name that was cut short for its length.
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
