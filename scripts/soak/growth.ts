/**
 * Tells growth from the ups and downs of a program that does not grow.
 *
 * @module
 */

import type { Sample } from "./soaked_server.ts";

/** What may not grow. */
type Figure = keyof Sample;

/** What each is called, and how it is written. */
const FIGURES: readonly (readonly [Figure, string, number])[] = [
  ["heap", "heap, KB", 1024],
  ["memory", "memory, MB", 1e6],
  ["descriptors", "descriptors", 1],
  ["resources", "resources", 1],
  ["timers", "timers", 1],
  ["promises", "promises", 1],
];

/**
 * By how much each may be more in the end, whatever was done in between: less
 * than a tenth of what one thing left behind by each of 10,000 connections
 * would be.
 */
export const MOST_GROWTH: Readonly<Record<Figure, number>> = {
  // Tables that fill up at their own pace, such as figures of the last hour.
  heap: 512 * 1024,
  // What an allocator keeps depends on the order in which things were freed.
  memory: 32e6,
  descriptors: 2,
  resources: 2,
  timers: 8,
  promises: 100,
};

/** Samples of the same state, looked at after one another. */
const ALIKE = 3;

/**
 * Compares the least of the first samples with the least of the last.
 *
 * @param samples What was found, each time after the same work; two or more.
 * @returns A sentence for each figure that has grown by too much.
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
 * Writes a row of the table.
 *
 * @param after What was done.
 * @param sample What was found.
 * @returns The row, without the end of the line.
 */
export function tableRow(after: string, sample: Sample): string {
  const cells = FIGURES.map(([figure, , unit]) =>
    Math.round(sample[figure] / unit)
  );
  return `| ${after} | ${cells.join(" | ")} |`;
}
