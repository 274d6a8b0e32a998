import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { formatHelp } from "../../lib/cli/help.ts";
import { GROUP } from "../../lib/cli/option_groups.ts";
import type { OptionTable } from "../../lib/cli/option.ts";
import { visibleLength } from "../../lib/cli/layout.ts";
import {
  count,
  duration,
  flag,
  operand,
} from "../../lib/cli/declare_options.ts";
import { PROXY_COMMAND } from "../../lib/proxy/command.ts";

Deno.test("formatHelp() writes usage, examples and options", () => {
  const help = formatHelp({
    usage: "demo [OPTIONS]",
    summary: "Shows something.",
    examples: [["sluice demo", "shows it"]],
    options: {
      "count": count({ default: "3", help: "how often" }),
      "quiet": flag("say less"),
      "help": flag("print this and exit", { short: "h" }),
    },
  });
  assertEquals(
    help,
    `Usage: sluice demo [OPTIONS]

Shows something.

Examples:
  sluice demo
      shows it

Options:
  --count N     how often (default 3)
  --quiet       say less
  -h, --help    print this and exit`,
  );
});

Deno.test("formatHelp() writes an operand, other commands, and durations", () => {
  const help = formatHelp({
    usage: "demo [OPTIONS] HOST…",
    summary: "Shows something.",
    examples: [],
    options: {
      "hosts": operand(
        "text",
        { value: "HOST…", help: "what to show" },
        (given) => given,
      ),
      "wait": duration({
        default: "3s",
        group: "Times",
        help: "how long",
      }),
    },
    commands: [["other", "Shows more."]],
  });
  assertEquals(
    help,
    `Usage: sluice demo [OPTIONS] HOST…

Shows something.

Commands:
  other         Shows more.

Options:
  HOST…            what to show

Times:
  --wait DURATION  how long (default 3s)

A DURATION is a number and a unit: 250ms, 10s, 5m, 1h, 1d; or 0.`,
  );
});

Deno.test("formatHelp() sorts groups the same way for every command", () => {
  const headingsOf = (table: OptionTable) =>
    formatHelp({ usage: "demo", summary: "", examples: [], options: table })
      .split("\n").filter((line) => /^[A-Z].*:$/.test(line));
  const shared = {
    "log": flag("x", { group: GROUP.watch }),
    "limit": flag("x", { group: GROUP.limits }),
    "pool": flag("x", { group: "Pools" }),
    "listen": flag("x", { group: GROUP.listen }),
    "help": flag("print this", { short: "h" }),
  };
  const sorted = ["Pools:", "Listen:", "Limits:", "Watch it:"];
  assertEquals(headingsOf(shared), [...sorted, "Options:"]);
  const own = { ...shared, "names": flag("x") };
  assertEquals(headingsOf(own), ["Options:", ...sorted]);
});

Deno.test("formatHelp() wraps text at 79 columns, with its indentation", () => {
  const words = Array.from({ length: 60 }, (_, n) => `word${n}`).join(" ");
  const help = formatHelp({
    usage: "demo",
    summary: words,
    examples: [["sluice demo", words]],
    options: { "quiet": flag(words) },
  });
  for (const line of help.split("\n")) assertLessOrEqual(line.length, 79);
  const rejoined = help.replaceAll(/\s+/g, " ");
  assertEquals(rejoined.split(words).length, 1 + 3);
});

Deno.test("formatHelp() fills a line up to its last column", () => {
  const cases = [
    { summary: `${"a".repeat(39)} ${"b".repeat(39)} c`, lines: 2 },
    { summary: `${"a".repeat(39)} ${"b".repeat(39)}`, lines: 1 },
    { summary: `${"a".repeat(39)} ${"b".repeat(40)}`, lines: 2 },
  ];
  const options = { "quiet": flag("say less") };
  for (const { summary, lines } of cases) {
    const help = formatHelp({ usage: "x", summary, examples: [], options });
    assertEquals(help.split("\n").indexOf("Options:"), 2 + lines + 1);
  }
});

Deno.test("formatHelp() keeps a long word whole", () => {
  const word = "x".repeat(100);
  const help = formatHelp({
    usage: "demo",
    summary: `a ${word} b`,
    examples: [],
    options: {},
  });
  assertEquals(help.split("\n").slice(2, 5), ["a", word, "b"]);
});

Deno.test("formatHelp() names every option of sluice proxy", () => {
  const help = formatHelp(PROXY_COMMAND);
  for (const [name, option] of Object.entries(PROXY_COMMAND.options)) {
    const value = "value" in option ? ` ${option.value}` : "";
    assert(help.includes(`--${name}${value}`), name);
  }
  for (const line of help.split("\n")) {
    assertLessOrEqual(line.length, 79, line);
    assertEquals(line, line.trimEnd());
  }
});

Deno.test("formatHelp() starts the text of a long name on the next line", () => {
  const help = formatHelp({
    usage: "demo",
    summary: "Shows something.",
    examples: [],
    options: {
      "a-name-that-is-longer-than-any-column": flag("what it does"),
      "quiet": flag("say less"),
    },
  });
  assertEquals(help.split("\n").slice(4), [
    "Options:",
    "  --a-name-that-is-longer-than-any-column",
    "                what it does",
    "  --quiet       say less",
  ]);
});

Deno.test("formatHelp() uses a wider screen, and styles headings and names", () => {
  const words = Array.from({ length: 60 }, (_, n) => `word${n}`).join(" ");
  const wide = { width: 100, isStyled: true };
  const help = formatHelp({
    usage: "demo",
    summary: words,
    examples: [],
    options: { "quiet": flag("say less") },
  }, wide);
  const longest = Math.max(...help.split("\n").map(visibleLength));
  assert(longest > 90 && longest <= 100, `${longest}`);
  assert(help.includes("\u001b[1mOptions:\u001b[0m\n"), help);
  assert(help.includes("  \u001b[1m--quiet\u001b[0m       say less"), help);
});
