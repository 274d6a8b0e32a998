/**
 * Values of a tunnel that are shown in several places.
 *
 * @module
 */

import type { Tunnel } from "../api.ts";
import { NOTHING } from "./format.ts";
import type { Row } from "./row.ts";

/** Bytes a second of a tunnel in the last tick, both ways together. */
export function rateOf(row: Row, tick: number): number {
  return (row.rates?.up(tick) ?? 0) + (row.rates?.down(tick) ?? 0);
}

/** The target of a tunnel. */
export function targetOf({ target, kind }: Tunnel): string {
  if (target !== undefined) return target;
  return kind === "echo" || kind === "hub" ? `(${kind})` : NOTHING;
}
