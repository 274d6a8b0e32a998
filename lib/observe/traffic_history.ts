/**
 * Keeps the traffic of the last hour, as one point every few seconds.
 *
 * @module
 */

/** Totals since the start. */
export interface TrafficSums {
  /** Bytes to targets. */
  readonly sent: number;
  /** Bytes to clients. */
  readonly received: number;
  /** Connections accepted. */
  readonly total: number;
  /** Connections open now. */
  readonly open: number;
}

/** The traffic between two measurements. */
export interface TrafficPoint {
  /** Time of the second measurement, in milliseconds since 1970. */
  at: number;
  /** Bytes per second to targets. */
  up: number;
  /** Bytes per second to clients. */
  down: number;
  /** New connections per second. */
  opened: number;
  /** Open connections at the second measurement. */
  open: number;
}

/** The points of the last hour, up to a maximum. */
export class TrafficHistory {
  readonly #most: number;
  readonly #points: TrafficPoint[] = [];
  #last: TrafficSums;
  #lastAt: number;

  /**
   * Creates a history without points.
   *
   * @param most Number of points to keep.
   * @param sums Current totals.
   * @param now Time of those totals, in milliseconds since 1970.
   */
  constructor(most: number, sums: TrafficSums, now: number) {
    this.#most = most;
    this.#last = sums;
    this.#lastAt = now;
  }

  /** The points, oldest first. */
  get points(): readonly TrafficPoint[] {
    return this.#points;
  }

  /**
   * Adds a point.
   *
   * @param sums Current totals.
   * @param now Time of those totals, in milliseconds since 1970.
   */
  add(sums: TrafficSums, now: number): TrafficPoint {
    // The system's clock may have been set back.
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
