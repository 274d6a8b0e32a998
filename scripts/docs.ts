/**
 * Fills the manual's option tables from the declarations of the options, and
 * writes the library's types of the same options.
 *
 * Usage: deno run -A scripts/docs.ts [--check]
 *
 * With `--check` it changes nothing: it lists outdated documents and options
 * without a table, and exits with 1 if there are any.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { loadListenerKinds } from "../lib/config/server_kinds.ts";
import { loadCommandTables } from "./docs/command_tables.ts";
import { optionInterface } from "./docs/option_interfaces.ts";
import { fillRegions, readRegions, undocumented } from "./docs/regions.ts";

const MANUAL = new URL("../lib/manual/", import.meta.url);

const LIBRARY = new URL("../lib/library/", import.meta.url);

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
  const wanted = filled === text ? text : await format(filled, "md");
  await put(path, text, wanted);
}
for (const [name, kind] of await loadListenerKinds()) {
  const path = new URL(`${name}_options.ts`, LIBRARY);
  const text = await Deno.readTextFile(path).catch(() => "");
  await put(path, text, await format(optionInterface(name, kind), "ts"));
}
for (const option of undocumented(regions, tables)) {
  faults.push(`${option} is in no table of the manual`);
}
Deno.stderr.writeSync(
  new TextEncoder().encode(faults.map((fault) => `${fault}\n`).join("")),
);
if (faults.length > 0) Deno.exit(1);

/** Rewrites an outdated file, or with `--check` adds it to the faults. */
async function put(path: URL, text: string, wanted: string): Promise<void> {
  if (wanted === text) return;
  const name = path.pathname.replace(/^.*\//, "");
  if (check) faults.push(`${name} is out of date; run 'deno task docs'`);
  else await Deno.writeTextFile(path, wanted);
}

/** Formats a text as `deno fmt` does. */
async function format(text: string, ext: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", ext, "-"],
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
