import { assertEquals, assertMatch } from "@std/assert";
import { makeFolder, run } from "../support/programs.ts";
import { cacheEnvironment } from "../support/sluice_commands.ts";

const SCRIPT = new URL("../../scripts/test.ts", import.meta.url).pathname;

Deno.test("test runs every file of a folder, and fails when one does", async () => {
  await using folder = await makeFolder();
  const inner = `${folder.path}/inner`;
  await Deno.mkdir(inner);
  const test = (name: string, body: string) =>
    `Deno.test("${name}", () => { ${body} });\n`;
  await Deno.writeTextFile(`${folder.path}/a_test.ts`, test("a", ""));
  await Deno.writeTextFile(`${folder.path}/b_test.ts`, test("b", ""));
  await Deno.writeTextFile(`${inner}/c_test.ts`, test("c", ""));
  await Deno.writeTextFile(`${inner}/helper.ts`, test("none", ""));
  const runAll = () =>
    run(Deno.execPath(), ["run", "-A", SCRIPT, folder.path], {
      env: { ...cacheEnvironment(), NO_COLOR: "1" },
    });
  const passed = await runAll();
  assertEquals(passed.code, 0, passed.stderr);
  assertMatch(passed.text, /ok \| 3 passed \| 0 failed/);
  await Deno.writeTextFile(`${inner}/d_test.ts`, test("d", "throw 1"));
  const failed = await runAll();
  assertEquals(failed.code, 1, failed.text);
  assertMatch(failed.text, /FAILED \| 3 passed \| 1 failed/);
});
