import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../lib/program/commands.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { run } from "../support/programs.ts";
import { blocksOf, DOCUMENTS } from "../support/documents.ts";
import { commandsOf } from "../support/shell_words.ts";

const DEPLOY = new URL("../../scripts/deploy/", import.meta.url);

const SCRIPTS = [...blocksOf("commands"), ...blocksOf("script")];

Deno.test("commandsOf() gives the words of each command of a script", () => {
  assertEquals(
    commandsOf("a 'b c' d#e # f | g\nx 2>> y | (z; \"q r\"s \\\n  t) && u < v"),
    [["a", "b c", "d#e"], ["x"], ["z"], ["q rs", "t"], ["u"]],
  );
});

Deno.test("every block of commands in the documents is valid in a shell", async () => {
  for (const { text, where } of SCRIPTS) {
    const { code, stderr } = await run("/bin/sh", ["-n"], { stdin: text });
    assertEquals(code, 0, `${where}: ${stderr}`);
  }
});

/** Options of other programs that the text names: Deno's, mostly. */
const OTHERS =
  /^--(?:allow-(?:env|ffi|net|read|sys|write)|quick|security-opt)$/;

Deno.test("options that a text names are options of a command", async () => {
  const commands = await Promise.all(
    Object.values(COMMANDS).map(({ load }) => load()),
  );
  const known = new Set(
    commands.flatMap(({ options }) =>
      Object.keys(options).map((name) => `--${name}`)
    ),
  );
  for (const { path, text } of DOCUMENTS) {
    const named = text.matchAll(
      /`(?:sluice [a-z ]*)?(--[a-z][a-z0-9-]*[a-z0-9])(?=[` =])/g,
    );
    for (const [, name] of named) {
      assert(known.has(name!) || OTHERS.test(name!), `${path}: ${name}`);
    }
  }
});

const LINES = await commandLines();

Deno.test("command lines are found at their position", () => {
  const places = new Set(LINES.map(({ where }) => where.replace(/:\d+$/, "")));
  const wanted = ["--help", "README.md", "haproxy.cfg", "sluice.service"];
  for (const place of wanted) assert(places.has(place), place);
  assert(LINES.length > 160, `${LINES.length}`);
});

for (const { variables, words, where } of LINES) {
  Deno.test(`${where} has options that there are: sluice ${words.join(" ")}`, async () => {
    const { name, rest } = findCommand(words);
    const { options } = await COMMANDS[name]!.load();
    for (const variable of variables) {
      const [name, value] = variable.split("=", 2);
      Deno.env.set(name!, value!);
    }
    try {
      await parseOptions(rest, options);
    } finally {
      for (const variable of variables) {
        Deno.env.delete(variable.split("=")[0]!);
      }
    }
  });
}

interface CommandLine {
  where: string;
  /** What stands before the program's name: `NAME=VALUE`. */
  variables: string[];
  /** What follows it. */
  words: string[];
}

/** Command lines of the program in the documents, `scripts/deploy` and `--help`. */
async function commandLines(): Promise<CommandLine[]> {
  const ofDeploy = await Promise.all(
    ["haproxy.cfg", "sluice.service", "sluice@.service"].map(async (name) => ({
      where: name,
      text: await Deno.readTextFile(new URL(name, DEPLOY)),
    })),
  );
  const commands = await Promise.all(
    Object.values(COMMANDS).map(({ load }) => load()),
  );
  const ofHelp = commands.flatMap(({ examples }) =>
    examples.map(([text]) => ({ where: "--help", text }))
  );
  const ofUnits = [...blocksOf("unit"), ...ofDeploy]
    .map(({ text, where }) => ({ where, text: commandsOfUnit(text) }));
  return [...SCRIPTS, ...ofUnits, ...ofHelp].flatMap(({ text, where }) =>
    commandsOf(text).flatMap(wordsOfProgram).map((line) => ({ where, ...line }))
  );
}

/** What a unit starts, and what a comment says to type. */
function commandsOfUnit(text: string): string {
  return text.replaceAll(/\\\n(?:#\s*)?\s*/g, " ").split("\n").flatMap((line) =>
    /^(?:#\s+|ExecStart=)(?:\/usr\/local\/bin\/)?(sluice .*)$/.exec(line)
      ?.[1] ??
      []
  ).join("\n");
}

/** What surrounds the program's name: first, or where another program starts it. */
function wordsOfProgram(words: string[]): Omit<CommandLine, "where">[] {
  const nested = words.filter((word) => word.includes("Command=sluice "))
    .flatMap((word) => commandsOf(asSsh(word)))
    .flatMap(wordsOfProgram);
  const first = words.findIndex((word) => !/^\w+=/.test(word));
  const starts = words[first] === "systemd-run" ||
    words[first] === "docker" && words[first + 1] === "run";
  const at = starts ? words.lastIndexOf("sluice") : first;
  const isProgram = words[at] === "sluice" &&
    !["help", "version"].includes(words[at + 1] ?? "");
  if (!isProgram) return nested;
  const variables = words.slice(0, first);
  return [...nested, { variables, words: words.slice(at + 1) }];
}

/** What `ssh` runs for an option that names a command. */
function asSsh(word: string): string {
  return word.replace(/^.*?=/, "").replace("%h:%p", "host.example:22");
}

function findCommand(words: string[]): { name: string; rest: string[] } {
  const [first = "", second = ""] = words;
  const both = `${first} ${second}`;
  if (Object.hasOwn(COMMANDS, both)) {
    return { name: both, rest: words.slice(2) };
  }
  if (Object.hasOwn(COMMANDS, first)) {
    return { name: first, rest: words.slice(1) };
  }
  assert(first === "" || first.startsWith("-"), `no such command: ${first}`);
  return { name: "proxy", rest: words };
}
