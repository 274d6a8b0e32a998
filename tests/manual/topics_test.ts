import { assert, assertEquals, assertMatch } from "@std/assert";
import { searchTopics } from "../../lib/manual/search.ts";
import { readTopics } from "../../lib/manual/topics.ts";

const TOPICS = [
  {
    name: "rules",
    title: "Rules",
    brief: "Rules say who may go where",
    text: "# Rules\n\nRules say who may go where.\n\n## Time\n\nA time ZONE.\n",
  },
  {
    name: "limits",
    title: "Limits",
    brief: "",
    text: "# Limits\n\n<!-- zone time -->\nThe zone of a quota's time.\n",
  },
];

Deno.test("readTopics() reads the heading and the first sentence of each file", async () => {
  const topics = await readTopics();
  const names = topics.map(({ name }) => name);
  assertEquals(names, names.toSorted());
  for (const { brief, name, text, title } of topics) {
    assert(text.startsWith(`# ${title}\n`), name);
    assertMatch(brief, /^[^`*[\]]{15,160}[^.:]$/, name);
    assert(text.split("\n").length <= 250, `${name} is too long`);
  }
});

Deno.test("searchTopics() finds lines with all words, in any order and case", () => {
  assertEquals(searchTopics(TOPICS, ["zone", "TIME"]), {
    count: 2,
    places: [
      { topic: "rules", heading: "Time", line: "A time ZONE." },
      {
        topic: "limits",
        heading: "Limits",
        line: "The zone of a quota's time.",
      },
    ],
  });
  assertEquals(searchTopics(TOPICS, ["nowhere"]), { count: 0, places: [] });
});

Deno.test("searchTopics() gives the cells of a table without its bars", () => {
  const row = "| `--log text\\|json`   | `text`   |          | the format  |";
  const topics = [{
    name: "t",
    title: "T",
    brief: "",
    text: `# T\n\n${row}\n`,
  }];
  const line = "`--log text|json`  `text`  the format";
  assertEquals(searchTopics(topics, ["format"]).places, [
    { topic: "t", heading: "T", line },
  ]);
});

Deno.test("searchTopics() gives a bounded number of lines, and how many there are", () => {
  const text = "# T\n\n" + "word\n".repeat(500);
  const many = [{ name: "t", title: "T", brief: "", text }];
  const { count, places } = searchTopics(many, ["word"]);
  assertEquals([count, places.length], [500, 40]);
});
