import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../lib/program/commands.ts";
import { README } from "../support/readme.ts";

/** Rows of the README's table of options of `sluice proxy`: name, default. */
const ROWS = new Map(
  [...README.split("## Options")[1]!.split("\n## ")[0]!.matchAll(
    /^\| `--([\w-]+)(?:\\.|[^|\\])*\| ((?:\\.|[^|\\])*?) *\|/gm,
  )].map(([, name, initial]) => [name!, initial!]),
);

async function optionsOf(name: string): Promise<[string, string][]> {
  const { options } = await COMMANDS[name]!.load();
  return Object.entries(options)
    .filter(([, { isOperand }]) => !isOperand)
    .map(([name, { help }]) => [name, help]);
}

for (const name of Object.keys(COMMANDS)) {
  Deno.test(`COMMANDS have every option of ${name} in the README`, async () => {
    for (const [option] of await optionsOf(name)) {
      const isThere = new RegExp(`--${option}(?![\\w-])`).test(README);
      assert(isThere || isShort(option), `--${option} is not in the README`);
    }
  });
}

Deno.test("COMMANDS all understand -h and -V", async () => {
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    const { help, version } = (await load()).options;
    assertEquals([help?.short, version?.short], ["h", "V"], name);
  }
});

/** Two are said by their letters. */
function isShort(option: string): boolean {
  return ["ipv4", "ipv6"].includes(option) && README.includes("`-4`, `-6`");
}

Deno.test("COMMANDS have the options of proxy in a table of the README, and no others", async () => {
  const names = (await optionsOf("proxy")).map(([name]) => name);
  const shared = ["version"]; // Beside `--help`, in its row.
  assertEquals(
    [...ROWS.keys(), ...shared].toSorted(),
    names.toSorted(),
  );
});

Deno.test("COMMANDS have the defaults of proxy in that table", async () => {
  const { options } = await COMMANDS["proxy"]!.load();
  const unsaid = new Map(ROWS);
  for (const [name, { default: initial, help }] of Object.entries(options)) {
    const value = /^`([^`]+)`/.exec(ROWS.get(name) ?? "")?.[1];
    if (initial !== undefined) assertEquals(value, initial, `--${name}`);
    // One that depends on something is in the words of the help.
    else if (value !== undefined) {
      assertStringIncludes(help.replaceAll(",", ")"), `(default ${value})`);
    } else continue;
    unsaid.delete(name);
  }
  // What is left in the table has no value that could be written.
  for (const [name, initial] of unsaid) assert(!/[\d`]/.test(initial), name);
});
