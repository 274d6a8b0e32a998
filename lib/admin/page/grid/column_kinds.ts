/**
 * Kinds of columns that several tables have.
 *
 * @module
 */

import { make, setAttribute, textOf } from "../base/element.ts";
import { NOTHING } from "../../client/format.ts";
import type { GridColumn } from "./drawn_row.ts";

/** Prepares a cell with a text; an empty one is shown as a dash. */
export function shown<R>(
  cell: HTMLElement,
  textFor: (row: R) => string | undefined,
): (row: R) => void {
  const show = textOf(cell);
  return (row) => show(textFor(row) || NOTHING);
}

/** Creates a column of figures, which sorts the largest first. */
export function figureColumn<R>(
  id: string,
  label: string,
  valueOf: (row: R) => number,
  format: (value: number) => string,
): GridColumn<R> {
  return {
    id,
    label,
    firstDirection: -1,
    sortBy: valueOf,
    create: (cell) => shown(cell, (row) => format(valueOf(row))),
  };
}

/**
 * Creates the column with the button that ends something.
 *
 * @param text Text of the button.
 * @param describe Describes the effect for screen readers; `undefined` hides the
 *   button.
 */
export function killColumn<R>(
  text: string,
  describe: (row: R) => string | undefined,
): GridColumn<R> {
  return {
    id: "action",
    label: "Kill",
    isLabelHidden: true,
    create(cell) {
      const button = make("button", {
        className: "quiet",
        text,
        // It is no Tab stop of its own, because the table is one, and Delete
        // does the same.
        attributes: { type: "button", tabindex: "-1" },
      });
      cell.append(button);
      return (row) => {
        const effect = describe(row);
        button.hidden = effect === undefined;
        setAttribute(button, "aria-label", effect ?? "");
      };
    },
  };
}
