/**
 * Fails when a module of `lib/` imports from a higher floor, from a neighbour
 * on its own, when modules import each other in a circle (types count), or when
 * `main.ts` reaches past the command line.
 *
 * Usage: deno run --allow-read --allow-run=$DENO scripts/check_floors.ts
 *
 * @module
 */

/** Folders of `lib/` and their floors: imports go down. */
const FLOORS: Readonly<Record<string, number>> = {
  sync: 0,
  wire: 0,
  observe: 0,
  net: 1,
  policy: 1,
  handlers: 2,
  app: 3,
};

/** The one module that `main.ts` may import, and how long it may be. */
const ENTRY = { imports: "/lib/app/cli.ts", lines: 15 } as const;

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

/** Says what is wrong with one import, if anything is. */
function fault(from: string, to: string): string | undefined {
  const importer = /\/lib\/([^/]+)\//.exec(from)?.[1];
  const imported = /\/lib\/([^/]+)\//.exec(to)?.[1];
  if (imported === undefined) return undefined;
  if (importer === undefined) {
    if (!from.endsWith("/main.ts") || to.endsWith(ENTRY.imports)) return;
    return "main.ts imports the command line only";
  }
  if (importer === imported) return undefined;
  for (const folder of [importer, imported]) {
    if (FLOORS[folder] === undefined) return `${folder}/ is on no floor`;
  }
  const isDown = FLOORS[imported]! < FLOORS[importer]!;
  return isDown ? undefined : "imports go down the floors only";
}

/** Finds modules that import each other in a circle, if there are any. */
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

const faults = new Set<string>();
const seen = new Set<string>();
const imports = new Map<string, string[]>();
// From every file, so that one that nothing imports is looked at too.
for (const path of ["main.ts", ...sources("lib")]) {
  if (seen.has(`file://${Deno.cwd()}/${path}`)) continue;
  for (const { specifier, dependencies = [] } of await modulesOf(path)) {
    seen.add(specifier);
    const targets = dependencies.map(({ code, type }) =>
      (code ?? type)?.specifier ?? ""
    );
    imports.set(specifier, targets);
    for (const target of targets) {
      const what = fault(specifier, target);
      if (what !== undefined) faults.add(`${specifier} > ${target}: ${what}`);
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
