/**
 * How the charts look.
 *
 * @module
 */

import type uPlot from "uplot";
import {
  formatClock,
  formatCount,
  formatFrequency,
  formatRate,
} from "../base/format.ts";
import type { Palette } from "../base/theme.ts";

/** Seconds of a full chart, and of a new one. */
const SPAN = { most: 3600, least: 300 } as const;

/** Least value at the top of a chart, so that noise stays low. */
const LEAST = { bytes: 1_000, connections: 4 } as const;

/** Steps between two lines of a scale of counts. */
const WHOLE = [1, 10, 100, 1e3, 1e4, 1e5]
  .flatMap((power) => [power, 2 * power, 5 * power]);

/** Options of a chart without its size. */
export type ChartOptions = Omit<uPlot.Options, "width" | "height">;

/** The chart of bytes a second. */
export function throughput(palette: Palette): ChartOptions {
  return {
    ...common(palette, LEAST.bytes),
    series: [
      {},
      line("down", palette.down, formatRate, { fill: palette.downArea }),
      line("up", palette.up, formatRate),
    ],
    axes: [
      timeAxis(palette),
      axis(palette, (value) => value === 0 ? "0" : formatRate(value)),
    ],
  };
}

/** The chart of connections. */
export function connections(palette: Palette): ChartOptions {
  const base = common(palette, LEAST.connections);
  return {
    ...base,
    scales: { ...base.scales, opened: base.scales!["y"]! },
    series: [
      {},
      line("open", palette.open, formatCount, { fill: palette.openArea }),
      line("new a second", palette.opened, formatFrequency, {
        scale: "opened",
      }),
    ],
    axes: [
      timeAxis(palette),
      { ...axis(palette, formatCount), incrs: WHOLE },
      {
        ...axis(palette, formatFrequency),
        scale: "opened",
        side: 1,
        grid: { show: false },
      },
    ],
  };
}

function common(palette: Palette, least: number): Omit<ChartOptions, "series"> {
  return {
    legend: { show: false },
    // Keeps a time at the right edge from being cut.
    padding: [8, 16, 0, 0],
    cursor: {
      sync: { key: "hour" },
      drag: { x: false, y: false },
      points: { size: 6, fill: palette.ink },
      y: false,
    },
    scales: {
      x: { range: (_, from, to) => rangeOf(from, to) },
      y: { range: (_, __, top) => [0, Math.max(least, top) * 1.1] },
    },
  };
}

/** A new program has a shorter chart. */
function rangeOf(from: number, to: number): [number, number] {
  const end = Number.isFinite(to) ? to : Date.now() / 1000;
  const span = Math.min(SPAN.most, Math.max(SPAN.least, end - from || 0));
  return [end - span, end];
}

function line(
  label: string,
  stroke: string,
  format: (value: number) => string,
  more: Partial<uPlot.Series> = {},
): uPlot.Series {
  return {
    label,
    stroke,
    width: 1.5,
    points: { show: false },
    value: (_, value) => format(value),
    ...more,
  };
}

function axis(
  palette: Palette,
  format: (value: number) => string,
): uPlot.Axis {
  return {
    stroke: palette.ink,
    font: "12px system-ui, sans-serif",
    size: 70,
    gap: 6,
    space: 36,
    ticks: { show: false },
    grid: { stroke: palette.line, width: 1 },
    values: (_, values) => values.map(format),
  };
}

function timeAxis(palette: Palette): uPlot.Axis {
  return {
    ...axis(palette, (value) => formatClock(value * 1000).slice(0, 5)),
    size: 28,
    space: 72,
    grid: { show: false },
  };
}
