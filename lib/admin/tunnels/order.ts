/**
 * The order of open tunnels in a list.
 *
 * @module
 */

import type { ListedTunnel } from "../api.ts";

/** Compares two tunnels. */
export type CompareTunnels = (one: ListedTunnel, other: ListedTunnel) => number;

/** Columns whose value is not a field. */
const VALUES: Readonly<
  Record<string, (tunnel: ListedTunnel) => string | number | undefined>
> = {
  age: ({ ageMs }) => ageMs,
  rate: ({ receivedRate, sentRate }) => receivedRate + sentRate,
};

/**
 * Makes the order of a column.
 *
 * @param sort Name of the column; with `-` the largest come first.
 * @returns Compares by the column, then by age.
 */
export function tunnelOrder(sort: string): CompareTunnels {
  const sign = sort.startsWith("-") ? -1 : 1;
  const column = sort.replace(/^-/, "");
  const valueOf = VALUES[column] ??
    ((tunnel) => tunnel[column as keyof ListedTunnel]);
  return (one, other) =>
    sign * compare(valueOf(one) ?? "", valueOf(other) ?? "") ||
    one.id - other.id;
}

function compare(one: string | number, other: string | number): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
