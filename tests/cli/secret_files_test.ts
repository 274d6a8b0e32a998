import { assertEquals, assertRejects } from "@std/assert";
import {
  exists,
  listNames,
  makeDirectory,
  readSmallFile,
  withLock,
  writeFiles,
} from "../../lib/cli/secret_files.ts";
import { StartError } from "../../lib/cli/usage_error.ts";
import { makeFolder } from "../support/programs.ts";

const NO_MODES = Deno.build.os === "windows";

Deno.test("writeFiles() writes all files and leaves no others", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/a`;
  await writeFiles([{ path, text: "one" }, { path: `${path}b`, text: "two" }]);
  assertEquals(await readSmallFile(path), "one");
  await writeFiles([{ path, text: "three" }]);
  assertEquals(await readSmallFile(path), "three");
  assertEquals((await listNames(folder.path)).sort(), ["a", "ab"]);
});

Deno.test({
  name:
    "writeFiles() lets only the owner read secrets, whatever existed before",
  ignore: NO_MODES,
  async fn() {
    await using folder = await makeFolder();
    const path = `${folder.path}/key`;
    await Deno.writeTextFile(path, "", { mode: 0o666 });
    await Deno.chmod(path, 0o666);
    await writeFiles([{ path, text: "x", isSecret: true }]);
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  },
});

Deno.test("writeFiles() replaces a link, not what it points to", async () => {
  await using folder = await makeFolder();
  const [path, other] = [`${folder.path}/key`, `${folder.path}/other`];
  await Deno.writeTextFile(other, "untouched");
  await Deno.symlink(other, path);
  await writeFiles([{ path, text: "new" }]);
  assertEquals(await readSmallFile(other), "untouched");
  assertEquals((await Deno.lstat(path)).isSymlink, false);
});

Deno.test("writeFiles() names the file that it can't write, and cleans up", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/a`;
  const directory = `${folder.path}/directory`;
  await Deno.mkdir(directory);
  await assertRejects(
    () => writeFiles([{ path: `${folder.path}/none/a`, text: "" }]),
    StartError,
    `Cannot write ${folder.path}/none/a: there is no such folder; name another --dir`,
  );
  await assertRejects(
    () => writeFiles([{ path: directory, text: "" }, { path, text: "" }]),
    StartError,
    `Cannot write ${directory}: it is a folder`,
  );
  assertEquals(await listNames(folder.path), ["directory"]);
});

Deno.test("readSmallFile() distinguishes missing files from unreadable ones", async () => {
  await using folder = await makeFolder();
  assertEquals(await readSmallFile(`${folder.path}/none`), undefined);
  assertEquals(await readSmallFile(`${folder.path}/none/none`), undefined);
  await assertRejects(
    () => readSmallFile(folder.path),
    StartError,
    `Cannot read ${folder.path}: it is a folder`,
  );
  const path = `${folder.path}/big`;
  await Deno.writeTextFile(path, "");
  await Deno.truncate(path, 5_000_000);
  await assertRejects(
    () => readSmallFile(path),
    StartError,
    `Cannot read ${path}: it is larger than 4 MiB`,
  );
});

Deno.test("exists() sees a broken link", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/link`;
  assertEquals(await exists(path), false);
  await Deno.symlink(`${folder.path}/none`, path);
  assertEquals(await exists(path), true);
});

Deno.test("makeDirectory() creates a directory for the owner, and keeps an existing one", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/a/b`;
  await makeDirectory(path);
  if (!NO_MODES) {
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o700);
    await Deno.chmod(path, 0o755);
    await makeDirectory(path);
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o755);
  }
  const file = `${folder.path}/file`;
  await Deno.writeTextFile(file, "");
  for (const path of [file, `${file}/below`]) {
    await assertRejects(
      () => makeDirectory(path),
      StartError,
      `Cannot create the folder ${path}: a file is where a folder should be; name another --dir`,
    );
  }
});

Deno.test({
  name: "makeDirectory() says that the system allows no folder there",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await assertRejects(
      () => makeDirectory("/proc/x"),
      StartError,
      "Cannot create the folder /proc/x: the system allows no folders there",
    );
  },
});

Deno.test("withLock() runs one function at a time, even after a failure", async () => {
  await using folder = await makeFolder();
  let inside = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, (_, n) =>
      withLock(folder.path, async () => {
        most = Math.max(most, ++inside);
        await readSmallFile(`${folder.path}/none`);
        inside--;
        if (n % 2 === 0) throw new Error("failed");
        return n;
      })),
  );
  assertEquals(most, 1);
  const good = results.filter(({ status }) => status === "fulfilled");
  assertEquals(good.length, 4);
});
