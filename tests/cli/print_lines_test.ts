import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  cacheEnvironment,
  SLUICE,
  sluiceAll,
} from "../support/sluice_commands.ts";
import { makeFolder, run } from "../support/programs.ts";

/** ESC, a C1 control, a direction mark, and an invisible tag. */
const NASTY = "\x1b[31m\x9b\u202e\u{e0041}";
const ESCAPED = "\\u001b[31m\\u009b\\u202e\\udb40\\udc41";

Deno.test("printLines() escapes control and invisible characters in every command", async () => {
  await using folder = await makeFolder();
  const config = `${folder.path}/${NASTY}.json`;
  await Deno.writeTextFile(config, '{ "listeners": [] }');
  const cases = [
    ["--listen", NASTY],
    [`stray${NASTY}`],
    ["rules", "list", "--rule", `allow user "${NASTY}"`],
    ["rules", "test", "--rule", NASTY, "--target", "127.0.0.1:1"],
    ["check", "-c", config],
    ["run", "-c", config],
    ["config", "print", "--", "--rule", `allow user "${NASTY}"`],
    ["config", "print", "--", "--user", `${NASTY}:password`],
    ["doctor", "-c", config],
    ["doctor", "--json", "-c", config],
  ];
  for (const { stderr, text } of await sluiceAll(cases)) {
    const output = text + stderr;
    assert(output.includes(ESCAPED), output);
    for (const character of ["\x1b", "\x9b", "\u202e", "\u{e0041}"]) {
      assertEquals(output.includes(character), false, output);
    }
  }
});

/** Runs a command whose outputs the shell redirects. */
function redirected(args: string[], to: string) {
  const words = ["-c", `exec "$@" ${to}`, "sh", ...SLUICE, ...args];
  return run("sh", words, { env: cacheEnvironment() });
}

Deno.test({
  name: "printText() says why standard output can't be written",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { code, stderr } = await redirected(["--version"], "> /dev/full");
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^sluice: Cannot write to standard output: no space is left \(ENOSPC\)\n$/,
    );
  },
});

Deno.test({
  name: "the exit code tells of a mistake when standard error can't be written",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { code, text } = await redirected(["--bogus"], "2> /dev/full");
    assertEquals([code, text], [2, ""]);
  },
});
