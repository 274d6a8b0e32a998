/**
 * Measures the work of a node between two reports.
 *
 * @module
 */

import { cpuUsage } from "node:process";
import type { FleetNode, NodeTotals } from "../serve/counts/fleet_nodes.ts";

/** The values measured between two calls. */
export type Measured = Pick<FleetNode, "load" | "up" | "down">;

/** Measures the time between two calls. */
export class LoadMeter {
  #at = performance.now();
  #cpu = microseconds();
  #before: NodeTotals | undefined;

  /**
   * Measures the time since the last call.
   *
   * @param totals Counts since the start; `undefined` if unknown.
   * @returns Processors in use, and bytes per second; 0 at the first call.
   */
  measure(totals: NodeTotals | undefined): Measured {
    const at = performance.now();
    const cpu = microseconds();
    const seconds = Math.max(at - this.#at, 1) / 1_000;
    const load = (cpu - this.#cpu) / 1e6 / seconds;
    const before = this.#before ?? totals;
    this.#at = at;
    this.#cpu = cpu;
    this.#before = totals;
    const speed = (now: number, then: number) =>
      Math.max(0, Math.round((now - then) / seconds));
    return {
      load: Math.round(load * 100) / 100,
      ...totals !== undefined && before !== undefined && {
        up: speed(totals.sent, before.sent),
        down: speed(totals.received, before.received),
      },
    };
  }
}

/** Processor time of all threads of the process. */
function microseconds(): number {
  const { system, user } = cpuUsage();
  return system + user;
}
