/**
 * Tests that a publish sends all files that users need, and no others.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url).pathname;

async function deno(args: string[], env: Record<string, string> = {}) {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
  }).output();
  const said = new TextDecoder().decode(stdout) +
    new TextDecoder().decode(stderr);
  assert(success, `${args.join(" ")}: ${said}`);
  return said;
}

/** Lists the files that a publish would send. */
async function publishedFiles(): Promise<string[]> {
  const said = await deno([
    "publish",
    "--dry-run",
    "--allow-dirty",
    "--no-check",
  ]);
  return [...said.matchAll(/file:\/\/(\S+) \(/g)].map(([, path]) =>
    path!.slice(ROOT.length)
  );
}

Deno.test("deno publish sends the library and the program, and no tests", async () => {
  const files = await publishedFiles();
  const tops = new Set(files.map((path) => path.replace(/\/.*/, "")));
  assertEquals([...tops].toSorted(), [
    "LICENSE",
    "README.md",
    "deno.json",
    "lib",
    "main.ts",
  ]);
  for (const path of ["lib/mod.ts", "lib/manual/library.md"]) {
    assert(files.includes(path), path);
  }
});

Deno.test("deno install makes a program from the published files, using only the cache", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const path of await publishedFiles()) {
      const target = `${folder}/package/${path}`;
      await Deno.mkdir(target.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.copyFile(ROOT + path, target);
    }
    const source = `${folder}/package`;
    await deno([
      ...["install", "--global", "--allow-all", "--name", "sluice"],
      ...["--root", folder, "--config", `${source}/deno.json`],
      ...["--cached-only", `${source}/main.ts`],
    ]);
    await Deno.symlink(Deno.execPath(), `${folder}/bin/deno`);
    const { stdout, success } = await new Deno.Command(`${folder}/bin/sluice`, {
      args: ["help", "library"],
      env: { PATH: `${folder}/bin:${Deno.env.get("PATH")}` },
    }).output();
    assert(success);
    assert(new TextDecoder().decode(stdout).includes("startProxy"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
