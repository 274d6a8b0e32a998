/**
 * Exports sums of connections and bytes through Deno's OpenTelemetry. Only the
 * program's first thread exports them: of several exports of one sum, a
 * collector would keep one.
 *
 * @module
 */

import { PROGRAM_VERSION } from "../cli/program_version.ts";
import { totalsOf } from "./thread_figures.ts";
import type { Threads } from "./threads.ts";

/**
 * Begins to tell sums, each time that they are exported.
 *
 * @param threads What takes connections.
 */
export async function openMeters(threads: Threads): Promise<void> {
  const { metrics } = await import("@opentelemetry/api");
  const meter = metrics.getMeter("sluice", PROGRAM_VERSION);
  const totals = () => {
    // The last export, when the program ends, waits for no answer: workers are
    // told of as they were last heard, and asked for the next.
    threads.figures().catch(() => {});
    return totalsOf(threads.latest);
  };
  meter.createObservableGauge("sluice.connections.open", {
    description: "Open connections",
  }).addCallback((result) => result.observe(totals().open));
  meter.createObservableCounter("sluice.connections", {
    description: "Accepted connections",
  }).addCallback((result) => result.observe(totals().total));
  meter.createObservableCounter("sluice.bytes", {
    description: "Transferred bytes, including open connections",
    unit: "By",
  }).addCallback((result) => {
    const { received, sent } = totals();
    result.observe(sent, { direction: "sent" });
    result.observe(received, { direction: "received" });
  });
}
