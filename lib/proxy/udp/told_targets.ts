/**
 * The targets of one association for its log line.
 *
 * @module
 */

import type { Destination, Host } from "../../wire/host_name.ts";
import { formatHostPort } from "../../wire/host_port.ts";
import { isSameAddress } from "../../wire/ip_mapped.ts";

/** Most targets in the log line. */
const MOST_TOLD = 64;

/** The first targets of an association. */
export class ToldTargets {
  readonly #told = new Set<string>();
  #last: Destination | undefined;

  /** Adds the target of a datagram. It is fast for a repeated target. */
  add(target: Destination): void {
    const last = this.#last;
    this.#last = target;
    const isSame = last?.port === target.port &&
      isSameHost(last.host, target.host);
    if (isSame || this.#told.size === MOST_TOLD) return;
    this.#told.add(formatHostPort(target.host, target.port));
  }

  /** The targets as `HOST:PORT`; `undefined` if there are none. */
  get list(): string[] | undefined {
    return this.#told.size === 0 ? undefined : [...this.#told];
  }
}

function isSameHost(one: Host, other: Host): boolean {
  return typeof one === "string" || typeof other === "string"
    ? one === other
    : isSameAddress(one, other);
}
