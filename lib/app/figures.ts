/**
 * Figures as Prometheus reads them. Nothing is counted for them that is not
 * counted anyway, but for three times of each connection; the rest is read when
 * somebody asks.
 *
 * @module
 */

import type {
  Counter,
  CounterConfiguration,
  Gauge,
  GaugeConfiguration,
  Registry as Metrics,
} from "prom-client";
import type { Registry } from "../handlers/registry.ts";
import type { TimedName } from "../handlers/live_connection.ts";
import type { AdminSubject } from "./admin_view.ts";
import { connectionFigures } from "./connection_figures.ts";
import type { Figure } from "./figure.ts";
import { programFigures } from "./program_figures.ts";
import { upstreamFigures } from "./upstream_figures.ts";

/** Upper ends of the classes of times, in seconds. */
const BUCKETS = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];

/**
 * Begins to measure times, and makes what tells the figures.
 *
 * @param subject What they are about.
 * @returns Makes the text, and tells its media type.
 */
export async function openFigures(
  subject: AdminSubject,
): Promise<() => Promise<{ type: string; text: string }>> {
  // Loaded for who wants figures only: the start of others is quicker.
  const library = await import("prom-client");
  const metrics = new library.Registry();
  for (const figure of figuresOf(subject)) {
    addFigure(library, metrics, figure);
  }
  addTimes(library, metrics, subject.registry);
  return async () => ({
    type: metrics.contentType,
    text: await metrics.metrics(),
  });
}

type Library = typeof import("prom-client");

function addFigure(
  { Counter, Gauge }: Library,
  metrics: Metrics,
  { kind, name, help, labels = [], read }: Figure,
): void {
  const settings = {
    name,
    help,
    labelNames: [...labels],
    registers: [metrics],
  };
  const collect = (metric: Counter | Gauge) => {
    metric.reset();
    read((values, value) => metric.inc(values, value));
  };
  if (kind === "gauge") {
    const own: GaugeConfiguration<string> = {
      ...settings,
      collect() {
        collect(this);
      },
    };
    new Gauge(own);
    return;
  }
  const own: CounterConfiguration<string> = {
    ...settings,
    collect() {
      collect(this);
    },
  };
  new Counter(own);
}

/** Only those that succeeded: a refusal's time says something else. */
function addTimes(
  { Histogram }: Library,
  metrics: Metrics,
  registry: Registry,
): void {
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, buckets: BUCKETS, registers: [metrics] });
  const byName: Partial<Record<TimedName, ReturnType<typeof histogram>>> = {
    handshake: histogram(
      "sluice_handshake_duration_seconds",
      "Time from accepting a connection to its whole request",
    ),
    auth: histogram(
      "sluice_auth_duration_seconds",
      "Time for checking credentials that were right",
    ),
    resolve: histogram(
      "sluice_resolve_duration_seconds",
      "Time for finding the addresses of a target",
    ),
    dial: histogram(
      "sluice_dial_duration_seconds",
      "Time for connecting to a target, or for taking a pooled connection",
    ),
  };
  registry.onTime((name, milliseconds) =>
    byName[name]?.observe(milliseconds / 1000)
  );
}

function figuresOf(subject: AdminSubject): Figure[] {
  return [
    ...connectionFigures(subject.registry),
    ...upstreamFigures(subject.registry),
    ...programFigures(subject),
  ];
}
