/**
 * Metrics for Prometheus, read at each scrape. Only four timings of each
 * connection are measured just for them.
 *
 * @module
 */

import type { AdminSubject } from "./view.ts";
import { CONNECTION_FIGURES } from "./connection_figures.ts";
import type { Figure, Labels } from "./figure.ts";
import type { ThreadFigures } from "./threads/figures.ts";
import { programFigures } from "./program_figures.ts";
import { TIME_FIGURES } from "./time_figures.ts";
import { UPSTREAM_FIGURES } from "./upstream_figures.ts";

/** One figure in the form that `prom-client` adds up and writes. */
interface Metric {
  name: string;
  help: string;
  type: Figure["kind"];
  /** Two listeners of the same name have the same labels and are added up. */
  aggregator: "sum";
  values: { labels: Labels; value: number; metricName: string | undefined }[];
}

/**
 * Writes the figures of the program.
 *
 * @param more Further figures (default none).
 * @returns The text, and its media type.
 */
export type WriteFigures = (
  more?: readonly Figure[],
) => Promise<{ type: string; text: string }>;

/**
 * Creates the writer of figures.
 *
 * @param subject The program that they describe.
 * @returns A function that writes the text, and the media type.
 */
export function openFigures(
  subject: AdminSubject,
): WriteFigures {
  const all = [
    ...CONNECTION_FIGURES,
    ...UPSTREAM_FIGURES,
    ...programFigures(subject),
  ];
  return async (more = []) => {
    // Imported with the first scrape, because it takes half as long as the
    // whole start.
    const { AggregatorRegistry } = await import("prom-client");
    const figures = await subject.threads.figures();
    const metrics = AggregatorRegistry.aggregate([
      [...all, ...more, ...TIME_FIGURES]
        .map((figure) => metricOf(figure, figures)),
    ]);
    return { type: metrics.contentType, text: await metrics.metrics() };
  };
}

function metricOf(
  { help, kind, name, read }: Figure,
  figures: ThreadFigures,
): Metric {
  const values: Metric["values"] = [];
  read(
    (labels, value, metricName) => values.push({ labels, value, metricName }),
    figures,
  );
  return { name, help, type: kind, aggregator: "sum", values };
}
