import { assert, assertEquals, assertRejects } from "@std/assert";
import { readAdminToken } from "../../../lib/serve/options/admin_token.ts";
import { StartError, UsageError } from "../../../lib/cli/usage_error.ts";
import { makeFolder } from "../../support/programs.ts";

const TOKEN = "0123456789abcdef";

Deno.test("readAdminToken() reads the first line of a file", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/token`;
  const cases = [
    [TOKEN, TOKEN],
    [`${TOKEN}\n`, TOKEN],
    [`${TOKEN}\r\nmore\n`, TOKEN],
    [`  ${TOKEN}  \n`, TOKEN],
  ] as const;
  for (const [text, expected] of cases) {
    await Deno.writeTextFile(path, text);
    assertEquals(await readAdminToken({ "admin-token-file": path }), expected);
  }
  assertEquals(
    await readAdminToken({ "admin-token-file": undefined }),
    undefined,
  );
});

Deno.test("readAdminToken() refuses a token that is too short or can't be sent, and does not repeat it", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/token`;
  const cases = [
    "",
    "secret",
    "0123456789abcde",
    "0123456789 abcdef",
    "0123456789abcdefé",
    "x".repeat(1025),
    `\n${TOKEN}`,
  ];
  for (const text of cases) {
    await Deno.writeTextFile(path, text);
    const error = await assertRejects(
      () => readAdminToken({ "admin-token-file": path }),
      UsageError,
    );
    assert(error.message.includes(path));
    assert(text.trim() === "" || !error.message.includes(text.trim()));
  }
});

Deno.test("readAdminToken() says that a file is not there", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/none`;
  const error = await assertRejects(
    () => readAdminToken({ "admin-token-file": path }),
    StartError,
  );
  assertEquals(
    error.message,
    `Cannot read admin token ${path}: there is no such file`,
  );
});
