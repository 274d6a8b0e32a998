/**
 * What flowed in the last hour, a point each few seconds.
 *
 * @module
 */

/** Sums since the start. */
export interface TrafficSums {
  /** Bytes to targets. */
  readonly sent: number;
  /** Bytes to clients. */
  readonly received: number;
  /** Connections that have come. */
  readonly total: number;
  /** Connections that are open. */
  readonly open: number;
}

/** What flowed between two looks. */
export interface TrafficPoint {
  /** When the second look was, in milliseconds since 1970. */
  at: number;
  /** Bytes a second to targets. */
  up: number;
  /** Bytes a second to clients. */
  down: number;
  /** Connections a second that came. */
  opened: number;
  /** Connections that were open at the second look. */
  open: number;
}

/** The points of the last hour, bounded. */
export class TrafficHistory {
  readonly #most: number;
  readonly #points: TrafficPoint[] = [];
  #last: TrafficSums;
  #lastAt: number;

  /**
   * Begins without points.
   *
   * @param most Points that are kept.
   * @param sums What there is now.
   * @param now The same moment, in milliseconds since 1970.
   */
  constructor(most: number, sums: TrafficSums, now: number) {
    this.#most = most;
    this.#last = sums;
    this.#lastAt = now;
  }

  /** The points, the oldest first. */
  get points(): readonly TrafficPoint[] {
    return this.#points;
  }

  /**
   * Adds a point.
   *
   * @param sums What there is now.
   * @param now The same moment, in milliseconds since 1970.
   */
  add(sums: TrafficSums, now: number): TrafficPoint {
    // A clock that was set back must not make a rate of it.
    const seconds = Math.max(now - this.#lastAt, 1) / 1000;
    const { received, sent, total } = this.#last;
    const point = {
      at: now,
      up: (sums.sent - sent) / seconds,
      down: (sums.received - received) / seconds,
      opened: (sums.total - total) / seconds,
      open: sums.open,
    };
    this.#last = sums;
    this.#lastAt = now;
    this.#points.push(point);
    if (this.#points.length > this.#most) this.#points.shift();
    return point;
  }
}
