import { assert, assertEquals } from "@std/assert";
import { jsonSchema } from "../../lib/config/schema.ts";
import { loadListenerKinds } from "../../lib/config/server_kinds.ts";
import { type Option, valuesOf } from "../../lib/cli/option.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { PROGRAM_OPTIONS } from "../../lib/serve/options/program.ts";
import { load, problemsOf } from "../support/config.ts";
import { sampleOf } from "../support/option_samples.ts";

const kinds = await loadListenerKinds();

/** Each option of each kind, and what a kind can't do without. */
function* everyOption(): Generator<{
  kindName: string;
  name: string;
  option: Option<unknown>;
  words: string[];
  needed: Record<string, unknown>;
}> {
  for (const [kindName, { options }] of kinds) {
    const isRelay = kindName === "forward";
    const words = isRelay ? ["8848", "127.0.0.1:8849"] : [];
    const needed = isRelay ? { listen: 8848, upstreams: "127.0.0.1:8849" } : {};
    for (const [name, option] of Object.entries(options)) {
      if (isRelay && name === "routes") continue;
      yield { kindName, name, option, words, needed };
    }
  }
}

/** What the command line would make of it. */
async function byFlag(
  kindName: string,
  args: string[],
): Promise<Record<string, unknown>> {
  const { command } = kinds.get(kindName)!;
  return await parseOptions(args, command.options);
}

/** What the file makes of it, or what is wrong. */
async function byFile(listener: Record<string, unknown>) {
  const { listeners: [config], problems } = await load({
    listeners: [listener],
  }, "sluice.jsonc");
  if (problems.length > 0) return problems.map(({ message }) => message);
  return valuesOf(config!.kind.command.options, config!.given);
}

Deno.test("a file sets every option of every kind as its flag does", async () => {
  let count = 0;
  for (const { kindName, name, option, words, needed } of everyOption()) {
    const isFlag = option.value === undefined;
    const text = isFlag ? "" : sampleOf(name, option);
    const args = option.isOperand
      ? [text]
      : [isFlag ? `--${name}` : `--${name}=${text}`, ...words];
    const wanted = await byFlag(kindName, args);
    const setting = isFlag ? true : text;
    const got = await byFile({ kind: kindName, ...needed, [name]: setting });
    assertEquals(got, wanted, `${kindName}: ${name}: ${text}`);
    count++;
  }
  assert(count > 90, `${count}`);
});

Deno.test("a file may use numbers for numeric options, and lists for repeatable ones", async () => {
  for (const { kindName, name, option, needed } of everyOption()) {
    if (option.value === undefined) continue;
    const text = sampleOf(name, option);
    const listener = { kind: kindName, ...needed };
    if (option.isNumeric && /^\d+$/.test(text)) {
      const got = await byFile({ ...listener, [name]: Number(text) });
      assertEquals(got, await byFile({ ...listener, [name]: text }), name);
    }
    const list = await byFile({ ...listener, [name]: [text] });
    if (option.many) {
      assertEquals(list, await byFile({ ...listener, [name]: text }), name);
    } else assert(Array.isArray(list), `${name} takes a list`);
  }
});

Deno.test("a file refuses values of other types for every option", async () => {
  for (const { kindName, name, option, needed } of everyOption()) {
    const wrong = option.value === undefined ? [1, "true", null, []] : [
      true,
      null,
      {},
      [[]],
    ];
    for (const value of wrong) {
      const got = await byFile({ kind: kindName, ...needed, [name]: value });
      const [message] = got as string[];
      assert(message?.startsWith("expected "), `${name}: ${message}`);
    }
  }
});

Deno.test("a false flag is one that was not given", async () => {
  const got = await byFile({ kind: "proxy", open: false });
  assertEquals(got, await byFlag("proxy", []));
});

Deno.test("options of the program stand beside the listeners, and nowhere else", async () => {
  const listeners = [{ kind: "hub" }];
  const { program } = await load({ "drain-timeout": "5s", listeners });
  assertEquals(program["drain-timeout"], 5_000);
  for (const name of Object.keys(PROGRAM_OPTIONS)) {
    const [problem] = await problemsOf({
      listeners: [{ kind: "hub", [name]: "text" }],
    });
    assert(problem?.includes("there is no such setting"), problem);
  }
});

Deno.test("jsonSchema() describes every option", () => {
  const { properties } = jsonSchema(kinds) as {
    properties: Record<string, Described>;
  };
  const branches = properties["listeners"]!.items!.oneOf!;
  const byKind = new Map(
    branches.map((branch) => [branch.properties!["kind"]!.const, branch]),
  );
  for (const { kindName, name } of everyOption()) {
    const described = byKind.get(kindName)?.properties?.[name];
    assert((described?.description?.length ?? 0) > 10, `${kindName} ${name}`);
    assertEquals(byKind.get(kindName)!.additionalProperties, false);
  }
  assertEquals(properties["log"]!.enum, ["text", "json"]);
});

interface Described {
  description?: string;
  const?: string;
  enum?: string[];
  additionalProperties?: boolean;
  properties?: Record<string, Described>;
  items?: { oneOf?: Described[] };
}
