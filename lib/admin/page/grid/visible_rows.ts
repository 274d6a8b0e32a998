/**
 * Computes which rows of a long list to draw.
 *
 * @module
 */

/** Rows drawn above and below the visible ones, for scrolling. */
const MARGIN = 6;

/** The visible part; all in pixels except `count`. */
export interface Viewport {
  /** Scroll position. */
  scrollTop: number;
  /** Visible height. */
  height: number;
  /** Height of a row. */
  rowHeight: number;
  /** Rows of the list. */
  count: number;
}

/** The rows to draw. */
export interface VisibleRows {
  /** Number of the first row. */
  first: number;
  /** Number after the last row. */
  end: number;
  /** Pixels to leave above. */
  before: number;
  /** Pixels to leave below. */
  after: number;
}

/** Returns the visible rows, with a few around them. */
export function visibleRows(
  { scrollTop, height, rowHeight, count }: Viewport,
): VisibleRows {
  const top = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const seen = Math.ceil(height / rowHeight) + 1;
  const first = Math.max(0, Math.min(top, count - seen) - MARGIN);
  const end = Math.min(count, Math.max(0, top) + seen + MARGIN);
  return {
    first,
    end: Math.max(first, end),
    before: first * rowHeight,
    after: Math.max(0, count - Math.max(first, end)) * rowHeight,
  };
}
