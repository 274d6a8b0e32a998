/**
 * The topics of the manual: the Markdown files of this folder, which a compiled
 * program embeds.
 *
 * @module
 */

/** A topic of the manual. */
export interface Topic {
  /** Its name for `sluice help`: the file name without `.md`. */
  name: string;
  /** Its heading. */
  title: string;
  /** Its first sentence. */
  brief: string;
  /** All of it, in Markdown. */
  text: string;
}

const FOLDER = new URL("./", import.meta.url);

const ENDING = ".md";

/**
 * Reads all topics, in the order of their names.
 *
 * @throws {Error} If Deno may not read the folder of Sluice's modules.
 */
export async function readTopics(): Promise<Topic[]> {
  const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
    .filter((name) => name.endsWith(ENDING))
    .map((name) => name.slice(0, -ENDING.length)).toSorted();
  return await Promise.all(names.map(async (name) => {
    const text = await Deno.readTextFile(new URL(name + ENDING, FOLDER));
    return { name, text, ...openingOf(text) };
  }));
}

function openingOf(text: string): Pick<Topic, "brief" | "title"> {
  const [heading = "", paragraph = ""] = text.trim().split(/\n{2,}/);
  const words = paragraph.replace(/\s+/g, " ");
  const [sentence = words] = /^.*?[.:](?= |$)/.exec(words) ?? [];
  return {
    title: heading.replace(/^# */, ""),
    brief: unmarked(sentence).replace(/[.:]$/, ""),
  };
}

/** Removes Markdown marks around words. */
function unmarked(text: string): string {
  return text.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "");
}
