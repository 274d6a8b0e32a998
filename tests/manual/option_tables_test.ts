import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { count, flag, operand } from "../../lib/cli/declare_options.ts";
import {
  type CommandTables,
  fillRegions,
  readRegions,
  undocumented,
} from "../../scripts/docs/regions.ts";
import { runOk } from "../support/programs.ts";
import { cacheEnvironment } from "../support/sluice_commands.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

const TABLES: CommandTables = new Map([
  ["serve", {
    "places": operand("text", { value: "PLACE", help: "where" }, () => []),
    "most": count({ default: "7", most: "9", help: "how many" }),
    "least": count({ group: "Few", help: "how few (default as many)" }),
    "open": flag("let anyone in, as --most or a|b", { requires: "least" }),
  }],
  ["serve more", { "most": count({ default: "8", help: "how many" }) }],
]);

function region(words: string, ...rows: string[]): string {
  const inner = rows.length === 0 ? "" : `\n${rows.join("\n")}\n\n`;
  return `before\n\n<!-- options ${words} -->\n${inner}<!-- end -->\n\nafter\n`;
}

const HEAD = ["| option | default | what it does |", "| --- | --- | --- |"];

Deno.test("fillRegions() writes names, defaults, bounds and needs as declared", () => {
  const filled = region(
    "serve",
    ...HEAD,
    "| `PLACE` |  | where |",
    "| `--most N` | `7` | how many; from 1 to 9 |",
    "| `--least N` | as many | how few |",
    "| `--open` | off | let anyone in, as `--most` or a\\|b; needs `--least` |",
  );
  assertEquals(fillRegions(region("serve"), TABLES), filled);
  assertEquals(fillRegions(filled, TABLES), filled);
});

Deno.test("fillRegions() changes a region whose default is wrong, and nothing else", () => {
  const right = fillRegions(region("serve --most"), TABLES);
  const text = right.replace("`7`", "`5`") + right.replace("before", "`7`");
  assertEquals(
    fillRegions(text, TABLES),
    right + right.replace("before", "`7`"),
  );
});

Deno.test("readRegions() finds a command, a group, and options in their order", () => {
  const text = ["serve more", "serve Few", "serve --open --most"]
    .map((words) => region(words)).join("");
  assertEquals(readRegions(text, TABLES), [
    { command: "serve more", options: ["most"] },
    { command: "serve", options: ["least"] },
    { command: "serve", options: ["open", "most"] },
  ]);
});

for (const words of ["sing", "serve --wide", "serve Many"]) {
  Deno.test(`readRegions() refuses '${words}', which is not there`, () => {
    const { message } = assertThrows(() => readRegions(region(words), TABLES));
    assertStringIncludes(message as string, words.split(" ").at(-1)!);
  });
}

Deno.test("undocumented() finds options that no region shows, by help and default", () => {
  const shown = readRegions(region("serve --most --places"), TABLES);
  assertEquals(undocumented(shown, TABLES), [
    "--least of serve",
    "--open of serve",
    "--most of serve more",
  ]);
});

Deno.test("the manual has every option, with the default that is declared", async () => {
  const args = ["run", "-A", `${ROOT}scripts/docs.ts`, "--check"];
  await runOk(Deno.execPath(), args, { env: cacheEnvironment() });
});
