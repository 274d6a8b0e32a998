/**
 * A row of buttons, one of which is pressed.
 *
 * @module
 */

import { byId, setAttribute } from "./element.ts";

/** A choice between a few values. */
export class Choice<Value extends string> {
  readonly #buttons: ReadonlyMap<Value, HTMLButtonElement>;
  #value: Value;

  /**
   * Connects the buttons. The first value is chosen.
   *
   * @param id Id of their parent; each button has its value as `value`.
   * @param onChoose Called when the person chooses another value.
   */
  constructor(id: string, values: readonly Value[], onChoose: () => void) {
    const buttons = byId(id, HTMLElement).querySelectorAll("button");
    this.#value = values[0]!;
    this.#buttons = new Map(values.map((value) => {
      const button = [...buttons].find((one) => one.value === value);
      if (button === undefined) {
        throw new TypeError(`Cannot find the button ${value} of #${id}`);
      }
      button.addEventListener("click", () => {
        if (this.#value === value) return;
        this.value = value;
        onChoose();
      });
      return [value, button];
    }));
    this.value = this.#value;
  }

  /** The chosen value. */
  get value(): Value {
    return this.#value;
  }

  /** Chooses a value without calling `onChoose`. */
  set value(value: Value) {
    this.#value = value;
    for (const [name, button] of this.#buttons) {
      setAttribute(button, "aria-pressed", String(name === value));
    }
  }
}
