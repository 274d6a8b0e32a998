/**
 * Draws the rates of the last minute.
 *
 * @module
 */

import type { Palette } from "../base/theme.ts";
import { RATE_SECONDS, type RateHistory } from "../../client/rate_history.ts";

/** Width and height, in CSS pixels. */
const SIZE = { width: 80, height: 22 } as const;

/** Least bytes a second at the top, so that small rates stay low. */
const LEAST_TOP = 1_000;

/** Colours to draw with. */
export type SparkColors = Pick<Palette, "up" | "down" | "downArea">;

/** A drawing. */
export class Sparkline {
  /** The canvas. */
  readonly canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #isEmpty = true;

  /** Creates an empty drawing. */
  constructor() {
    const scale = Math.min(3, Math.ceil(devicePixelRatio));
    this.canvas = document.createElement("canvas");
    this.canvas.width = SIZE.width * scale;
    this.canvas.height = SIZE.height * scale;
    // The number beside it says the same.
    this.canvas.setAttribute("aria-hidden", "true");
    this.#context = this.canvas.getContext("2d")!;
    this.#context.scale(scale, scale);
  }

  /**
   * Draws.
   *
   * @param tick The tick at the right edge.
   */
  draw(
    rates: RateHistory | undefined,
    tick: number,
    colors: SparkColors,
  ): void {
    if (rates === undefined && this.#isEmpty) return;
    this.#context.clearRect(0, 0, SIZE.width, SIZE.height);
    this.#isEmpty = rates === undefined;
    if (rates === undefined) return;
    let top = LEAST_TOP;
    let hasUp = false;
    for (let ago = 0; ago < RATE_SECONDS; ago++) {
      const up = rates.up(tick - ago);
      top = Math.max(top, up, rates.down(tick - ago));
      hasUp ||= up > 0;
    }
    if (hasUp) {
      this.#trace((ago) => rates.up(tick - ago) / top);
      this.#stroke(colors.up);
    }
    this.#trace((ago) => rates.down(tick - ago) / top);
    this.#stroke(colors.down);
    this.#context.lineTo(SIZE.width, SIZE.height);
    this.#context.lineTo(0, SIZE.height);
    this.#context.fillStyle = colors.downArea;
    this.#context.fill();
  }

  #trace(heightOf: (ago: number) => number): void {
    const step = SIZE.width / (RATE_SECONDS - 1);
    // Keeps a line of this width within the drawing.
    const scale = SIZE.height - 2;
    this.#context.beginPath();
    for (let ago = RATE_SECONDS - 1; ago >= 0; ago--) {
      const y = SIZE.height - 1 - heightOf(ago) * scale;
      this.#context.lineTo(SIZE.width - ago * step, y);
    }
  }

  #stroke(color: string): void {
    this.#context.strokeStyle = color;
    this.#context.lineWidth = 1.25;
    this.#context.stroke();
  }
}
