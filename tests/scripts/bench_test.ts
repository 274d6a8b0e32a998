import { assert, assertEquals, assertMatch } from "@std/assert";
import { Table } from "../../scripts/bench/table.ts";

const ROOT = `${import.meta.dirname}/../..`;

async function bench(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `${ROOT}/scripts/bench.ts`, ...args],
    env: { NO_COLOR: "1", ...env },
  }).output();
  const [text, stderrText] = [stdout, stderr]
    .map((part) => new TextDecoder().decode(part));
  return { code, text: text!, stderrText: stderrText! };
}

const ROWS = [
  "new connections a second",
  "CPU µs for a connection",
  "echo p99, µs",
  "GB/s up, one stream",
  "CPU s/GB down, eight streams",
  "memory at rest, MB",
  "KB for one of 20 tunnels",
  "ms from start to listening",
];

/** Each job once, and each load once: all four take too long. */
const CASES = [
  { job: "SOCKS5", isFast: false, env: { CC: "/nowhere/cc" } },
  { job: "relay", isFast: true, env: {} },
];

for (const { job, isFast, env } of CASES) {
  const compiler = isFast ? "a compiler, or none" : "no compiler";
  Deno.test({
    name: `bench measures ${job} when there is ${compiler}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const args = ["--quick", "--only=Sluice", `--job=${job}`];
      const small = ["--seconds=0.05", "--tunnels=20"];
      const { code, text, stderrText } = await bench([...args, ...small], env);
      assertEquals(code, 0, stderrText);
      for (const row of ROWS) {
        const cells = text.split("\n")
          .find((line) => line.startsWith(`| ${row} `));
        assertMatch(cells ?? text, /\| [\d.–]+ +\| [\d.–]+ +\|$/);
      }
      if (!isFast) assert(text.includes("There is no C compiler"), text);
      assert(!text.includes("failed") && !text.includes("broke"), text);
    },
  });
}

Deno.test("bench says what is wrong with an option", async () => {
  const { code, stderrText } = await bench(["--job", "cooking"]);
  assertEquals(code, 2);
  assertMatch(stderrText, /^bench: Option --job: 'cooking' is neither/);
});

Deno.test("toMarkdown() gives medians, and dashes when there are none", () => {
  const table = new Table(["one", "other"]);
  for (const value of [3, 100.4, 1]) table.add("odd", "one", value);
  for (const value of [1, 2]) table.add("even", "other", value);
  for (const value of [123.4, 0.01234]) table.add("odd", "other", value);
  assertEquals(
    table.toMarkdown(),
    `| figure | one | other |
| ------ | --- | ----- |
| odd    | 3   | 62    |
| even   | –   | 1.5   |
`,
  );
});
