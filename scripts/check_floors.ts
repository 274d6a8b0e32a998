/**
 * Fails in each of these cases:
 * - A module of `lib/` imports from a higher floor, or from another room on its
 *   own floor.
 * - Modules import each other in a circle (types count).
 * - A room is on no floor.
 * - A folder of `lib/` has too many files or too few entries, or a file of
 *   `lib/` or `scripts/` too many lines.
 * - Two modules of `lib/` export different things by the same name.
 * - `main.ts` imports more than the command line.
 *
 * Usage: deno run --allow-read --allow-run=$DENO scripts/check_floors.ts
 *
 * @module
 */

/** Rooms of `lib/` by floor. Imports go to a lower floor or stay in the room. */
const FLOORS: readonly (readonly string[])[] = [
  ["sync", "wire", "observe"],
  ["net", "policy"],
  ["cli"],
  ["serve"],
  ["proxy", "forward", "hub", "echo", "connect", "certs"],
  ["exec", "config", "workers", "fleet"],
  ["admin", "doctor", "manual"],
  ["top"],
  ["program"],
  ["library"],
];

/** The module that users of the library import. It stands above all rooms. */
const LIBRARY = "/lib/mod.ts";

/** Most files in a folder, and most lines of code in a file. */
const MOST = { files: 40, lines: 250 } as const;

/** Fewest entries of a folder with modules. */
const FEWEST = 4;

/** The modules that `main.ts` may import, and its most lines. */
const ENTRY = {
  imports: "/lib/program/cli.ts",
  lines: 15,
} as const;

/**
 * Modules that may reuse exported names: the library wraps functions of the
 * rooms, and SOCKS4 has messages of the same names as SOCKS5.
 */
const NAMESAKES = /^lib\/(?:library\/|mod\.ts$|wire\/socks\/v4)/;

/** The declaration of an exported name. */
const EXPORT =
  /^export (?:(?:declare|abstract|async) )*(?:function\*?|class|const|let|interface|type|enum) +([\w$]+)/gm;

interface Module {
  specifier: string;
  dependencies?: {
    code?: { specifier: string };
    type?: { specifier: string };
  }[];
}

async function modulesOf(path: string): Promise<Module[]> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", path],
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`Cannot read the imports of ${path}`);
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}

function* sources(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sources(path);
    else if (/(?<!\.d)\.ts$/.test(entry.name)) yield path;
  }
}

/** The room of a module; those of packages have none. */
const ROOM = /^file:.*?\/lib\/([^/]+)\//;

/** The floor of a room; -1 if it is on none. */
function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room));
}

/** Describes the fault of one import, if it has one. */
function fault(from: string, to: string): string | undefined {
  const importer = ROOM.exec(from)?.[1];
  const imported = ROOM.exec(to)?.[1];
  if (to.endsWith(LIBRARY)) return "nothing in lib/ imports the library";
  if (imported === undefined) return undefined;
  if (importer === undefined) {
    if (!from.endsWith("/main.ts")) return;
    if (to.endsWith(ENTRY.imports)) return;
    return "main.ts imports the command line only";
  }
  if (importer === imported) return undefined;
  for (const room of [importer, imported]) {
    if (floorOf(room) < 0) return `${room}/ is on no floor`;
  }
  if (floorOf(imported) < floorOf(importer)) return undefined;
  return "imports go down the floors only";
}

/** Describes files that are too large. */
function* lengthFaults(paths: readonly string[]): Generator<string> {
  for (const path of paths) {
    const lines = linesOfCode(Deno.readTextFileSync(path));
    if (lines > MOST.lines) {
      yield `${path}: ${lines} lines of code, not ${MOST.lines} at most`;
    }
  }
}

/** Describes folders with too many files or too few entries. */
function* folderFaults(paths: readonly string[]): Generator<string> {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  for (const [folder, count] of counts) {
    if (count > MOST.files) {
      yield `${folder}: ${count} files, not ${MOST.files} at most`;
    }
    const entries = [...Deno.readDirSync(folder)].length;
    if (entries >= FEWEST) continue;
    yield `${folder}: ${entries} entries, not ${FEWEST} at least`;
  }
}

/** Describes names that two modules declare, and export. */
function* nameFaults(paths: readonly string[]): Generator<string> {
  const owners = new Map<string, string>();
  for (const path of paths.filter((path) => !NAMESAKES.test(path))) {
    for (const [, name] of Deno.readTextFileSync(path).matchAll(EXPORT)) {
      const owner = owners.get(name!) ?? path;
      owners.set(name!, owner);
      if (owner === path) continue; // An overload, or a type and its value.
      yield `${path}: exports ${name}, and so does ${owner}`;
    }
  }
}

/** Counts the lines that are neither blank nor pure comments. */
function linesOfCode(text: string): number {
  return text.split("\n").filter((line) => !/^\s*($|\/\/|\/?\*)/.test(line))
    .length;
}

/** Finds modules that import each other in a circle. */
function findCircle(
  imports: ReadonlyMap<string, readonly string[]>,
): string[] | undefined {
  const done = new Set<string>();
  const way: string[] = [];
  function visit(module: string): string[] | undefined {
    if (done.has(module)) return undefined;
    const start = way.indexOf(module);
    if (start >= 0) return [...way.slice(start), module];
    way.push(module);
    for (const imported of imports.get(module) ?? []) {
      const circle = visit(imported);
      if (circle !== undefined) return circle;
    }
    done.add(way.pop()!);
    return undefined;
  }
  for (const module of imports.keys()) {
    const circle = visit(module);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

function inLib(specifier: string): string {
  return specifier.replace(/^(.*\/)?lib\//, "");
}

const faults = new Set<string>();
const seen = new Set<string>();
const imports = new Map<string, string[]>();
const paths = [...sources("lib")];
for (const what of lengthFaults([...paths, ...sources("scripts")])) {
  faults.add(what);
}
for (const what of folderFaults(paths)) faults.add(what);
for (const what of nameFaults(paths)) faults.add(what);
// Starts from every file, to include files that nothing imports.
for (const path of ["main.ts", ...paths]) {
  if (seen.has(`file://${Deno.cwd()}/${path}`)) continue;
  for (const { specifier, dependencies = [] } of await modulesOf(path)) {
    seen.add(specifier);
    const targets = dependencies.map(({ code, type }) =>
      (code ?? type)?.specifier ?? ""
    );
    imports.set(specifier, targets);
    for (const target of targets) {
      const what = fault(specifier, target);
      if (what === undefined) continue;
      faults.add(`${inLib(specifier)} > ${inLib(target)}: ${what}`);
    }
  }
}
const circle = findCircle(imports);
if (circle !== undefined) faults.add(`a circle: ${circle.join(" > ")}`);
const lines = Deno.readTextFileSync("main.ts").trimEnd().split("\n").length;
if (lines > ENTRY.lines) {
  faults.add(`main.ts has ${lines} lines, not ${ENTRY.lines} at most`);
}
for (const line of faults) {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}
if (faults.size > 0) Deno.exit(1);
