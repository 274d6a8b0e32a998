/**
 * Distinguishes growth from the fluctuation of a program that does not grow.
 *
 * @module
 */

import type { Sample } from "./soaked_server.ts";

/** A figure that must not grow. */
type Figure = keyof Sample;

/** Name and unit of each figure. */
const FIGURES: readonly (readonly [Figure, string, number])[] = [
  ["heap", "heap, KB", 1024],
  ["memory", "memory, MB", 1e6],
  ["descriptors", "descriptors", 1],
  ["resources", "resources", 1],
  ["timers", "timers", 1],
  ["promises", "promises", 1],
];

/**
 * Largest allowed growth of each figure over the whole run. It is less than a
 * tenth of what one leaked object for each of 10,000 connections would amount
 * to.
 */
const MOST_GROWTH: Readonly<Record<Figure, number>> = {
  // Tables that fill at their own pace, such as the figures of the last hour.
  heap: 512 * 1024,
  // The memory that an allocator keeps depends on the order of releases.
  memory: 32e6,
  descriptors: 2,
  resources: 2,
  timers: 8,
  promises: 100,
};

/** Successive samples of the same state. */
const ALIKE = 3;

/**
 * Compares the minimum of the first samples with that of the last.
 *
 * @param samples Samples after equal amounts of work; two or more.
 * @returns A sentence for each figure that has grown too much.
 */
export function findGrowth(samples: readonly Sample[]): string[] {
  const count = Math.min(ALIKE, Math.floor(samples.length / 2));
  const least = (list: readonly Sample[], figure: Figure) =>
    Math.min(...list.map((sample) => sample[figure]));
  return FIGURES.flatMap(([figure, name, unit]) => {
    const first = least(samples.slice(0, count), figure);
    const last = least(samples.slice(-count), figure);
    const most = MOST_GROWTH[figure];
    if (last - first <= most) return [];
    const [from, to, limit] = [first, last, most]
      .map((value) => Math.round(value / unit));
    return [`${name}: from ${from} to ${to}, and ${limit} more would do`];
  });
}

/** The head of a table of samples, in Markdown. */
export function tableHead(): string {
  const names = FIGURES.map(([, name]) => name);
  return `| after | ${names.join(" | ")} |\n| --- |${
    " ---: |".repeat(names.length)
  }`;
}

/**
 * Formats a row of the table.
 *
 * @param after The work before the sample.
 * @returns The row, without the line end.
 */
export function tableRow(after: string, sample: Sample): string {
  const cells = FIGURES.map(([figure, , unit]) =>
    Math.round(sample[figure] / unit)
  );
  return `| ${after} | ${cells.join(" | ")} |`;
}
