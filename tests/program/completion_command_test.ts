import { assert, assertEquals } from "@std/assert";
import { quoteShellWord } from "../../lib/cli/quote_shell_word.ts";
import { makeFolder, runOk, testPrograms } from "../support/programs.ts";
import { sharedCommands } from "../support/sluice_commands.ts";
import { startTerminal } from "../support/terminal.ts";

const commands = sharedCommands();

/** Words typed after `sluice`, of which the last is completed; some that it can become. */
const CASES: readonly (readonly [words: string[], some: string[]])[] = [
  [["fo"], ["forward"]],
  [["cert", ""], ["init", "issue", "list", "revoke", "bundle"]],
  [["cert", "init", "--d"], ["--days", "--dir"]],
  [["--log", "j"], ["json"]],
  [["--reset-relay", ""], ["on", "all", "off"]],
  [["forward", "--bal"], ["--balance"]],
  [["--users", "al"], ["alice.txt"]],
  [["proxy", "--listen", "9050", "--rule"], ["--rule", "--rules"]],
  [["completion", ""], ["bash", "fish", "zsh"]],
  [["completion", "--h"], ["--help"]],
  [["help", "check"], ["check", "check-names"]],
  [["help", "m"], ["man", "migration"]],
  [["help", "options", "ex"], ["exec"]],
  [["help", "cert", "re"], ["revoke"]],
];

async function scriptOf(shell: string, folder: string): Promise<string> {
  const { code, text } = await commands.run(["completion", shell]);
  assertEquals(code, 0);
  const path = `${folder}/completion.${shell}`;
  await Deno.writeTextFile(path, text);
  await Deno.writeTextFile(`${folder}/alice.txt`, "");
  return path;
}

/** Ends what a shell prints for one line. */
const END = "--- end";

/** Where nothing but the words of a command may follow. */
const NO_FILES: readonly (readonly string[])[] = [
  ["completion", ""],
  ["completion", "bash", ""],
  ["help", "al"],
];

function assertCompleted(given: string[], wanted: string[], words: string[]) {
  const missing = wanted.filter((word) => !given.includes(word));
  assertEquals(missing, [], `${words.join(" ")}: ${given.join(" ")}`);
}

/** Every line that a shell completes, in one process. */
const LINES = [...CASES.map(([words]) => words), ...NO_FILES];

/** Checks what a shell printed for the lines. */
function assertAllCompleted(text: string, nameOf: (line: string) => string) {
  const answers = text.split(`${END}\n`);
  assertEquals(answers.length, LINES.length + 1, text);
  for (const [at, [words, wanted]] of CASES.entries()) {
    assertCompleted(answers[at]!.split("\n").map(nameOf), wanted, words);
  }
  for (const [at, words] of NO_FILES.entries()) {
    const given = answers[CASES.length + at]!;
    assert(!given.includes("alice.txt"), words.join(" "));
  }
}

Deno.test("bash completes commands, options and values", async () => {
  await using folder = await makeFolder();
  const script = await scriptOf("bash", folder.path);
  const complete = (words: readonly string[]) =>
    `COMP_WORDS=(sluice ${words.map(quoteShellWord).join(" ")})
COMP_CWORD=${words.length}; COMPREPLY=(); _sluice
printf '%s\\n' "\${COMPREPLY[@]}" "${END}"`;
  const text = await runOk("/bin/bash", [
    ...["--norc", "-c"],
    `cd "$1"; source "$2"\n${LINES.map(complete).join("\n")}`,
    ...["bash", folder.path, script],
  ]);
  assertAllCompleted(text, (line) => line);
});

testPrograms({
  name: "fish completes commands, options and values",
  needs: ["fish"],
  async fn({ fish }) {
    await using folder = await makeFolder();
    const script = await scriptOf("fish", folder.path);
    const complete = (words: readonly string[]) =>
      `complete -C "sluice ${words.join(" ")}"; echo "${END}"`;
    const text = await runOk(fish, [
      ...["--no-config", "-c"],
      `cd $argv[1]; source $argv[2]\n${LINES.map(complete).join("\n")}`,
      ...[folder.path, script],
    ], { env: { HOME: folder.path } });
    assertAllCompleted(text, (line) => line.split("\t")[0]!);
  },
});

testPrograms({
  name: "zsh completes commands, options and values",
  needs: ["zsh", "tmux"],
  async fn({ tmux, zsh }) {
    await using folder = await makeFolder();
    const script = await scriptOf("zsh", folder.path);
    await using terminal = await startTerminal(tmux, [zsh, "-f", "-i"]);
    await terminal.enter(
      `cd ${folder.path}; autoload -Uz compinit; compinit -u -d dump`,
    );
    await terminal.enter(`source ${script}`);
    for (const [n, [words, wanted]] of CASES.entries()) {
      // A prompt of its own, so that it is not taken for an earlier one.
      await terminal.enter(`PS1='ready ${n}> '; clear`);
      await terminal.until(new RegExp(`^ready ${n}> *$`, "m"));
      await terminal.type(`sluice ${words.join(" ")}`);
      await terminal.press("Tab");
      await terminal.press("Tab");
      for (const word of wanted) {
        await terminal.until(new RegExp(`${word}(?![a-z])`));
      }
      // Ctrl-C would end the completion instead if that still runs.
      await terminal.press("C-u");
    }
  },
});
