/**
 * The last hour as two charts.
 *
 * @module
 */

import type uPlotModule from "uplot";
import type { HistoryAnswer, HistoryPoint } from "../../api.ts";
import { type ChartOptions, connections, throughput } from "./options.ts";
import { byId, setAttribute, setText } from "../base/element.ts";
import {
  formatClock,
  formatCount,
  formatFrequency,
  formatRate,
} from "../base/format.ts";
import type { Palette } from "../base/theme.ts";

/** A separate script defines it before the modules run. */
const { uPlot } = globalThis as unknown as { uPlot: typeof uPlotModule };

/** CSS pixels. */
const HEIGHT = 168;

/** Milliseconds of a whole chart. */
const HOUR = 3_600_000;

type Chart = uPlotModule;

/** The last hour, drawn. */
export class Charts {
  #points: HistoryPoint[] = [];
  #charts: Chart[] = [];
  #palette: Palette | undefined;

  /** Replaces the last hour. */
  restart({ at, series }: HistoryAnswer): void {
    const names = Object.keys(series) as (keyof typeof series)[];
    this.#points = at.map((at, n) => ({
      at,
      ...Object.fromEntries(names.map((name) => [name, series[name][n]])),
    } as HistoryPoint));
    this.#show();
  }

  /** Adds the newest point. */
  add(point: HistoryPoint): void {
    const last = this.#points.at(-1);
    if (last !== undefined && point.at <= last.at) return;
    this.#points.push(point);
    this.#show();
  }

  /** Draws in other colours. */
  paint(palette: Palette): void {
    this.#palette = palette;
    for (const chart of this.#charts) chart.destroy();
    this.#charts = [];
    this.#show();
  }

  #show(): void {
    const end = this.#points.at(-1)?.at ?? Date.now();
    const begin = end - HOUR;
    this.#points = this.#points.filter(({ at }) => at > begin);
    if (this.#charts.length === 0) this.#make();
    const column = (name: keyof HistoryPoint) =>
      this.#points.map((point) => point[name]);
    const seconds = this.#points.map(({ at }) => at / 1000);
    this.#charts[0]?.setData([seconds, column("down"), column("up")]);
    this.#charts[1]?.setData([seconds, column("open"), column("opened")]);
    this.#describe();
  }

  #make(): void {
    if (this.#palette === undefined) return;
    this.#charts = [
      draw("throughput", throughput(this.#palette)),
      draw("connections", connections(this.#palette)),
    ];
  }

  /** Describes the drawings in words. */
  #describe(): void {
    if (this.#points.length === 0) return;
    const most = (name: keyof HistoryPoint) =>
      this.#points.reduce((top, point) => Math.max(top, point[name] ?? 0), 0);
    const down = formatRate(most("down"));
    const up = formatRate(most("up"));
    const open = formatCount(most("open"));
    const opened = formatFrequency(most("opened"));
    tell("throughput", `at most ${down} down and ${up} up`);
    tell("connections", `at most ${open} open and ${opened} new a second`);
  }
}

function tell(name: string, text: string): void {
  setAttribute(
    byId(`${name}-chart`, HTMLElement),
    "aria-label",
    `Chart of the last hour: ${text}`,
  );
  setText(byId(`${name}-peak`, HTMLElement), `Last hour: ${text}`);
}

function draw(name: string, options: ChartOptions): Chart {
  const place = byId(`${name}-chart`, HTMLElement);
  const observer = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry!.contentRect.width);
    if (width > 0) chart.setSize({ width, height: HEIGHT });
  });
  const chart = new uPlot(
    {
      ...options,
      width: place.clientWidth || 300,
      height: HEIGHT,
      hooks: {
        setCursor: [(at) => showPoint(name, at)],
        destroy: [() => observer.disconnect()],
      },
    },
    [[], [], []],
    place,
  );
  observer.observe(place);
  return chart;
}

/** Shows the hour's peak, or the point under the pointer, below the drawing. */
function showPoint(name: string, chart: Chart): void {
  const { idx, left = -1 } = chart.cursor;
  const isOver = typeof idx === "number" && left >= 0;
  const point = byId(`${name}-point`, HTMLElement);
  byId(`${name}-peak`, HTMLElement).hidden = isOver;
  point.hidden = !isOver;
  if (isOver) setText(point, describePoint(chart, idx));
}

function describePoint({ data, series }: Chart, index: number): string {
  const values = series.slice(1).map(({ label, value }, n) => {
    const format = value as (chart: unknown, value: number) => string;
    return `${format(undefined, data[n + 1]![index] ?? 0)} ${label}`;
  });
  return `${formatClock(data[0][index]! * 1000)}: ${values.join(", ")}`;
}
