/**
 * Fills the manual's option tables from the declarations of the options.
 *
 * Usage: deno run -A scripts/docs.ts [--check]
 *
 * With `--check` it changes nothing: it lists outdated documents and options
 * without a table, and exits with 1 if there are any.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { loadCommandTables } from "./docs/command_tables.ts";
import { fillRegions, readRegions, undocumented } from "./docs/regions.ts";

const MANUAL = new URL("../lib/manual/", import.meta.url);

const { check } = parseArgs(Deno.args, { boolean: ["check"] });
const tables = await loadCommandTables();
const names = [...Deno.readDirSync(MANUAL)].map(({ name }) => name)
  .filter((name) => name.endsWith(".md")).toSorted();

const faults: string[] = [];
const regions = [];
for (const name of names) {
  const path = new URL(name, MANUAL);
  const text = await Deno.readTextFile(path);
  regions.push(...readRegions(text, tables));
  const filled = fillRegions(text, tables);
  // Documents without regions are not generated, so they keep their format.
  const wanted = filled === text ? text : await format(filled);
  if (wanted === text) continue;
  if (check) faults.push(`${name} is out of date; run 'deno task docs'`);
  else await Deno.writeTextFile(path, wanted);
}
for (const option of undocumented(regions, tables)) {
  faults.push(`${option} is in no table of the manual`);
}
Deno.stderr.writeSync(
  new TextEncoder().encode(faults.map((fault) => `${fault}\n`).join("")),
);
if (faults.length > 0) Deno.exit(1);

/** Formats Markdown as `deno fmt` does. */
async function format(text: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const [{ success, stdout }] = await Promise.all([
    child.output(),
    new Blob([text]).stream().pipeTo(child.stdin),
  ]);
  if (!success) throw new Error("deno fmt did not accept a document");
  return new TextDecoder().decode(stdout);
}
