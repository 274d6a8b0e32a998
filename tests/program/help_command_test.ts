import { assert, assertEquals, assertMatch } from "@std/assert";
import { makeFolder, run, testPrograms } from "../support/programs.ts";
import { sharedCommands, SLUICE } from "../support/sluice_commands.ts";
import { startTerminal } from "../support/terminal.ts";
import { COMMANDS } from "../../lib/program/commands.ts";
import {
  COMMON_PROXY_OPTIONS,
  formatOverview,
} from "../../lib/program/overview.ts";
import { PROXY_OPTIONS } from "../../lib/proxy/options.ts";
import { readTopics } from "../../lib/manual/topics.ts";

const commands = sharedCommands();

Deno.test("formatOverview() fits one screen, with ten options", () => {
  const screen = { width: 79, isStyled: false };
  const lines = formatOverview(PROXY_OPTIONS, screen).split("\n");
  assert(lines.length <= 24, `${lines.length}`);
  for (const line of lines) assert(line.length <= 79, line);
  assertEquals(COMMON_PROXY_OPTIONS.length, 10);
  for (const [name] of COMMON_PROXY_OPTIONS) {
    assert(lines.some((line) => line.includes(`--${name}`)), name);
  }
});

Deno.test("sluice help lists all commands and topics", async () => {
  const { code, stderr, text } = await commands.run(["help"]);
  assertEquals([code, stderr], [0, ""]);
  for (const name of Object.keys(COMMANDS)) {
    assertMatch(text, new RegExp(`^  ${name}  `, "m"));
  }
  for (const { name } of await readTopics()) {
    assertMatch(text, new RegExp(`^  ${name}  `, "m"));
  }
});

Deno.test("sluice help prints topics, commands, groups and places", async () => {
  const answers = await commands.runAll([
    ["rules"],
    ["options", "rules", "test"],
    ["passwd"],
    ["cert"],
    ["search", "quota", "zone"],
    ["search", "xyzzy"],
  ].map((words) => ["help", ...words]));
  assertEquals(answers.map(({ code }) => code), answers.map(() => 0));
  const [rules, options, passwd, cert, found, missing] = answers
    .map(({ text }) => text);
  assert(rules!.startsWith("RULES\n\n"), rules);
  assert(options!.startsWith("Usage: sluice rules test "), options);
  assert(passwd!.startsWith("Usage: sluice passwd "), passwd);
  assertMatch(cert!, /^Commands:\n {2}cert init /);
  assertMatch(found!, /^limits \(Options\): .*--quota-zone/m);
  assertEquals(missing, "The manual does not have 'xyzzy'.\n");
});

testPrograms({
  name: "sluice help on a terminal goes through the pager when it is long",
  needs: ["tmux"],
  async fn({ tmux }) {
    const program = [...SLUICE.slice(0, 2), "-A", SLUICE.at(-1)!];
    const marked = ["env", "PAGER=sed s/^/paged:/"];
    await using long = await startTerminal(tmux, [
      ...marked,
      ...program,
      "help",
      "rules",
    ]);
    assertMatch(await long.until(/code 0/), /paged:.*RULES/);
    await using short = await startTerminal(tmux, [
      ...marked,
      ...program,
      "help",
      "cert",
    ]);
    assert(!(await short.until(/code 0/)).includes("paged:"));
  },
});

testPrograms({
  name: "sluice help man is a page that man shows without a warning",
  needs: ["man"],
  async fn({ man }) {
    await using folder = await makeFolder();
    const { text } = await commands.run(["help", "man"]);
    const path = `${folder.path}/sluice.1`;
    await Deno.writeTextFile(path, text);
    const env = { MANWIDTH: "80", LC_ALL: "C.UTF-8" };
    const shown = await run(man, ["--warnings", "-l", path], { env });
    assertEquals([shown.code, shown.stderr], [0, ""]);
    assertMatch(shown.text, /^NAME\n +sluice - SOCKS5/m);
    assertMatch(shown.text, /^ +--listen HOST:PORT$/m);
    assertMatch(shown.text, /^OPTIONS OF CERT INIT$/m);
    assert(shown.text.includes("[IPV6]:PORT"), shown.text);
  },
});
