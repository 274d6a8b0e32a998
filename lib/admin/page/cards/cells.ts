/**
 * Cells of short tables.
 *
 * @module
 */

import { make, setAttribute, textOf } from "../base/element.ts";

/** A cell, and a function that shows text in it. */
export type Cell = [
  element: HTMLTableCellElement,
  show: (text: string) => void,
];

/** Creates a cell. */
export function cell(className = ""): Cell {
  const made = make("td", className === "" ? {} : { className });
  return [made, textOf(made)];
}

/** Creates the heading of a row. */
export function rowHeading(): Cell {
  const made = make("th", { attributes: { scope: "row" } });
  const show = textOf(made);
  return [made, (text) => {
    show(text);
    setAttribute(made, "title", text);
  }];
}

/** Creates the heading of a row that acts when it is clicked. */
export function buttonHeading(onClick: () => void): Cell {
  const button = make("button", {
    className: "link",
    attributes: { type: "button" },
  });
  button.addEventListener("click", onClick);
  const show = textOf(button);
  const made = make("th", { attributes: { scope: "row" } }, [button]);
  return [made, (text) => {
    show(text);
    setAttribute(button, "title", text);
  }];
}

/**
 * Creates a cell with a bar.
 *
 * @returns The cell, and a function that shows a share of 0 to 1.
 */
export function barCell(): [HTMLTableCellElement, (share: number) => void] {
  const bar = make("span", { className: "bar" });
  const made = make("td", { className: "bar-cell" }, [bar]);
  return [made, (share) => bar.style.inlineSize = `${100 * share}%`];
}
