import { assertEquals, assertRejects } from "@std/assert";
import { findSecret } from "../../lib/cli/secret_reference.ts";
import { makeFolder } from "../support/programs.ts";

Deno.test("findSecret() resolves references, alone or after a name", async () => {
  await using folder = await makeFolder();
  const file = `${folder.path}/sluice.jsonc`;
  await Deno.writeTextFile(`${folder.path}/secret`, "se:cret\n");
  Deno.env.set("SLUICE_TEST_SECRET", "from env");
  const table: [text: string, secret: string][] = [
    ["alice:plain", "alice:plain"],
    ["env:SLUICE_TEST_SECRET", "from env"],
    ["alice:env:SLUICE_TEST_SECRET", "alice:from env"],
    ["office=env:SLUICE_TEST_SECRET", "office=from env"],
    ["file:secret", "se:cret"],
    ["alice:file:secret", "alice:se:cret"],
    [`alice:file:${folder.path}/secret`, "alice:se:cret"],
    ["alice:x:env:SLUICE_TEST_SECRET", "alice:x:env:SLUICE_TEST_SECRET"],
  ];
  for (const [text, secret] of table) {
    assertEquals((await findSecret(text, file)).secret, secret, text);
  }
  const { file: path } = await findSecret("file:secret", file);
  assertEquals(path, `${folder.path}/secret`);
});

Deno.test("findSecret() says what is missing without revealing a secret", async () => {
  await using folder = await makeFolder();
  const file = `${folder.path}/sluice.jsonc`;
  await Deno.writeTextFile(`${folder.path}/empty`, "\n");
  await Deno.writeTextFile(`${folder.path}/long`, "x".repeat(70_000));
  Deno.env.set("SLUICE_TEST_EMPTY", "");
  const table: [text: string, message: string][] = [
    ["env:SLUICE_NO_SUCH", "SLUICE_NO_SUCH is not set in the environment"],
    ["env:SLUICE_TEST_EMPTY", "SLUICE_TEST_EMPTY is empty in the environment"],
    ["file:nosuch", `cannot read ${folder.path}/nosuch: there is no such file`],
    ["file:empty", `${folder.path}/empty is empty`],
    ["file:long", `cannot read ${folder.path}/long: it is larger than 64 KiB`],
    ["file:.", `cannot read ${folder.path}: it is a folder`],
  ];
  for (const [text, message] of table) {
    const error = await assertRejects(
      () => findSecret(text, file),
      SyntaxError,
    );
    assertEquals(error.message.replaceAll(/\/(?= is not)/g, ""), message);
  }
});
