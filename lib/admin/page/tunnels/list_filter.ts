/**
 * The filter of a table: its input field and its error message.
 *
 * @module
 */

import type { Tunnel } from "../../api.ts";
import {
  FilterError,
  matchesFilter,
  parseFilter,
  type Term,
} from "../../filter.ts";
import { byId, setText } from "../base/element.ts";

/** Receives the events of a filter. */
export interface FilterListener {
  /** The filter has changed. */
  onChange(): void;
  /** The person moves from the filter to the rows. */
  onEnter(): void;
}

/** A filter. */
export class ListFilter {
  readonly #field: HTMLInputElement;
  readonly #problem: HTMLElement;
  readonly #listener: FilterListener;
  #terms: readonly Term[] = [];
  /** Cached results; a tunnel object is replaced when it changes. */
  #found = new WeakMap<Tunnel, boolean>();

  /**
   * Connects the field.
   *
   * @param name Prefix of the ids of its elements.
   */
  constructor(name: string, listener: FilterListener) {
    this.#field = byId(`${name}-filter`, HTMLInputElement);
    this.#problem = byId(`${name}-problem`, HTMLElement);
    this.#listener = listener;
    this.#field.addEventListener("input", () => this.#parse());
    this.#field.addEventListener("keydown", (event) => {
      const isDown = event.key === "ArrowDown" || event.key === "Enter";
      if (isDown) {
        event.preventDefault();
        listener.onEnter();
      }
      // Not every browser does this itself.
      if (event.key === "Escape") this.text = "";
    });
  }

  /** Whether it excludes anything. */
  get isSet(): boolean {
    return this.#terms.length > 0;
  }

  /** Whether it is valid. */
  get isValid(): boolean {
    return this.#field.ariaInvalid !== "true";
  }

  /** The typed text, without spaces around it. */
  get text(): string {
    return this.#field.value.trim();
  }

  /** Replaces the typed text. */
  set text(text: string) {
    this.#field.value = text;
    this.#parse();
  }

  /** Tells whether a tunnel matches. */
  has(tunnel: Tunnel): boolean {
    let isFound = this.#found.get(tunnel);
    if (isFound === undefined) {
      isFound = matchesFilter(this.#terms, tunnel);
      this.#found.set(tunnel, isFound);
    }
    return isFound;
  }

  /** An invalid filter leaves the rows unchanged. */
  #parse(): void {
    try {
      this.#terms = parseFilter(this.text);
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      this.#tell(error.message);
      return;
    }
    this.#tell("");
    this.#found = new WeakMap();
    this.#listener.onChange();
  }

  #tell(problem: string): void {
    setText(this.#problem, problem);
    this.#problem.hidden = problem === "";
    this.#field.ariaInvalid = String(problem !== "");
  }
}
