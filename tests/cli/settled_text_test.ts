import { assert, assertEquals, assertRejects } from "@std/assert";
import { readContent, readSettled } from "../../lib/cli/settled_text.ts";
import { FileError } from "../../lib/cli/file_error.ts";
import { replaceFile } from "../support/config.ts";
import { makeFolder } from "../support/programs.ts";
import { assertSoon, pass } from "../support/time.ts";

/** Milliseconds between two parts of a file: longer than between two reads. */
const PART = 300;

/** A test file that nobody has changed for an hour. */
async function makeFile(folder: string, text: string): Promise<string> {
  const path = `${folder}/file.txt`;
  await Deno.writeTextFile(path, text);
  const hourAgo = new Date(Date.now() - 3_600_000);
  await Deno.utime(path, hourAgo, hourAgo);
  return path;
}

async function timed<T>(act: () => Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  return [await act(), performance.now() - started];
}

function part(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PART));
}

Deno.test("readSettled() waits until a file that is written in place is complete", async () => {
  await using folder = await makeFolder();
  const path = await makeFile(folder.path, "old");
  const before = await readContent(path);
  const rewriting = (async () => {
    using file = await Deno.open(path, { write: true, truncate: true });
    for (const text of ["a\n", "b\n", "c\n"]) {
      await part();
      await file.write(new TextEncoder().encode(text));
    }
  })();
  // Starts at the moment when the file is empty.
  while ((await Deno.stat(path)).size > 0);
  const { text } = await readSettled(path, { before });
  await rewriting;
  assertEquals(text, "a\nb\nc\n");
});

Deno.test("readSettled() accepts a replaced file at the second read", async () => {
  await using folder = await makeFolder();
  const path = await makeFile(folder.path, "old");
  const before = await readContent(path);
  await assertSoon(900, async (n) => {
    await replaceFile(path, `new ${n}`);
    const [{ text }, time] = await timed(() => readSettled(path, { before }));
    assertEquals(text, `new ${n}`);
    assert(time > 90, `${time}`);
    return time;
  });
});

Deno.test("readSettled() accepts known or old contents without a long wait", async () => {
  await using folder = await makeFolder();
  const path = await makeFile(folder.path, "old");
  const before = await readContent(path);
  await assertSoon(900, async () => {
    const [, unknown] = await timed(() => readSettled(path));
    return unknown;
  });
  await assertSoon(90, async () => {
    await Deno.writeTextFile(path, "old");
    const [{ text }, known] = await timed(() => readSettled(path, { before }));
    assertEquals(text, "old");
    return known;
  });
});

Deno.test("readSettled() waits for a file that is gone for a moment, and throws when it stays away", async () => {
  await using folder = await makeFolder();
  const path = await makeFile(folder.path, "old");
  const before = await readContent(path);
  await Deno.remove(path);
  const reading = readSettled(path, { before });
  await Deno.writeTextFile(path, "new");
  assertEquals((await reading).text, "new");
  await Deno.remove(path);
  await assertRejects(
    () => readSettled(path, { before }),
    Deno.errors.NotFound,
  );
});

Deno.test("readSettled() throws when a file keeps changing", async () => {
  await using folder = await makeFolder();
  const path = await makeFile(folder.path, "old");
  let isOver = false;
  const changing = (async () => {
    for (let n = 0; !isOver; n++) {
      await Deno.writeTextFile(path, `${n}`);
      await pass(10);
    }
  })();
  const error = await assertRejects(
    () => readSettled(path, { patience: 300 }),
    FileError,
  );
  isOver = true;
  await changing;
  assertEquals(error.reason, "it kept changing for 0.3 s");
});
