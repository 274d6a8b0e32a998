/**
 * Prepares the library for JSR, and packs it for npm.
 *
 * Usage: deno run -A scripts/package_library.ts FOLDER
 *
 * `FOLDER` gets what users need, for `deno publish`, and `sluice-npm.tgz` beside
 * it: a package for Deno with a program, `sluice`.
 *
 * - `deno publish` and `deno pack` leave out members of the workspace. The admin
 *   page is one only for its types; here it is a folder like any other.
 * - The page's modules are served as they are written, and it shares some with
 *   the rest, of which `deno pack` keeps no source.
 * - `deno pack` keeps the names of the import map, such as `@std/streams`, which
 *   nobody else knows. In the package they name their npm package.
 * - `deno pack` checks all types, which takes most of its time. `deno task check`
 *   has checked them.
 *
 * @module
 */

import project from "../deno.json" with { type: "json" };
import { SHARED } from "../lib/admin/page_files.ts";

const ROOT = `${import.meta.dirname}/..`;

/** Files of the workspace's members. */
const OMITTED: readonly string[] = project.workspace.map((path) =>
  `${path.replace("./", "")}/deno.json`
);

/** The first line of a module whose types are not checked. */
const UNCHECKED = "// @ts-nocheck\n";

/** Names of npm packages in the import map that differ from their own. */
const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries(project.imports).flatMap(([name, specifier]) => {
    const [, id, path] = /^npm:\/?(@?[^@]+)@[^/]+(.*)$/.exec(specifier)!;
    return name === `${id}${path}` ? [] : [[name, `${id}${path}`]];
  }),
);

/**
 * Copies the files that users of the library get.
 *
 * @param folder An empty folder.
 * @param exports Further exports: modules that code only refers to by URL,
 *   which `deno pack` would not translate.
 */
export async function stageLibrary(
  folder: string,
  exports: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const path of project.publish.include) await copy(path, folder);
  const { workspace: _members, ...rest } = project;
  const all = { ...project.exports, ...exports };
  await Deno.writeTextFile(
    `${folder}/deno.json`,
    JSON.stringify({ ...rest, exports: all }, null, 2),
  );
}

/**
 * Packs the library for npm.
 *
 * @param path Where to write the package.
 * @throws {Error} If a tool fails.
 */
export async function packLibrary(path: string): Promise<void> {
  const work = await Deno.makeTempDir({ prefix: "sluice-pack-" });
  try {
    const source = `${work}/source`;
    await Deno.mkdir(source);
    await stageLibrary(source, { "./worker": "./lib/program/worker_entry.ts" });
    await rewrite(source, /\.ts$/, (text) => UNCHECKED + text);
    const packed = `${work}/packed.tgz`;
    const how = ["--allow-dirty", "--no-source-maps", "--output", packed];
    await command(source, Deno.execPath(), "pack", ...how);
    await command(work, "tar", "-xzf", packed);
    await adapt(`${work}/package`);
    for (const source of SHARED.values()) {
      const path = `lib/admin/page/${source}`;
      await Deno.copyFile(`${ROOT}/${path}`, `${work}/package/${path}`);
    }
    await command(work, "tar", "-czf", "adapted.tgz", "package");
    await Deno.copyFile(`${work}/adapted.tgz`, path);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function copy(path: string, folder: string): Promise<void> {
  if (OMITTED.includes(path)) return;
  const from = `${ROOT}/${path}`;
  if ((await Deno.stat(from)).isFile) {
    await Deno.copyFile(from, `${folder}/${path}`);
    return;
  }
  await Deno.mkdir(`${folder}/${path}`, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await copy(`${path}/${name}`, folder);
  }
}

/** Repairs a package of `deno pack` so that it runs. */
async function adapt(folder: string): Promise<void> {
  await rewrite(folder, /\.(js|ts)$/, (text) => text.replace(UNCHECKED, ""));
  await rewrite(folder, /\.(d\.ts|js)$/, adaptModule);
  const description = `${folder}/package.json`;
  const { exports, dependencies, ...rest } = JSON.parse(
    await Deno.readTextFile(description),
  );
  delete exports["./worker"];
  const adapted = {
    ...rest,
    exports,
    bin: { sluice: "./main.js" },
    dependencies: pinned(Object.keys(dependencies)),
  };
  await Deno.writeTextFile(description, JSON.stringify(adapted, null, 2));
}

/** The versions of the import map, for which `deno pack` writes ranges. */
function pinned(names: readonly string[]): Record<string, string> {
  const specifiers = Object.values(project.imports);
  return Object.fromEntries(names.map((name) => {
    const start = `npm:${name}@`;
    const found = specifiers.find((specifier) => specifier.startsWith(start));
    return [name, found!.slice(start.length).replace(/\/.*/, "")];
  }));
}

/** Replaces names of the import map in a module. */
function adaptModule(text: string): string {
  return text.replace(
    /(\bfrom |\bimport[ (])"([^"]+)"/g,
    (all, before, specifier) => {
      const known = ALIASES.get(specifier);
      return known === undefined ? all : `${before}"${known}"`;
    },
  );
}

/** Changes the files of a folder whose names match. */
async function rewrite(
  folder: string,
  names: RegExp,
  change: (text: string) => string,
): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) await rewrite(path, names, change);
    else if (names.test(name)) {
      const text = await Deno.readTextFile(path);
      const changed = change(text);
      if (changed !== text) await Deno.writeTextFile(path, changed);
    }
  }
}

async function command(cwd: string, program: string, ...args: string[]) {
  const { success, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env: { NO_COLOR: "1" },
    stdout: "null",
  }).output();
  if (success) return;
  throw new Error(`${program}: ${new TextDecoder().decode(stderr).trim()}`);
}

if (import.meta.main) {
  const [folder] = Deno.args;
  if (folder === undefined) {
    Deno.stderr.writeSync(
      new TextEncoder().encode("package_library: name a folder\n"),
    );
    Deno.exit(2);
  }
  await Deno.mkdir(folder, { recursive: true });
  await stageLibrary(folder);
  await packLibrary(`${folder}/../sluice-npm.tgz`);
}
