/**
 * What happened in a pool, in figures.
 *
 * @module
 */

/**
 * Why a parked connection was given up; `restart` is since others have ended
 * together, or were tried after that.
 */
export type Eviction =
  | "ended"
  | "spoke"
  | "idle"
  | "aged"
  | "full"
  | "restart"
  | "closed";

/** What happened in a pool since its start, and what is there. */
export interface PoolFigures {
  /** Borrowed from those that were parked. */
  hits: number;
  /** Borrowed by dialling. */
  misses: number;
  /** Dialled, by whomever. */
  opened: number;
  /** Given up while parked, by reason. */
  evicted: Record<Eviction, number>;
  /** Parked now. */
  idle: number;
  /** Clients that wait for a dial now. */
  waiting: number;
}

/**
 * Makes the figures of a pool in which nothing has happened.
 *
 * @returns Zeros.
 */
export function noFigures(): PoolFigures {
  return {
    hits: 0,
    misses: 0,
    opened: 0,
    evicted: {
      ended: 0,
      spoke: 0,
      idle: 0,
      aged: 0,
      full: 0,
      restart: 0,
      closed: 0,
    },
    idle: 0,
    waiting: 0,
  };
}
