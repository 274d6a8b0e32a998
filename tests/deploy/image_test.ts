import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { makeFolder, runOk, testPrograms } from "../support/programs.ts";

const SCRIPT =
  new URL("../../scripts/deploy/try_image.sh", import.meta.url).pathname;

const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;

// The runtime itself stands for the program that is made of it: the same
// libraries, and compiling takes a download that a machine need not reach. To
// change the root takes root, whom nothing installs.
if (isRoot) {
  testPrograms({
    name: "try_image.sh starts a program with the image's files alone",
    needs: ["unshare"],
    async fn() {
      await using folder = await makeFolder();
      await Deno.chmod(folder.path, 0o755);
      const root = `${folder.path}/image`;
      const program = `${folder.path}/program`;
      await Deno.copyFile(Deno.execPath(), program);
      const env = { IMAGE_ROOT: root, TRY: "--version" };
      const said = await runOk("/bin/sh", [SCRIPT, program], { env });
      assertStringIncludes(said, `deno ${Deno.version.deno}`);
      const files = await filesOf(root);
      assert(files.includes("/sluice"));
      for (const tool of files) {
        assert(!/\/(sh|bash|env|busybox)$/.test(tool), tool);
      }
    },
  });
}

Deno.test("the Dockerfile takes the steps that try_image.sh takes", async () => {
  const [docker, script] = await Promise.all(
    ["Dockerfile", "try_image.sh"].map((name) =>
      Deno.readTextFile(
        new URL(`../../scripts/deploy/${name}`, import.meta.url),
      )
    ),
  );
  for (const step of ["compile.ts", "image_root.sh", "65532"]) {
    assertStringIncludes(docker!, step);
    assertStringIncludes(script!, step);
  }
  const froms = docker!.match(/^FROM .*$/gm)!;
  assertEquals(froms.at(-1), "FROM scratch");
  assert(/^USER 65532:65532$/m.test(docker!));
});

async function filesOf(folder: string, below = ""): Promise<string[]> {
  const all: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder + below)) {
    const path = `${below}/${name}`;
    if (isDirectory) all.push(...await filesOf(folder, path));
    else all.push(path);
  }
  return all;
}
