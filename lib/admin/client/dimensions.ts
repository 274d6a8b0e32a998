/**
 * The fields by which connections are grouped and ranked.
 *
 * @module
 */

/** The fields, by their names in filters. */
export const DIMENSIONS = ["user", "client", "target", "rule"] as const;

/** One of the fields. */
export type Dimension = typeof DIMENSIONS[number];
