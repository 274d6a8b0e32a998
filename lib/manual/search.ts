/**
 * Searches the manual for words.
 *
 * @module
 */

import type { Topic } from "./topics.ts";

/** A line found in the manual. */
export interface FoundLine {
  /** Name of the topic. */
  topic: string;
  /** Heading above the line. */
  heading: string;
  /** The line; of a table, its cells with two spaces between them. */
  line: string;
}

/** Most lines returned: more would not help the reader. */
const MOST_PLACES = 40;

/**
 * Finds lines that contain all of some words, in any order and case.
 *
 * @param topics Topics to look in.
 * @param words Words or parts of words.
 * @returns The first lines, and the number of all.
 */
export function searchTopics(
  topics: readonly Topic[],
  words: readonly string[],
): { places: FoundLine[]; count: number } {
  const wanted = words.map((word) => word.toLowerCase());
  const all = topics.flatMap((topic) => placesIn(topic, wanted));
  return { places: all.slice(0, MOST_PLACES), count: all.length };
}

function placesIn(
  { name, text }: Topic,
  wanted: readonly string[],
): FoundLine[] {
  const places: FoundLine[] = [];
  let heading = "";
  for (const line of text.split("\n")) {
    const [, title] = /^#+ +(.*)/.exec(line) ?? [];
    heading = title ?? heading;
    const low = line.toLowerCase();
    if (
      line.startsWith("<!--") || !wanted.every((word) => low.includes(word))
    ) {
      continue;
    }
    places.push({ topic: name, heading, line: withoutBars(line) });
  }
  return places;
}

/** A row of a table as its cells, without the spaces that align them. */
function withoutBars(line: string): string {
  if (!line.startsWith("|")) return line.trim();
  return line.split(/(?<!\\)\|/).map((cell) => cell.trim())
    .filter((cell) => cell !== "").join("  ").replaceAll("\\|", "|");
}
