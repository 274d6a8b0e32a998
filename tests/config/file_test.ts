import { assertEquals } from "@std/assert";
import { ConfigFile } from "../../lib/config/file.ts";
import { load, replaceFile, startTestRun } from "../support/config.ts";
import { makeFolder } from "../support/programs.ts";
import { tryPassword } from "../support/users.ts";
import { pass } from "../support/time.ts";

Deno.test("ConfigFile returns the problem to the caller of a reload", async () => {
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

/** Writes a file where it is, in two parts with a pause that others notice. */
async function rewrite(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, truncate: true });
  const half = text.length >> 1;
  for (const part of [text.slice(0, half), text.slice(half)]) {
    await file.write(new TextEncoder().encode(part));
    await pass(300);
  }
}

Deno.test("ConfigFile takes nothing of a file, or of a secret, that is being written", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.jsonc`;
  const secret = `${folder.path}/alice.txt`;
  const text = (idle: string) =>
    `{ "listeners": [{ "kind": "proxy", "listen": "127.0.0.1:0", "idle-timeout": "${idle}", "user": "alice:file:alice.txt" }] }`;
  await Deno.writeTextFile(secret, "swordfish");
  await Deno.writeTextFile(path, text("1m"));
  await using run = startTestRun();
  const config = await load(text("1m"), path);
  await run.running.apply(config);
  const file = await ConfigFile.open(path, run.running, {
    ...{ config, isWatched: false, log: () => {} },
  });
  const cases = [
    [path, text("2m"), "swordfish"],
    [secret, "heringsschwarm", "heringsschwarm"],
  ] as const;
  for (const [path, whole, password] of cases) {
    const rewriting = rewrite(path, whole);
    while ((await Deno.stat(path)).size !== whole.length >> 1);
    assertEquals(await file.reload(), undefined);
    await rewriting;
    assertEquals(run.running.change.changed, 1);
    const port = run.ports()[0]!;
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    assertEquals(await tryPassword(conn, "alice", password), 0);
  }
});
