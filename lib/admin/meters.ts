/**
 * Exports sums of connections and bytes through Deno's OpenTelemetry. Only the
 * program's first thread exports them: of several exports of one sum, a
 * collector would keep one.
 *
 * @module
 */

import { PROGRAM_VERSION } from "../cli/program_version.ts";
import type { Threads } from "./threads/threads.ts";

/**
 * Starts to export sums.
 *
 * @param threads The threads that accept connections.
 */
export async function openMeters(threads: Threads): Promise<void> {
  const { metrics } = await import("@opentelemetry/api");
  const meter = metrics.getMeter("sluice", PROGRAM_VERSION);
  const totals = () => {
    // The last export, when the program ends, cannot wait for answers. So each
    // export uses the workers' last figures and requests new ones for the next.
    threads.figures().catch(() => {});
    return threads.totals;
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
