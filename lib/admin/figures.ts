/**
 * Figures for Prometheus. Except for four timings of each connection, nothing
 * is counted only for them; they are read on request.
 *
 * @module
 */

import type { AdminSubject } from "./view.ts";
import { CONNECTION_FIGURES } from "./connection_figures.ts";
import type { Figure, Labels } from "./figure.ts";
import type { ThreadFigures } from "./thread_figures.ts";
import { programFigures } from "./program_figures.ts";
import { TIME_FIGURES } from "./time_figures.ts";
import { UPSTREAM_FIGURES } from "./upstream_figures.ts";

/** One figure as `prom-client` adds them up and writes them. */
interface Metric {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  /** Two listeners with one name have the same labels and are added up. */
  aggregator: "sum";
  values: { labels: Labels; value: number; metricName?: string }[];
}

/**
 * Creates the writer of figures.
 *
 * @param subject What they are about.
 * @returns Makes the text, and tells its media type.
 */
export function openFigures(
  subject: AdminSubject,
): () => Promise<{ type: string; text: string }> {
  const all = [
    ...CONNECTION_FIGURES,
    ...UPSTREAM_FIGURES,
    ...programFigures(subject),
  ];
  return async () => {
    // Imported with the first scrape: it takes as long as half of the start.
    const { AggregatorRegistry } = await import("prom-client");
    const figures = await subject.threads.figures();
    const metrics = AggregatorRegistry.aggregate([
      [...all.map((figure) => metricOf(figure, figures)), ...timesOf(figures)],
    ]);
    return { type: metrics.contentType, text: await metrics.metrics() };
  };
}

function metricOf(
  { help, kind, name, read }: Figure,
  figures: ThreadFigures,
): Metric {
  const values: Metric["values"] = [];
  read((labels, value) => values.push({ labels, value }), figures);
  return { name, help, type: kind, aggregator: "sum", values };
}

function timesOf(figures: ThreadFigures): Metric[] {
  return TIME_FIGURES.map(({ help, name, read }) => ({
    name,
    help,
    type: "histogram",
    aggregator: "sum",
    values: read(figures),
  }));
}
