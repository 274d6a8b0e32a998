import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { visibleLength } from "../../lib/cli/layout.ts";
import { formatForTerminal } from "../../lib/manual/terminal.ts";
import { readTopics } from "../../lib/manual/topics.ts";

const PLAIN = { width: 40, isStyled: false };

Deno.test("formatForTerminal() writes headings, paragraphs and code", () => {
  const text = `# A title

Words that are **longer** than one line of
this *narrow* terminal, with \`code\`.

## A part

\`\`\`sh
sluice --listen 1080   # as it is
\`\`\`
`;
  assertEquals(formatForTerminal(text, PLAIN), [
    "A TITLE",
    "",
    "Words that are longer than one line of",
    "this narrow terminal, with `code`.",
    "",
    "A part",
    "",
    "    sluice --listen 1080   # as it is",
  ]);
});

Deno.test("formatForTerminal() indents lists under their marks", () => {
  const text = "- one that is longer than a line of the terminal\n" +
    "- two\n  1. first\n  2. second\n";
  assertEquals(formatForTerminal(text, PLAIN), [
    "- one that is longer than a line of the",
    "  terminal",
    "- two",
    "  1. first",
    "  2. second",
  ]);
});

Deno.test("formatForTerminal() wraps the cells of a table", () => {
  const text = "| option | what it does |\n|---|---|\n" +
    "| `--listen` | where to listen, and for whom |\n| `-q` | a \\| b |\n";
  assertEquals(formatForTerminal(text, { ...PLAIN, width: 34 }), [
    "option      what it does",
    "──────────  ──────────────────────",
    "`--listen`  where to listen, and",
    "            for whom",
    "`-q`        a | b",
  ]);
});

Deno.test("formatForTerminal() begins a cell below a word that is too long", () => {
  const text = "| option | what it does |\n|---|---|\n" +
    "| `--prefer system\\|ipv4\\|ipv6\\|only-ipv4` | which addresses to try first |\n";
  assertEquals(formatForTerminal(text, { ...PLAIN, width: 40 }), [
    "option               what it does",
    "───────────────────  ───────────────────",
    "`--prefer",
    "system|ipv4|ipv6|only-ipv4`",
    "                     which addresses to",
    "                     try first",
  ]);
});

Deno.test("formatForTerminal() turns links into commands for a terminal", () => {
  const text = "See [rules](rules.md#time), [the site](https://example.com/)" +
    " and <https://example.org/>.";
  assertEquals(formatForTerminal(text, { ...PLAIN, width: 200 }), [
    "See rules (sluice help rules), the site <https://example.com/> and " +
    "https://example.org/.",
  ]);
});

Deno.test("formatForTerminal() styles text that a terminal shows styled", () => {
  const lines = formatForTerminal("# A title\n\n**Bold** and `code`.", {
    ...PLAIN,
    isStyled: true,
  });
  assertEquals(lines, [
    "\u001b[1;4mA TITLE\u001b[0m",
    "",
    "\u001b[1mBold\u001b[0m and \u001b[36mcode\u001b[0m.",
  ]);
});

Deno.test("formatForTerminal() skips comments, and shows characters of HTML", () => {
  const text = "<!-- options proxy -->\n\na < b & c > d\n\n<!-- end -->\n";
  assertEquals(formatForTerminal(text, PLAIN), ["a < b & c > d"]);
});

Deno.test("formatForTerminal() fits the words of every topic into 80 columns", async () => {
  const topics = await readTopics();
  assert(topics.length >= 15, `${topics.length}`);
  for (const { name, text } of topics) {
    const lines = formatForTerminal(text, { width: 80, isStyled: true });
    // Code keeps its lines, and a word that is too long stays whole.
    const words = lines.filter((line) =>
      !line.startsWith("    ") && line.trim().includes(" ")
    );
    for (const line of words.filter((line) => !line.includes("  "))) {
      assertLessOrEqual(visibleLength(line), 80, `${name}: ${line}`);
    }
  }
});
