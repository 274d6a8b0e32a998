import { assert, assertEquals, assertRejects } from "@std/assert";
import { StartError } from "../../lib/cli/usage_error.ts";
import { WatchedFile } from "../../lib/cli/watched_file.ts";
import { eventually } from "../support/dialogue.ts";
import { makeFolder } from "../support/programs.ts";
import { pass } from "../support/time.ts";

interface Opened {
  file: WatchedFile<number>;
  path: string;
  /** Logged messages and applied values. */
  logged: string[];
  applied: number[];
  /** Replaces the contents of the file, as an editor does. */
  write(text: string): Promise<void>;
}

/** A file with one number. */
async function openIn(folder: string, text = "1"): Promise<Opened> {
  const path = `${folder}/number.txt`;
  const logged: string[] = [];
  const applied: number[] = [];
  let writes = 0;

  async function write(text: string): Promise<void> {
    // A new file each time, because a clock may be too coarse to distinguish
    // two writes.
    const other = `${path}.${writes++}`;
    await Deno.writeTextFile(other, text, { mode: 0o600 });
    await Deno.rename(other, path);
  }

  await write(text);
  const file = await WatchedFile.open(path, {
    what: "numbers file",
    parse(text) {
      if (/^\d+$/.test(text)) return Number(text);
      throw new SyntaxError("line 1, column 1: expected a number");
    },
    describe: (value) => `number ${value}`,
    isSecret: true,
    log: (event) => {
      if (event.event !== "message") return;
      logged.push(`${event.level}: ${event.message.replaceAll(path, "FILE")}`);
    },
  });
  file.onReload((value) => {
    if (value === 13) throw new SyntaxError("13 can't be had");
    applied.push(value);
  });
  return { file, path, logged, applied, write };
}

Deno.test("WatchedFile.poll() reads the file when it has changed and settled", async () => {
  await using folder = await makeFolder();
  const { file, logged, applied, write } = await openIn(folder.path);
  assertEquals(file.value, 1);
  await file.poll();
  await file.poll();
  assertEquals([applied, logged], [[], []]);
  await write("2");
  await file.poll(); // The file may be half written.
  assertEquals(file.value, 1);
  await file.poll();
  assertEquals([file.value, applied], [2, [2]]);
  await file.poll();
  await file.poll();
  assertEquals(logged, ["info: Reloaded FILE: number 2"]);
});

Deno.test("WatchedFile.reload() reads once for all calls before it starts", async () => {
  await using folder = await makeFolder();
  const { file, logged, applied, write } = await openIn(folder.path);
  const begun = file.reload();
  await Promise.all(Array.from({ length: 100 }, () => file.reload()));
  await begun;
  assertEquals(logged.length, applied.length);
  assertEquals(applied, [1]);
  await write("2");
  await file.reload();
  assertEquals([file.value, applied], [2, [1, 2]]);
});

Deno.test("WatchedFile.poll() waits while the file keeps changing", async () => {
  await using folder = await makeFolder();
  const { file, applied, write } = await openIn(folder.path);
  for (let n = 2; n < 6; n++) {
    await write(`${n}`);
    await file.poll();
  }
  assertEquals(applied, []);
  await file.poll();
  assertEquals(applied, [5]);
});

Deno.test("WatchedFile.reload() reads the file, changed or not", async () => {
  await using folder = await makeFolder();
  const { file, applied, logged, write } = await openIn(folder.path);
  await file.reload();
  await write("2");
  await file.reload();
  await file.poll();
  await file.poll();
  assertEquals(applied, [1, 2]);
  assertEquals(logged, [
    "info: Reloaded FILE: number 1",
    "info: Reloaded FILE: number 2",
  ]);
});

Deno.test("WatchedFile.reload() ignores a file that is being written", async () => {
  await using folder = await makeFolder();
  const { file, path, applied, logged } = await openIn(folder.path);
  using writing = await Deno.open(path, { write: true, truncate: true });
  const write = (text: string) => writing.write(new TextEncoder().encode(text));
  await write("2");
  const reloading = file.reload();
  await pass(300);
  assertEquals(applied, []);
  await write("3");
  assertEquals(await reloading, undefined);
  assertEquals([file.value, applied], [23, [23]]);
  assertEquals(logged, ["info: Reloaded FILE: number 23"]);
});

