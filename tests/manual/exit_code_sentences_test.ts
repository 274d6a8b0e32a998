/**
 * The exit codes that topics and helps tell in a sentence, such as "Exit
 * codes: 0 done; 1 denied; 2 a wrong option", against runs of the commands.
 */

import { assertEquals, assertNotEquals } from "@std/assert";
import { formatJson } from "../../lib/observe/log_json.ts";
import { documentAt } from "../support/documents.ts";
import { makeFolder, type TestFolder } from "../support/programs.ts";
import { type CommandLine, sluiceAll } from "../support/sluice_commands.ts";

const ALLOW = ["--rule", "allow port 80", "--rule", "default deny"];
const TEST = ["rules", "test", ...ALLOW];
const REPLAY = ["rules", "replay", "proxy.log", "--fail-on", "newly-denied"];

/** A sentence by the text before it, and a run for each code in its order. */
interface Told {
  document: string;
  after: string;
  /** The command whose help has the sentence too, if it does. */
  help?: string[];
  runs: (string[] | CommandLine)[];
}

const SENTENCES: Told[] = [
  {
    document: "lib/manual/rules.md",
    after: "Exit codes of `rules test`",
    runs: [
      [...TEST, "--target", "192.0.2.1:80"],
      [...TEST, "--target", "192.0.2.1:81"],
      [...TEST, "--target", "192.0.2.1"],
    ],
  },
  {
    document: "lib/manual/rules-tools.md",
    after: "depend on nothing but the files.",
    runs: [
      [...TEST, "--cases", "right.txt"],
      [...TEST, "--cases", "wrong.txt"],
      [...TEST, "--cases", "missing.txt"],
    ],
  },
  {
    document: "lib/manual/rules-tools.md",
    after: "Then come the rules that decided nothing.",
    help: ["rules", "replay"],
    runs: [
      [...REPLAY, "--rule", "allow port 80"],
      [...REPLAY, "--rule", "deny port 80"],
      [...REPLAY, "--rule", "deny ports"],
    ],
  },
  {
    document: "lib/manual/rules-tools.md",
    after: "of which a rule before it allows a part.",
    help: ["rules", "explain"],
    runs: ["good", "hidden", "missing"].map((
      name,
    ) => ["rules", "explain", `${name}.txt`]),
  },
  {
    document: "lib/manual/top.md",
    after: "Exit codes of `sluice top`",
    runs: [
      ["top", "--help"],
      ["top", "--once", "unix:/nonexistent/admin.sock"],
      ["top", "--once", "0"],
    ],
  },
  {
    document: "lib/manual/users.md",
    after: "**Exit codes of `sluice passwd`",
    runs: [
      { args: ["passwd", "alice"], stdin: "secret\n" },
      { args: ["passwd", "alice"], stdin: "\n" },
      { args: ["passwd", "a:b"], stdin: "secret\n" },
    ],
  },
];

Deno.test("sentences about exit codes have the codes that commands end with", async () => {
  await using folder = await makeFolder();
  await writeFiles(folder);
  const runs = SENTENCES.flatMap((sentence) => sentence.runs);
  const lines = runs.map((run) => "args" in run ? run : { args: run });
  const answers = await sluiceAll(
    lines.map((line) => ({ ...line, cwd: folder.path })),
  );
  for (const { document, after, runs } of SENTENCES) {
    const codes = answers.splice(0, runs.length).map(({ code }) => code);
    assertEquals(codesIn(documentAt(document), after), codes, after);
  }
});

Deno.test("doctor exits with the codes that its topic and its help tell", async () => {
  const told = codesIn(
    documentAt("lib/manual/troubleshooting.md"),
    "Exit codes of `doctor`",
  );
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const [free, problem, wrong, help] = await sluiceAll([
    ["doctor", "--json", "--listen", "127.0.0.1:0"],
    ["doctor", "--listen", `127.0.0.1:${port}`],
    ["doctor", "--listen", "nowhere"],
    ["doctor", "--help"],
  ]);
  // Something may be wrong on this machine that is no fault of the program's.
  const { worst } = JSON.parse(free!.text);
  const without = worst === "problem" ? free!.code - 1 : free!.code;
  assertEquals([without, problem!.code, wrong!.code], told);
  assertEquals(codesIn(help!.text, "Exit codes"), told);
});

Deno.test("helps tell the exit codes that topics tell", async () => {
  const sentences = SENTENCES.filter(({ help }) => help !== undefined);
  const helps = await sluiceAll(
    sentences.map(({ help }) => [...help!, "--help"]),
  );
  for (const [n, { document, after }] of sentences.entries()) {
    const told = codesIn(documentAt(document), after);
    assertEquals(codesIn(helps[n]!.text, "Exit codes"), told, after);
  }
});

/** The codes of the first sentence behind a text. */
function codesIn(text: string, after: string): number[] {
  const flat = text.replaceAll(/\s+/g, " ");
  const start = flat.indexOf(after);
  assertNotEquals(start, -1, `nothing says: ${after}`);
  const [, codes = ""] = /Exit codes[^:]*: (.*?)\.(?: |$)/
    .exec(flat.slice(start)) ?? [];
  return [...codes.matchAll(/(?:^|[,;] )(\d+) /g)].map(([, code]) =>
    Number(code)
  );
}

/** Files that the runs read. */
async function writeFiles({ path }: TestFolder): Promise<void> {
  const log = formatJson({
    event: "connection",
    code: "target-closed",
    startedAt: 0,
    duration: 12,
    listener: "127.0.0.1:1080",
    client: "127.0.0.1:50000",
    protocol: "socks5",
    target: "192.0.2.1:80",
    address: "192.0.2.1:80",
    sent: 1,
    received: 2,
    result: "ok",
    reason: "client closed first",
  }, 12);
  const table = (expected: string) => `expect target\n${expected} 192.0.2.1:80`;
  const files = {
    "proxy.log": log,
    "right.txt": table("allow"),
    "wrong.txt": table("deny"),
    "good.txt": "deny port 25",
    "hidden.txt": "deny port 25\nallow port 25",
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${path}/${name}`, `${text}\n`);
  }
}
