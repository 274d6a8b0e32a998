/**
 * One fact about something, as a line shows it.
 *
 * @module
 */

/** A name and its current value. */
export type Fact = readonly [name: string, value: () => string];