Deno.test("WatchedFile.open() continues with contents in force, and reads the file when they are invalid", async () => {
  await using folder = await makeFolder();
  const { file, path, write } = await openIn(folder.path, "7");
  await write("");
  const open = (parse: (text: string) => number) =>
    WatchedFile.open(
      path,
      { what: "numbers file", parse, describe: String, log() {} },
      { before: file.taken, isRunning: true },
    );
  const heir = await open(Number);
  assertEquals(heir.value, 7);
  // It notices later writes. Another length, because two writes in one tick of
  // the system's clock may differ in nothing else.
  await write("80");
  const isRead = () => heir.poll().then(() => heir.value === 80);
  assert(await eventually(isRead), "not read");
  const other = await open((text) => {
    if (text === "80") return 80;
    throw new SyntaxError("it is not for these settings");
  });
  assertEquals(other.value, 80);
});

Deno.test("WatchedFile keeps its value when the file is invalid, and reports it once", async () => {
  await using folder = await makeFolder();
  const { file, path, applied, logged, write } = await openIn(folder.path);
  const cases: { text: string; why: string }[] = [
    { text: "x", why: "line 1, column 1: expected a number" },
    { text: "13", why: "13 can't be had" },
    { text: "1".repeat(16 * 2 ** 20 + 1), why: "it is larger than 16 MiB" },
  ];
  for (const { text, why } of cases) {
    await write(text);
    for (let n = 0; n < 4; n++) await file.poll();
    const line =
      `error: Cannot reload numbers file FILE: ${why}; Sluice keeps the old one`;
    assertEquals(logged.splice(0), [line]);
    assertEquals(file.value, 1);
  }
  await Deno.writeFile(path, Uint8Array.of(0xff));
  await file.reload();
  assertEquals(logged.splice(0), [
    "error: Cannot reload numbers file FILE: it is not UTF-8; Sluice keeps the old one",
  ]);
  await write("2");
  for (let n = 0; n < 4; n++) await file.poll();
  assertEquals([file.value, applied], [2, [2]]);
});

Deno.test("WatchedFile keeps its value when the file is gone, and reads the file when it is back", async () => {
  await using folder = await makeFolder();
  const { file, path, applied, logged, write } = await openIn(folder.path);
  await Deno.remove(path);
  for (let n = 0; n < 4; n++) await file.poll();
  assertEquals(logged.splice(0), [
    "error: Cannot reload numbers file FILE: there is no such file; Sluice keeps the old one",
  ]);
  assertEquals([file.value, applied], [1, []]);
  await write("1");
  for (let n = 0; n < 4; n++) await file.poll();
  assertEquals(logged, ["info: Reloaded FILE: number 1"]);
});

Deno.test({
  name: "WatchedFile warns when others can read a secret, once for each change",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await makeFolder();
    const { file, path, logged } = await openIn(folder.path);
    for (const mode of [0o640, 0o604, 0o644]) {
      await Deno.chmod(path, mode);
      for (let n = 0; n < 2; n++) await file.reload();
      assertEquals(logged.splice(0).filter((line) => !/Reloaded/.test(line)), [
        "warning: Other users can read FILE, which holds secrets; run: chmod 600 FILE",
      ]);
    }
    await Deno.chmod(path, 0o600);
    await file.reload();
    assertEquals(logged, ["info: Reloaded FILE: number 1"]);
  },
});

Deno.test("WatchedFile.open() says why a file can't be read", async () => {
  await using folder = await makeFolder();
  const { path } = folder;
  await Deno.writeTextFile(`${path}/broken`, "x");
  const cases = [
    [`${path}/none`, "there is no such file"],
    [path, "it is a folder"],
    [`${path}/broken`, "line 1, column 1: expected a number"],
    [`${path}/broken/x`, "a file is where a folder should be"],
  ];
  for (const [path, why] of cases) {
    const error = await assertRejects(
      () =>
        WatchedFile.open(path!, {
          what: "numbers file",
          parse() {
            throw new SyntaxError("line 1, column 1: expected a number");
          },
          describe: String,
          log: () => {},
        }),
      StartError,
    );
    assertEquals(error.message, `Cannot read numbers file ${path}: ${why}`);
  }
});
