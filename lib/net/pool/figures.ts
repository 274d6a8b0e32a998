/**
 * The figures of a pool.
 *
 * @module
 */

/** Reasons of evictions, with the counts of a new pool. */
export const NONE_EVICTED = {
  ended: 0,
  spoke: 0,
  idle: 0,
  aged: 0,
  full: 0,
  restart: 0,
  closed: 0,
};

/**
 * Why a parked connection was evicted; `restart`: others ended together, or it
 * was a trial after that.
 */
export type Eviction = keyof typeof NONE_EVICTED;

/** What happened in a pool since its start, and its state now. */
export interface PoolFigures {
  /** Borrowed from the parked ones. */
  hits: number;
  /** Borrowed by dialling. */
  misses: number;
  /** Dialled, for a client or ahead. */
  opened: number;
  /** Evicted while parked, by reason. */
  evicted: Record<Eviction, number>;
  /** Parked now. */
  idle: number;
  /** Clients that are waiting for a dial. */
  waiting: number;
}

/**
 * Creates the figures of a new pool.
 *
 * @returns Zeros.
 */
export function noFigures(): PoolFigures {
  return {
    hits: 0,
    misses: 0,
    opened: 0,
    evicted: { ...NONE_EVICTED },
    idle: 0,
    waiting: 0,
  };
}
