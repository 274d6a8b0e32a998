import { assert, assertEquals } from "@std/assert";
import { embeddedVersion } from "../../scripts/embedded_version.ts";

const ROOT = `${import.meta.dirname}/../..`;

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

Deno.test("compile finds every module of the program by deno.json as a plain import map", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["info", "--json", "--no-config", "--import-map=deno.json"],
      "main.ts",
    ],
    cwd: ROOT,
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  const faults = (modules as Module[]).flatMap(({ dependencies = [] }) =>
    dependencies.flatMap(({ code }) => code?.error ?? [])
  );
  assertEquals(faults, []);
  assert(modules.length > 300);
});

interface Module {
  dependencies?: { code?: { error?: string } }[];
}
