import { assertEquals, assertRejects } from "@std/assert";
import { StartError } from "../../lib/cli/usage_error.ts";
import { readPassword } from "../../lib/proxy/read_password.ts";
import { pretendStdin } from "../support/pretend_stdin.ts";

const INPUTS: { what: string; input: string; password: string }[] = [
  { what: "a line", input: "secret\n", password: "secret" },
  { what: "a line of Windows", input: "secret\r\n", password: "secret" },
  { what: "no end of line", input: "secret", password: "secret" },
  { what: "several lines", input: "one\ntwo\n", password: "one" },
  {
    what: "a line, and a megabyte",
    input: `a\n${"x".repeat(2 ** 20)}`,
    password: "a",
  },
  { what: "spaces", input: "  a b  \n", password: "  a b  " },
  { what: "255 bytes", input: "p".repeat(255), password: "p".repeat(255) },
];

for (const { what, input, password } of INPUTS) {
  Deno.test(`readPassword() takes the first line of standard input: ${what}`, async () => {
    pretendStdin(input);
    const bytes = await readPassword("bob");
    assertEquals(new TextDecoder().decode(bytes), password);
  });
}

Deno.test("readPassword() refuses bytes that are no text", async () => {
  pretendStdin(Uint8Array.of(0xff));
  await assertRejects(
    () => readPassword("bob"),
    StartError,
    "Cannot take this password: expected text without control characters",
  );
});
