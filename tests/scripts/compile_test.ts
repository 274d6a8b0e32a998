import { assert, assertEquals, assertLess } from "@std/assert";
import project from "../../deno.json" with { type: "json" };
import { LAZY_PACKAGES } from "../../scripts/compile.ts";
import { embeddedVersion } from "../../scripts/embedded_version.ts";
import { smallRuntime } from "../../scripts/small_runtime.ts";
import { makeFolder, run, runOk, testPrograms } from "../support/programs.ts";

const ROOT = `${import.meta.dirname}/../..`;

/** All of them are in one package, which other modules import at the start. */
const STANDARD = Object.keys(project.imports)
  .filter((name) => name.startsWith("@std/"));

async function writeRuntime(folder: string, text: string): Promise<string> {
  const path = `${folder}/denort`;
  await Deno.writeTextFile(path, text);
  return path;
}

async function compile(runtime: string) {
  const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", `${ROOT}/scripts/compile.ts`],
    env: { NO_COLOR: "1", DENORT_BIN: runtime },
  }).output();
  const [out, errors] = [stdout, stderr]
    .map((part) => new TextDecoder().decode(part));
  return { code, out, errors };
}

Deno.test("compile refuses a runtime that is too old, with its version and the one it needs", async () => {
  const folder = await Deno.makeTempDir({ prefix: "sluice-compile-" });
  try {
    const path = await writeRuntime(folder, "\0Deno/0.78.0\0Deno/2.8.3Deno/");
    assertEquals(await compile(path), {
      code: 1,
      out: "",
      errors:
        `compile: ${path} is the runtime of Deno 2.8.3, which is too old: set DENORT_BIN to one of 2.9.0 or later\n`,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("compile refuses as a runtime what names no version of Deno", async () => {
  for (const path of [`${ROOT}/LICENSE`, "/nowhere/denort", "/dev/zero"]) {
    assertEquals(await compile(path), {
      code: 1,
      out: "",
      errors:
        `compile: Cannot use ${path} as denort, the runtime to embed: DENORT_BIN has to be the path of one\n`,
    });
  }
});

Deno.test("embeddedVersion() finds the version that is newest, wherever it is", async () => {
  const folder = await Deno.makeTempDir({ prefix: "sluice-compile-" });
  const length = 4 * 1024 * 1024;
  try {
    for (let cut = 0; cut <= 11; cut++) {
      const text = `${"x".repeat(length - cut)}Deno/2.10.14 Deno/2.9.99`;
      const path = await writeRuntime(folder, text);
      assertEquals(await embeddedVersion(path), "2.10.14", `cut at ${cut}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("embeddedVersion() finds the version of the Deno that runs", async () => {
  assertEquals(await embeddedVersion(Deno.execPath()), Deno.version.deno);
});

Deno.test("LAZY_PACKAGES has every package that only an import() names", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["info", "--json", "--no-config", "--import-map=deno.json"],
      "lib/program/compiled.ts",
    ],
    cwd: ROOT,
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  const late = new Set<string>();
  for (const { dependencies = [] } of modules as Module[]) {
    for (const { code, isDynamic, specifier } of dependencies) {
      assertEquals(code?.error, undefined, specifier);
      if (isDynamic && Object.hasOwn(project.imports, specifier)) {
        late.add(specifier);
      }
    }
  }
  for (const name of STANDARD) late.delete(name);
  const known: readonly string[] = LAZY_PACKAGES;
  assertEquals([...late].filter((name) => !known.includes(name)), []);
  assert(modules.length > 300);
});

interface Module {
  dependencies?: {
    specifier: string;
    isDynamic?: boolean;
    code?: { error?: string };
  }[];
}

testPrograms({
  name: "smallRuntime() removes symbols from a program, and from one in a ZIP",
  needs: ["cc", "python3", "strip", "unzip"],
  async fn({ cc, python3 }) {
    await using folder = await makeFolder();
    const source = `${folder.path}/denort`;
    await runOk(cc, ["-g", "-x", "c", "-o", source, "-"], {
      stdin: "int main(void) { return 7; }",
    });
    const download = `${source}.zip`;
    const zip = ["-m", "zipfile", "-c", download, source];
    await runOk(python3, zip);
    const { size } = await Deno.stat(source);
    for (const given of [source, download]) {
      await using work = await makeFolder();
      const small = await smallRuntime(given, work.path);
      assertLess((await Deno.stat(small!)).size, size);
      assertEquals((await run(small!, [])).code, 7);
    }
  },
});

Deno.test("smallRuntime() leaves what is no program for Linux", async () => {
  await using folder = await makeFolder();
  const given = ["nowhere", "nowhere.zip"].map((name) =>
    `${folder.path}/${name}`
  );
  for (const path of [...given, `${ROOT}/LICENSE`]) {
    assertEquals(await smallRuntime(path, folder.path), undefined, path);
  }
});
