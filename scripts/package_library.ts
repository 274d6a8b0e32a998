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
 * - `deno pack` checks all types, which takes most of its time, unless a module
 *   imports one from a web server. `deno task check` has checked them.
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

/**
 * A module that makes `deno pack` check no types: it neither knows nor fetches
 * what this one imports.
 */
const UNCHECKED = 'import "http://invalid/";\n';

/**
 * Modules that `deno pack` would not translate: code refers to one only by URL,
 * or not at all.
 */
const PACKED: Readonly<Record<string, string>> = {
  "./unchecked": "./unchecked.ts",
  "./worker": "./lib/program/worker_entry.ts",
};

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
 */
export async function stageLibrary(folder: string): Promise<void> {
  for (const path of project.publish.include) await copy(path, folder);
  await Deno.writeTextFile(`${folder}/deno.json`, configuration());
}

/**
 * Packs the library for npm.
 *
 * @param folder A folder that {@linkcode stageLibrary} has filled.
 * @param path Where to write the package.
 * @throws {Error} If a tool fails.
 */
export async function packLibrary(folder: string, path: string): Promise<void> {
  const work = await Deno.makeTempDir({ prefix: "sluice-pack-" });
  const added = {
    [`${folder}/pack.json`]: configuration(PACKED),
    [`${folder}/unchecked.ts`]: UNCHECKED,
  };
  try {
    for (const [path, text] of Object.entries(added)) {
      await Deno.writeTextFile(path, text);
    }
    const packed = `${work}/packed.tgz`;
    const how = ["--allow-dirty", "--no-source-maps", "--output", packed];
    const config = ["--config=pack.json", "--ignore=deno.json"];
    await command(folder, Deno.execPath(), "pack", ...config, ...how);
    for (const path of Object.keys(added)) await Deno.remove(path);
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

/** The text of a `deno.json` for users of the library. */
function configuration(exports: Readonly<Record<string, string>> = {}): string {
  const { workspace: _members, ...rest } = project;
  const all = { ...rest, exports: { ...rest.exports, ...exports } };
  return JSON.stringify(all, null, 2);
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
  for (const name of ["unchecked.d.ts", "unchecked.js"]) {
    await Deno.remove(`${folder}/${name}`);
  }
  await adaptModules(folder);
  const description = `${folder}/package.json`;
  const { exports, dependencies, ...rest } = JSON.parse(
    await Deno.readTextFile(description),
  );
  for (const name of Object.keys(PACKED)) delete exports[name];
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

/** Replaces names of the import map in the modules of a folder. */
async function adaptModules(folder: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) await adaptModules(path);
    else if (/\.(d\.ts|js)$/.test(name)) {
      const text = await Deno.readTextFile(path);
      const adapted = adaptModule(text);
      if (adapted !== text) await Deno.writeTextFile(path, adapted);
    }
  }
}

function adaptModule(text: string): string {
  return text.replace(
    /(\bfrom |\bimport[ (])"([^"]+)"/g,
    (all, before, specifier) => {
      const known = ALIASES.get(specifier);
      return known === undefined ? all : `${before}"${known}"`;
    },
  );
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
  await packLibrary(folder, `${folder}/../sluice-npm.tgz`);
}
