import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { explainMissing, requireLinux } from "../../lib/exec/missing.ts";
import { sluice } from "../support/sluice_commands.ts";
import { StartError } from "../../lib/cli/usage_error.ts";

Deno.test("explainMissing() says what is missing and how to get it", () => {
  const table = [
    [{ error: new Deno.errors.NotFound("x") }, "'setpriv' is not on the PATH"],
    [
      {
        output: "setpriv: failed to execute unshare: No such file or directory",
      },
      "'unshare' is not on the PATH; install util-linux 2.36",
    ],
    [
      { output: "unshare: unrecognized option '--keep-caps'\nTry" },
      "this 'unshare' is too old: unshare: unrecognized option '--keep-caps';",
    ],
    [
      { output: "unshare: unshare failed: Operation not permitted\n" },
      "allow user namespaces",
    ],
  ] as const;
  for (const [failure, text] of table) {
    const { message } = explainMissing(failure);
    assertStringIncludes(message, text);
    assertStringIncludes(message, "--no-isolation");
    assert(!message.includes("\n"));
  }
});

Deno.test("requireLinux() refuses other systems, and says so", () => {
  requireLinux("linux");
  assertThrows(
    () => requireLinux("darwin"),
    StartError,
    "it needs Linux, and this is darwin",
  );
});

Deno.test("sluice exec asks for no permission, and says which is missing", async () => {
  const table = [
    [["--allow-read", "--allow-net"], [], "--allow-ffi"],
    [["--allow-ffi", "--allow-read", "--allow-net"], [], "--allow-run"],
    [["--allow-read", "--allow-net"], ["--no-isolation"], "--allow-run"],
  ] as const;
  for (const [given, options, missing] of table) {
    const args = ["exec", ...options, "--", "true"];
    const { code, stderr } = await sluice(args, {
      permissions: given,
      env: { NO_COLOR: "1" },
    });
    assertEquals(
      [code, stderr],
      [
        1,
        `sluice: Deno was not given ${missing}; start it with -A to run a command\n`,
      ],
    );
  }
});
