/**
 * Sums of connections and bytes, through Deno's own OpenTelemetry. They are told
 * by the program's first thread alone: of several that tell the same sum, a
 * collector would keep one.
 *
 * @module
 */

import project from "../../deno.json" with { type: "json" };
import { totalsOf } from "./part_figures.ts";
import type { Parts } from "./parts.ts";

/**
 * Begins to tell sums, each time that they are exported.
 *
 * @param parts What takes connections.
 */
export async function openMeters(parts: Parts): Promise<void> {
  const { metrics } = await import("@opentelemetry/api");
  const meter = metrics.getMeter("sluice", project.version);
  const totals = async () => totalsOf(await parts.figures());
  meter.createObservableGauge("sluice.connections.open", {
    description: "Connections that are open",
  }).addCallback(async (result) => result.observe((await totals()).open));
  meter.createObservableCounter("sluice.connections", {
    description: "Connections that were accepted",
  }).addCallback(async (result) => result.observe((await totals()).total));
  meter.createObservableCounter("sluice.bytes", {
    description: "Bytes carried, those of open connections included",
    unit: "By",
  }).addCallback(async (result) => {
    const { received, sent } = await totals();
    result.observe(sent, { direction: "sent" });
    result.observe(received, { direction: "received" });
  });
}
