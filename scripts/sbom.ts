/**
 * Prints the contents of the compiled program (a software bill of materials) as
 * CycloneDX 1.6 JSON: the runtime and every package, with version, licence,
 * checksum and dependents.
 *
 * Usage: deno run -A scripts/sbom.ts > sluice.cdx.json
 *
 * The packages are those of the program's modules, without those of the tests.
 * Checksums come from `deno.lock`, licences from the packages.
 *
 * @module
 */

import project from "../deno.json" with { type: "json" };

const ROOT = `${import.meta.dirname}/..`;

/** The program itself, in the list of dependencies. */
const PROGRAM = `pkg:jsr/${project.name}@${project.version}`;

/** A part of the program. */
export interface Component {
  type: "library" | "platform";
  "bom-ref": string;
  name: string;
  version: string;
  /** Package URL: the same as `bom-ref`. */
  purl: string;
  licenses: { license: { id: string } }[];
  hashes?: { alg: "SHA-512"; content: string }[];
}

/** The part of the format that this script writes. */
export interface BillOfMaterials {
  bomFormat: "CycloneDX";
  specVersion: "1.6";
  version: 1;
  metadata: {
    component: {
      type: "application";
      "bom-ref": string;
      name: string;
      version: string;
      purl: string;
      licenses: { license: { id: string } }[];
    };
  };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

/** A package, as `deno info` describes it. */
interface Package {
  name: string;
  version: string;
  /** Its folder. */
  localPath: string;
  /** Keys of the packages that it needs. */
  dependencies: string[];
}

/**
 * Creates the list.
 *
 * @returns The list, with its parts sorted by name.
 * @throws {Error} If a package has no checksum or no licence.
 */
export async function billOfMaterials(): Promise<BillOfMaterials> {
  const { npmPackages, roots } = await packagesOf("lib/program/compiled.ts");
  const lock = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.lock`));
  const names = [...reach(roots, npmPackages)].toSorted();
  const refs = new Map(names.map((key) => [key, refOf(npmPackages[key]!)]));
  const runtime = `pkg:github/denoland/deno@v${Deno.version.deno}`;
  const refsOf = (keys: Iterable<string>) =>
    [...new Set([...keys].map((key) => refs.get(key)!))].toSorted();
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": PROGRAM,
        name: project.name,
        version: project.version,
        purl: PROGRAM,
        licenses: [{ license: { id: project.license } }],
      },
    },
    components: [
      {
        type: "platform",
        "bom-ref": runtime,
        name: "deno",
        version: Deno.version.deno,
        purl: runtime,
        licenses: [{ license: { id: "MIT" } }],
      },
      ...await Promise.all(
        names.map((key) => componentOf(npmPackages[key]!, lock.npm)),
      ),
    ],
    dependencies: [
      { ref: PROGRAM, dependsOn: [runtime, ...refsOf(roots)] },
      ...names.map((key) => ({
        ref: refs.get(key)!,
        dependsOn: refsOf(npmPackages[key]!.dependencies),
      })),
    ],
  };
}

/**
 * Lists all packages that a module imports, directly or indirectly, also
 * lazily.
 */
async function packagesOf(module: string) {
  const { modules, npmPackages } = await deno([
    ...["info", "--json", "--no-config", "--import-map=deno.json"],
    module,
  ]);
  const roots = new Set<string>();
  for (const { npmPackage } of modules as { npmPackage?: string }[]) {
    if (npmPackage !== undefined) roots.add(npmPackage);
  }
  return { npmPackages: npmPackages as Record<string, Package>, roots };
}

/** Adds the dependencies of the packages, and theirs. */
function reach(
  roots: ReadonlySet<string>,
  packages: Record<string, Package>,
): Set<string> {
  const found = new Set(roots);
  // Iterating over a set includes values added meanwhile.
  for (const key of found) {
    for (const needed of packages[key]!.dependencies) found.add(needed);
  }
  return found;
}

async function componentOf(
  { name, version, localPath }: Package,
  locked: Record<string, { integrity: string }>,
): Promise<Component> {
  const ref = refOf({ name, version });
  const entry = Object.entries(locked).find(([key]) =>
    // The packages that it was resolved with may follow.
    key === `${name}@${version}` || key.startsWith(`${name}@${version}_`)
  );
  if (entry === undefined) throw new Error(`deno.lock has no ${ref}`);
  const [algorithm, sum] = entry[1].integrity.split("-");
  if (algorithm !== "sha512") throw new Error(`${ref} has no SHA-512`);
  const text = await Deno.readTextFile(`${localPath}/package.json`);
  const { license } = JSON.parse(text);
  if (typeof license !== "string") throw new Error(`${ref} has no licence`);
  return {
    type: "library",
    "bom-ref": ref,
    name,
    version,
    purl: ref,
    licenses: [{ license: { id: license } }],
    hashes: [{ alg: "SHA-512", content: Uint8Array.fromBase64(sum!).toHex() }],
  };
}

/** A package URL; the `@` of a scope is encoded. */
function refOf({ name, version }: Pick<Package, "name" | "version">): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

async function deno(args: string[]) {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`deno ${args[0]} failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

if (import.meta.main) {
  const text = JSON.stringify(await billOfMaterials(), null, 2);
  await new Blob([`${text}\n`]).stream()
    .pipeTo(Deno.stdout.writable, { preventClose: true });
}
