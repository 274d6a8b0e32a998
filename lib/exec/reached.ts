/**
 * Counts what a command reached.
 *
 * @module
 */

import type { ConnectionEvent } from "../observe/log_event.ts";
import { NAME_MISMATCH } from "../serve/refusal_reason.ts";
import { parseHostPort } from "../wire/host_port.ts";

/** One row: the target, the protocol and the verdict. */
export interface ReachedRow {
  /** Name or address of the target. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** Protocol of the client: `http`, `http-connect`, `tcp`, … */
  readonly protocol: string;
  /** The verdict of the rules. */
  readonly verdict: "allowed" | "denied";
  /** The rule that decided, or `name-mismatch`. */
  readonly rule: string;
  /** The name in the command's first bytes, if it is why Sluice denied it. */
  readonly shown?: string;
  /** Connections or requests. */
  connections: number;
  /** Allowed ones that did not reach the target. */
  failed: number;
  /** Bytes to the target. */
  sent: number;
  /** Bytes from the target. */
  received: number;
}

/** Most rows; further connections are only counted. */
const MOST_ROWS = 10_000;

/** Prefix of a UDP association's target in the log. */
const UDP = "udp ";

/** Counts connections. */
export class Reached {
  readonly #rows = new Map<string, ReachedRow>();
  #others = 0;

  /** Connections beyond the most rows. */
  get others(): number {
    return this.#others;
  }

  /**
   * Counts a connection that has ended, if it named a target.
   *
   * @param event Its log event.
   */
  take(event: ConnectionEvent): void {
    const row = this.#rowOf(event);
    if (row === undefined) return;
    row.connections++;
    row.sent += event.sent;
    row.received += event.received;
    if (event.result === "failed") row.failed++;
  }

  /** Lists the rows: denied ones first, then by name. */
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

/** The target of a UDP association is the client's address after a prefix. */
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
    return undefined; // The log cut the name because of its length.
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
