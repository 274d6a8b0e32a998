import { assertEquals, assertRejects } from "@std/assert";
import { FileError } from "../../lib/cli/file_error.ts";
import { replaceFiles } from "../../lib/cli/replace_files.ts";
import { makeFolder } from "../support/programs.ts";

Deno.test("replaceFiles() shows readers complete texts only", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/count`;
  const texts = ["a".repeat(300_000), "b".repeat(200_000)];
  await replaceFiles([{ path, text: texts[0]! }]);
  let isOver = false;
  const reading = (async () => {
    while (!isOver) {
      const text = await Deno.readTextFile(path);
      if (!texts.includes(text)) throw new Error(`a part: ${text.length}`);
    }
  })();
  // Two calls at the same time do not disturb each other.
  for (let n = 0; n < 20; n++) {
    await Promise.all(texts.map((text) => replaceFiles([{ path, text }])));
  }
  isOver = true;
  await reading;
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
  assertEquals(names, ["count"]);
});

Deno.test({
  name: "replaceFiles() never prompts for a permission",
  permissions: { read: true, write: [] },
  async fn() {
    const error = await assertRejects(
      () => replaceFiles([{ path: "/var/x/y", text: "" }]),
      FileError,
    );
    assertEquals(
      error.message,
      "cannot write /var/x/y: Deno was not given the permission; start it with --allow-write=/var/x",
    );
  },
});
