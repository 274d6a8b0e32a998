/**
 * Which rows of a long list are to be drawn.
 *
 * @module
 */

/** Rows above and below what is seen, so that scrolling finds them drawn. */
const MARGIN = 6;

/** What is looked at; all in pixels, but `count`. */
export interface Viewport {
  /** How far it is scrolled. */
  scrollTop: number;
  /** How much of the list is seen. */
  height: number;
  /** Of each row. */
  rowHeight: number;
  /** Rows of the list. */
  count: number;
}

/** What is drawn. */
export interface VisibleRows {
  /** Number of the first row. */
  first: number;
  /** Number of the row behind the last. */
  end: number;
  /** Pixels to leave above. */
  before: number;
  /** Pixels to leave below. */
  after: number;
}

/** Works out which rows are seen, with a few around them. */
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
