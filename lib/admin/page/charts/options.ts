/**
 * How the charts look.
 *
 * @module
 */

import type uPlot from "uplot";
import { formatClock } from "../../client/format.ts";
import type { Palette } from "../base/theme.ts";
import type { Past, SeriesName } from "./history.ts";

/** Steps between two lines of a scale of whole numbers. */
const WHOLE = [1, 10, 100, 1e3, 1e4, 1e5]
  .flatMap((power) => [power, 2 * power, 5 * power]);

/** Steps between two lines of the time scale, in seconds. */
const TIMES = [60, 300, 600, 1800, 3600, 10_800, 21_600];

/** A line of a chart. */
export interface SeriesStyle {
  /** The series in the history. */
  name: SeriesName;
  /** Its name for people. */
  label: string;
  /** Its colour. */
  color: keyof Palette;
  /** Colour of the area below it (default: none). */
  area?: keyof Palette;
  /** Formats its values. */
  format(value: number): string;
  /** Whether its values are whole numbers (default: no). */
  isWhole?: boolean;
}

/** Description of a chart. */
export interface ChartStyle {
  /** Prefix of the ids of its elements. */
  name: string;
  /** Its series. */
  series: readonly SeriesStyle[];
  /** Least value at the top of its scale, so that noise stays low. */
  least: number;
  /** Describes the greatest values of its series. */
  describe(most: readonly number[]): string;
}

/**
 * Returns the options of a chart without its size. It has one scale for all
 * of its lines.
 *
 * @param dataOf Returns what the chart shows.
 */
export function plotOptions(
  { least, series }: ChartStyle,
  palette: Palette,
  dataOf: () => Past,
): Omit<uPlot.Options, "width" | "height"> {
  const { format, isWhole } = series[0]!;
  const values = axis(palette, (value) => value === 0 ? "0" : format(value));
  return {
    legend: { show: false },
    // Prevents cutting off a time at the right edge.
    padding: [8, 16, 0, 0],
    cursor: {
      // The page moves the cursor in all charts together.
      bind: {
        mousedown: ignore,
        mouseup: ignore,
        click: ignore,
        dblclick: ignore,
        mousemove: ignore,
        mouseleave: ignore,
        mouseenter: ignore,
      },
      points: { size: 6, fill: palette.ink },
      y: false,
    },
    scales: {
      x: { range: () => [...dataOf().range] },
      y: { range: (_, __, top) => [0, Math.max(least, top ?? 0) * 1.1] },
    },
    series: [{}, ...series.map((one) => line(one, palette))],
    axes: [
      timeAxis(palette),
      isWhole ? { ...values, incrs: WHOLE } : values,
    ],
    hooks: { draw: [(plot) => drawStart(plot, dataOf(), palette)] },
  };
}

/** Disables the plot's own listeners. */
function ignore(): null {
  return null;
}

function line(
  { area, color, label }: SeriesStyle,
  palette: Palette,
): uPlot.Series {
  return {
    label,
    stroke: palette[color],
    width: 1.5,
    points: { show: false },
    ...(area === undefined ? {} : { fill: palette[area] }),
  };
}

/** Marks the start of the program, before which there are no values. */
function drawStart(
  { bbox, ctx, valToPos }: uPlot,
  { range: [from, to], startedAt }: Past,
  palette: Palette,
): void {
  if (startedAt <= from || startedAt > to) return;
  const x = Math.round(valToPos(startedAt, "x", true));
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = palette.ink;
  ctx.lineWidth = ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  const isLeft = x > bbox.left + bbox.width / 2;
  ctx.textAlign = isLeft ? "right" : "left";
  ctx.fillText("started", x + (isLeft ? -4 : 4) * ratio, bbox.top);
  ctx.restore();
}

function axis(
  palette: Palette,
  format: (value: number) => string,
): uPlot.Axis {
  return {
    stroke: palette.ink,
    font: "12px system-ui, sans-serif",
    size: 68,
    gap: 6,
    space: 34,
    ticks: { show: false },
    grid: { stroke: palette.line, width: 1 },
    values: (_, values) => values.map(format),
  };
}

function timeAxis(palette: Palette): uPlot.Axis {
  return {
    ...axis(palette, (value) => formatClock(value * 1000).slice(0, 5)),
    incrs: TIMES,
    size: 28,
    space: 64,
    grid: { show: false },
  };
}
