/**
 * The targets of one association, for its line of the log.
 *
 * @module
 */

import type { Host } from "../../wire/host_name.ts";
import { formatHostPort } from "../../wire/host_port.ts";
import { isSameAddress } from "../../wire/ip_mapped.ts";
import type { UdpHeader } from "../../wire/socks/v5_udp.ts";

/** Targets that are named, at most. */
const MOST_TOLD = 64;

/** A target as the client asked. */
export type ToldTarget = Pick<UdpHeader, "host" | "port">;

/** The first targets of an association. */
export class ToldTargets {
  readonly #told = new Set<string>();
  #last: ToldTarget | undefined;

  /**
   * Adds the target of a datagram. Most go where the one before has gone.
   *
   * @param target Where it goes.
   */
  add(target: ToldTarget): void {
    const last = this.#last;
    this.#last = target;
    const isSame = last?.port === target.port &&
      isSameHost(last.host, target.host);
    if (isSame || this.#told.size === MOST_TOLD) return;
    this.#told.add(formatHostPort(target.host, target.port));
  }

  /** Each as `HOST:PORT`; `undefined` if there are none. */
  get list(): string[] | undefined {
    return this.#told.size === 0 ? undefined : [...this.#told];
  }
}

function isSameHost(one: Host, other: Host): boolean {
  return typeof one === "string" || typeof other === "string"
    ? one === other
    : isSameAddress(one, other);
}
