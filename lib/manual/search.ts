/**
 * Finds the places of the manual where words stand.
 *
 * @module
 */

import type { Topic } from "./topics.ts";

/** A place in the manual. */
export interface FoundLine {
  /** Name of the topic. */
  topic: string;
  /** Heading that the line stands under. */
  heading: string;
  /** The line, as it is. */
  line: string;
}

/** Lines of topics at most: more would tell nobody where to look. */
const MOST_PLACES = 40;

/**
 * Finds lines that have all of some words in them, in any order and case.
 *
 * @param topics Topics to look in.
 * @param words Words or parts of words.
 * @returns The first places, and how many there are in all.
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
    places.push({ topic: name, heading, line: line.trim() });
  }
  return places;
}
