/**
 * The charts. They share one time: a point chosen in one appears in all.
 *
 * @module
 */

import {
  formatCount,
  formatFrequency,
  formatRate,
} from "../../client/format.ts";
import { pause } from "../base/pause.ts";
import type { Palette } from "../base/theme.ts";
import { Chart } from "./chart.ts";
import { nearest } from "./nearest.ts";
import type { ChartStyle } from "./options.ts";
import type { Past } from "./history.ts";

const STYLES: readonly ChartStyle[] = [
  {
    name: "throughput",
    least: 1_000,
    series: [
      {
        name: "down",
        label: "down",
        color: "down",
        area: "downArea",
        format: formatRate,
      },
      { name: "up", label: "up", color: "up", format: formatRate },
    ],
    describe: ([down = 0, up = 0]) =>
      `at most ${formatRate(down)} down and ${formatRate(up)} up`,
  },
  {
    name: "connections",
    least: 4,
    series: [
      {
        name: "open",
        label: "open",
        color: "down",
        area: "downArea",
        format: formatCount,
        isWhole: true,
      },
    ],
    describe: ([open = 0]) => `at most ${formatCount(open)} open`,
  },
  {
    name: "starts",
    least: 1,
    series: [
      {
        name: "opened",
        label: "new per second",
        color: "down",
        area: "downArea",
        format: formatFrequency,
      },
      {
        name: "failed",
        label: "failed per second",
        color: "wrong",
        format: formatFrequency,
      },
    ],
    describe: ([opened = 0, failed = 0]) =>
      `at most ${formatFrequency(opened)} new and ` +
      `${formatFrequency(failed)} failed per second`,
  },
];

/** The charts. */
export class Charts {
  readonly #charts: readonly Chart[];
  #palette: Palette | undefined;
  #times: readonly number[] = [];
  #hovered: number | undefined;
  #chosen: number | undefined;

  /** Connects the elements. */
  constructor() {
    const pointer = {
      onHover: (time: number | undefined) => {
        this.#hovered = time;
        this.#point();
      },
      onChoose: (time: number) => {
        const isSame = this.#chosen !== undefined &&
          this.#indexOf(time) === this.#indexOf(this.#chosen);
        this.#choose(isSame ? undefined : time);
      },
      onStep: (steps: number) => this.#step(steps),
      onRelease: () => this.#choose(undefined),
    };
    this.#charts = STYLES.map((style) => new Chart(style, pointer));
  }

  /** Draws in other colours, each chart in a task of its own. */
  async paint(palette: Palette): Promise<void> {
    this.#palette = palette;
    for (const chart of this.#charts) {
      await pause();
      // The colours changed again meanwhile.
      if (palette !== this.#palette) return;
      chart.paint(palette);
    }
  }

  /**
   * Shows the past.
   *
   * @param span The length of its range in words.
   */
  show(past: Past, span: string): void {
    this.#times = past.times;
    for (const chart of this.#charts) chart.show(past, span);
    const isPast = this.#chosen !== undefined && this.#chosen < past.range[0];
    if (isPast) this.#choose(undefined);
  }

  #choose(time: number | undefined): void {
    this.#chosen = time;
    this.#hovered = undefined;
    this.#point();
  }

  #step(steps: number): void {
    const last = this.#times.length - 1;
    if (last < 0) return;
    const from = this.#chosen === undefined
      ? last + 1
      : this.#indexOf(this.#chosen);
    const to = Math.max(0, Math.min(from + steps, last));
    this.#choose(this.#times[to]);
  }

  #indexOf(time: number): number {
    return nearest(this.#times, time);
  }

  /** A time under the pointer overrides a pinned one. */
  #point(): void {
    const time = this.#hovered ?? this.#chosen;
    for (const chart of this.#charts) {
      chart.pointAt(time, this.#chosen !== undefined);
    }
  }
}
