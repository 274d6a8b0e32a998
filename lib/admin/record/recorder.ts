/**
 * Records the events of one thread between two questions: usage, times and
 * failures. Bytes cost nothing; a connection costs a few counts when it ends.
 *
 * @module
 */

import type { LiveConnection } from "../../serve/live_connection.ts";
import type { EndedConnection, Registry } from "../../serve/registry.ts";
import { hostOf } from "../filter.ts";
import { EventSum, type Recorded } from "./event_sum.ts";

/** Records events. */
export class Recorder {
  readonly #registry: Registry;
  #sheet = new EventSum();

  /** Begins to record. */
  constructor(registry: Registry) {
    this.#registry = registry;
    registry.onEnd((ended, live) => this.#end(ended, live));
    registry.onTime((name, milliseconds) => {
      if (name === "dial") this.#sheet.dial.add(milliseconds);
      else if (name === "resolve") this.#sheet.resolve.add(milliseconds);
    });
  }

  /**
   * Takes the record, including the bytes of open connections.
   *
   * @returns The events since the last call.
   */
  take(): Recorded {
    for (const [, live] of this.#registry.open) this.#countOpen(live);
    const sheet = this.#sheet;
    this.#sheet = new EventSum();
    return sheet.copy();
  }

  #countOpen(live: LiveConnection): void {
    const { received, sent } = live.carried;
    const bytes = Math.max(0, sent + received - live.rankedBytes);
    const isNew = !live.isRanked && live.state !== "handshake" &&
      live.state !== "connecting";
    if (bytes > 0 || isNew) this.#rank(live, { bytes, isNew });
  }

  #end({ record }: EndedConnection, live: LiveConnection): void {
    const { received, sent } = live.carried;
    // Only the record includes the bytes before the meter began.
    const total = Math.max(sent + received, record.sent + record.received);
    const bytes = Math.max(0, total - live.rankedBytes);
    const isNew = !live.isRanked;
    this.#rank(live, { bytes, isNew }, record);
    const sheet = this.#sheet;
    const { code, result, rule, target } = record;
    sheet.results[result]++;
    if (result === "ok") return;
    const { missed, reason, refusing } = sheet.rankings;
    reason.add(`${result} ${code}`, 0, 1);
    if (result === "refused" && rule !== undefined) refusing.add(rule, 0, 1);
    if (result === "failed" && target !== undefined) missed.add(target, 0, 1);
  }

  /** An HTTP request has its own record, and its connection outlives it. */
  #rank(
    live: LiveConnection,
    { bytes, isNew }: { bytes: number; isNew: boolean },
    record = live.session.record,
  ): void {
    const sheet = this.#sheet;
    const connections = isNew ? 1 : 0;
    live.rankedBytes += bytes;
    live.isRanked ||= isNew;
    sheet.bytes += bytes;
    sheet.connections += connections;
    const { client, rule, target, user } = record;
    const { rankings } = sheet;
    rankings.client.add(hostOf(client), bytes, connections);
    if (user !== undefined) rankings.user.add(user, bytes, connections);
    if (target !== undefined) rankings.target.add(target, bytes, connections);
    if (rule !== undefined) rankings.rule.add(rule, bytes, connections);
  }
}
