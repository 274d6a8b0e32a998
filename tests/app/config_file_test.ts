import { assertEquals } from "@std/assert";
import { ConfigFile } from "../../lib/app/config_file.ts";
import { load, replaceFile, startTestRun } from "../support/config.ts";
import { makeFolder } from "../support/programs.ts";

Deno.test("ConfigFile tells who asks for a reload what was wrong with it", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.jsonc`;
  const text = (more: string) =>
    `{ "listeners": [{ "kind": "echo", "listen": 0${more} }] }`;
  await replaceFile(path, text(""));
  await using run = startTestRun();
  const config = await load(text(""), path);
  await run.running.apply(config);
  const file = await ConfigFile.open(path, run.running, {
    ...{ config, isWatched: false, log: () => {} },
  });
  assertEquals(file.name, path);
  assertEquals(await file.reload(), undefined);
  await replaceFile(path, text(`, "chunk": "x", "udb": true`));
  await file.poll(); // It is not watched.
  assertEquals(file.problems, []);
  const problems = [
    `${path}:1:48: listeners[0].chunk: 'x' is not a number of bytes such as 65536, 64KB or 64KiB`,
    `${path}:1:62: listeners[0].udb: there is no such setting; did you mean udp?`,
  ];
  assertEquals(await file.reload(), problems.join("; "));
  assertEquals(file.problems, problems);
  await replaceFile(path, text(`, "chunk": 7`));
  assertEquals(await file.reload(), undefined);
  assertEquals(file.problems, []);
  assertEquals(run.running.change.changed, 1);
});
