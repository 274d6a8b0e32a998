/**
 * The visible part of a text.
 *
 * @module
 */

import type { KeyName } from "./keys.ts";
import { lineStep } from "./line_step.ts";

/** The visible part of a text. */
export class Scroll {
  #count = 0;
  #height = 1;
  #first = 0;

  /** Index of the first visible line. */
  get first(): number {
    return this.#first;
  }

  /**
   * Sets the size of the text and of the visible part.
   *
   * @param count Lines of the text.
   * @param height Visible lines.
   */
  fit(count: number, height: number): void {
    this.#count = count;
    this.#height = Math.max(1, height);
    this.#move(0);
  }

  /**
   * Scrolls.
   *
   * @returns Whether the key scrolls.
   */
  press(key: KeyName): boolean {
    const step = lineStep(key, this.#height);
    if (step === undefined) return false;
    this.#move(step);
    return true;
  }

  #move(step: number): void {
    const last = Math.max(0, this.#count - this.#height);
    this.#first = Math.min(last, Math.max(0, this.#first + step));
  }
}
