/**
 * Tests that a publish sends all files that users need, and no others.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TextLineStream } from "@std/streams";
import project from "../../deno.json" with { type: "json" };
import { PROGRAM_VERSION } from "../../lib/cli/program_version.ts";
import { packLibrary, stageLibrary } from "../../scripts/package_library.ts";
import { makeFolder, runOk, testPrograms } from "../support/programs.ts";
import { PATIENCE } from "../support/running_program.ts";
import { cacheEnvironment } from "../support/sluice_commands.ts";
import { within } from "../support/sockets.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

async function deno(args: string[], { cwd = ROOT } = {}) {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stdout) +
    new TextDecoder().decode(stderr);
  assert(success, `${args.join(" ")}: ${said}`);
  return said;
}

/** Lists the files of a folder that a publish would send. */
async function publishedFiles(folder: string): Promise<string[]> {
  const said = await deno(
    ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    { cwd: folder },
  );
  return [...said.matchAll(/file:\/\/(\S+) \(/g)].map(([, path]) =>
    path!.slice(`${folder}/`.length)
  );
}

const work = Deno.makeTempDirSync({ prefix: "sluice-test-" });
addEventListener("unload", () => Deno.removeSync(work, { recursive: true }));

let staging: Promise<string> | undefined;

/** Stages the library, once for all tests; returns its folder. */
function staged(): Promise<string> {
  return staging ??= (async () => {
    await stageLibrary(work);
    return work;
  })();
}

Deno.test("stageLibrary() gives a publish the library and the program with its page, and no tests", async () => {
  const files = await publishedFiles(await staged());
  const tops = new Set(files.map((path) => path.replace(/\/.*/, "")));
  assertEquals([...tops].toSorted(), [
    "LICENSE",
    "README.md",
    "deno.json",
    "lib",
    "main.ts",
  ]);
  for (
    const path of [
      "lib/admin/page/page.ts",
      "lib/manual/library.md",
      "lib/mod.ts",
    ]
  ) {
    assert(files.includes(path), path);
  }
});

/** Installs a program, and returns what it prints. */
async function install(folder: string, main: string, args: string[]) {
  await deno([
    ...["install", "--global", "--allow-all", "--unstable-net"],
    ...["--force", "--name", "sluice", "--root", folder, "--cached-only"],
    ...args,
    main,
  ]);
  await Deno.remove(`${folder}/bin/deno`).catch(() => {}); // None yet.
  await Deno.symlink(Deno.execPath(), `${folder}/bin/deno`);
  return await runOk(`${folder}/bin/sluice`, ["help", "library"], {
    env: {
      ...cacheEnvironment(),
      PATH: `${folder}/bin:${Deno.env.get("PATH")}`,
    },
  });
}

Deno.test("deno install makes a program of the checkout, using only the cache", async () => {
  await using folder = await makeFolder();
  const config = ["--config", `${ROOT}deno.json`];
  const said = await install(folder.path, `${ROOT}main.ts`, config);
  assertStringIncludes(said, "startProxy");
});

/** Asserts that a package declares the types of everything that it exports. */
async function assertDeclared(folder: string) {
  const text = await Deno.readTextFile(`${folder}/package.json`);
  const exports: Record<string, { types?: string }> = JSON.parse(text).exports;
  assertEquals(Object.keys(exports), Object.keys(project.exports));
  for (const [name, { types }] of Object.entries(exports)) {
    assert(types, `${name} declares no types`);
    await Deno.stat(`${folder}/${types}`);
  }
}

testPrograms({
  name: "packLibrary() makes a package that installs and runs from the cache",
  needs: ["curl", "tar"],
  async fn({ curl, tar }) {
    await using folder = await makeFolder();
    const packed = `${folder.path}/sluice-npm.tgz`;
    await packLibrary(await staged(), packed);
    await runOk(tar, ["-xzf", packed, "-C", folder.path]);
    const source = `${folder.path}/package`;
    await assertDeclared(source);
    const flags = ["--node-modules-dir=none"];
    const said = await install(folder.path, `${source}/main.js`, flags);
    assertStringIncludes(said, "startProxy");

    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--unstable-net", "--cached-only", ...flags],
        ...[`${source}/main.js`, "--listen", "127.0.0.1:0"],
        ...["--workers", "2", "--admin", "127.0.0.1:0"],
      ],
      env: { NO_COLOR: "1" },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const lines = child.stderr.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    let proxy: string | undefined;
    for await (const line of lines) {
      proxy ??= /Listening on (\S+)/.exec(line)?.[1];
      const [, page] = /API on (http:\S+)/.exec(line) ?? [];
      if (page === undefined) continue;
      const through = ["-sS", "-x", `socks5h://${proxy}`, page];
      assertStringIncludes(await runOk(curl, through), "<!DOCTYPE html>");
      const index = await runOk(curl, ["-sS", page]);
      const modules = [...index.matchAll(/"modulepreload" href="([^"]+)"/g)]
        .map(([, path]) => page + path);
      for (const path of ["filter.ts", "client/row.ts", "observe/escape.ts"]) {
        assert(modules.includes(page + path), path);
      }
      const scripts = await runOk(curl, ["-sSf", ...modules]);
      assertStringIncludes(scripts, "import ");
      child.kill("SIGTERM");
    }
    assertEquals((await within(PATIENCE, child.status)).code, 0);
  },
});

Deno.test("PROGRAM_VERSION is that of deno.json", () => {
  assertEquals(PROGRAM_VERSION, project.version);
});
