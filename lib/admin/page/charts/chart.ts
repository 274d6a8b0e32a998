/**
 * One chart over time.
 *
 * A person can point at a time; its values then stay visible while the chart
 * moves on.
 *
 * @module
 */

import type uPlotModule from "uplot";
import { byId, setAttribute, setText } from "../base/element.ts";
import { formatClock } from "../../client/format.ts";
import type { Palette } from "../base/theme.ts";
import { nearest } from "./nearest.ts";
import type { Past } from "./history.ts";
import { type ChartStyle, plotOptions } from "./options.ts";

/** A separate script defines it before the modules run. */
const { uPlot } = globalThis as unknown as { uPlot: typeof uPlotModule };

/** CSS pixels. */
const HEIGHT = 148;

/** Receives pointer and key events. */
export interface Pointer {
  /** The pointer is over a time; `undefined` when it leaves. */
  onHover(time: number | undefined): void;
  /** A time is pinned. */
  onChoose(time: number): void;
  /** The arrow keys go to an earlier or a later point. */
  onStep(steps: number): void;
  /** The pinned time is released. */
  onRelease(): void;
}

const NO_DATA: Past = {
  times: [],
  values: { down: [], up: [], open: [], opened: [], failed: [] },
  range: [Date.now() / 1000 - 3600, Date.now() / 1000],
  startedAt: 0,
};

/** A chart. */
export class Chart {
  readonly #style: ChartStyle;
  readonly #place: HTMLElement;
  #plot: uPlotModule | undefined;
  #data = NO_DATA;
  #pointedAt: number | undefined;

  /** Connects its element. */
  constructor(style: ChartStyle, pointer: Pointer) {
    this.#style = style;
    this.#place = byId(`${style.name}-chart`, HTMLElement);
    this.#listen(pointer);
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry!.contentRect.width);
      if (width > 0) this.#plot?.setSize({ width, height: HEIGHT });
      this.#showCursor();
    }).observe(this.#place);
  }

  /** Draws in other colours. */
  paint(palette: Palette): void {
    this.#plot?.destroy();
    this.#plot = new uPlot(
      {
        ...plotOptions(this.#style, palette, () => this.#data),
        width: this.#place.clientWidth || 300,
        height: HEIGHT,
      },
      this.#columns,
      this.#place,
    );
    this.#showCursor();
  }

  /**
   * Shows its part of the past.
   *
   * @param span The length of its range in words.
   */
  show(data: Past, span: string): void {
    this.#data = data;
    this.#plot?.setData(this.#columns);
    const { describe, name, series } = this.#style;
    const most = series.map(({ name }) =>
      data.values[name]
        .reduce<number>((top, value) => Math.max(top, value ?? 0), 0)
    );
    const text = data.times.length === 0 ? "no data yet" : describe(most);
    const title = byId(`${name}-title`, HTMLElement).textContent;
    setAttribute(this.#place, "aria-label", `${title}, ${span}: ${text}`);
    setText(byId(`${name}-peak`, HTMLElement), `${capitalise(span)}: ${text}`);
    this.#showCursor();
  }

  /**
   * Shows the values at a time.
   *
   * @param time Seconds since 1970; `undefined` shows the peak.
   * @param isHeld Whether the time is pinned.
   */
  pointAt(time: number | undefined, isHeld: boolean): void {
    this.#pointedAt = time;
    this.#place.classList.toggle("held", isHeld);
    this.#showCursor();
  }

  get #columns(): uPlotModule.AlignedData {
    const { times, values } = this.#data;
    const columns = this.#style.series.map(({ name }) => values[name]);
    return [times, ...columns] as unknown as uPlotModule.AlignedData;
  }

  #listen({ onChoose, onHover, onRelease, onStep }: Pointer): void {
    const timeAt = (event: PointerEvent) => {
      if (this.#plot === undefined) return undefined;
      const { left, width } = this.#plot.over.getBoundingClientRect();
      const x = event.clientX - left;
      if (x < 0 || x > width) return undefined;
      return this.#plot.posToVal(x, "x");
    };
    const place = this.#place;
    place.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") onHover(timeAt(event));
    });
    place.addEventListener("pointerleave", () => onHover(undefined));
    // Handled before the plot, which takes a click for the end of a drag.
    place.addEventListener("click", (event) => {
      const time = timeAt(event as PointerEvent);
      if (time !== undefined) onChoose(time);
    }, { capture: true });
    place.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12 }[
        event.key
      ];
      if (steps !== undefined) onStep(steps);
      else if (event.key === "Escape") onRelease();
      else return;
      event.preventDefault();
    });
  }

  #showCursor(): void {
    const { name } = this.#style;
    const { times } = this.#data;
    const index = this.#pointedAt === undefined
      ? -1
      : nearest(times, this.#pointedAt);
    const isOver = index >= 0;
    const text = isOver ? this.#describePoint(index) : "";
    const point = byId(`${name}-point`, HTMLElement);
    byId(`${name}-peak`, HTMLElement).hidden = isOver;
    point.hidden = !isOver;
    setText(point, text);
    setAttribute(this.#place, "aria-valuenow", String(Math.max(0, index)));
    setAttribute(
      this.#place,
      "aria-valuemax",
      String(Math.max(0, times.length - 1)),
    );
    setAttribute(this.#place, "aria-valuetext", isOver ? text : "no point");
    const plot = this.#plot;
    if (plot === undefined) return;
    // Set again each time, because the plot forgets that its points have moved.
    plot.setCursor({ left: -10, top: -10 }, false);
    if (!isOver) return;
    const left = plot.valToPos(times[index]!, "x");
    plot.setCursor({ left, top: 0 }, false);
  }

  #describePoint(index: number): string {
    const { times, values } = this.#data;
    const texts = this.#style.series.map(({ format, label, name }) => {
      const value = values[name][index] ?? null;
      return `${value === null ? "–" : format(value)} ${label}`;
    });
    return `${formatClock(times[index]! * 1000)}: ${texts.join(", ")}`;
  }
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
