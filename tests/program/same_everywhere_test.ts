import { assert, assertEquals } from "@std/assert";
import { spellForFile } from "../../lib/config/spelling.ts";
import { loadListenerKinds } from "../../lib/config/server_kinds.ts";
import { type Option, valuesOf } from "../../lib/cli/option.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { printConfig } from "../../lib/config/print.ts";
import { PROGRAM_OPTIONS } from "../../lib/serve/options/program.ts";
import { requireEffect } from "../../lib/cli/requirements.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { load, problemsOf } from "../support/config.ts";
import { sampleOf } from "../support/option_samples.ts";

/** A command line with one option, and what its command can't do without. */
interface Line {
  kindName: string;
  name: string;
  option: Option<unknown>;
  args: string[];
}

const kinds = await loadListenerKinds();

/** Every option of every kind of listener, those of the program too. */
function* everyLine(): Generator<Line> {
  for (const [kindName, { command }] of kinds) {
    const words = kindName === "forward" ? ["8848", "127.0.0.1:80"] : [];
    for (const [name, option] of Object.entries(command.options)) {
      if (option.isOperand || ["help", "version"].includes(name)) continue;
      const text = option.kind === "flag" ? "" : `=${sampleOf(name, option)}`;
      yield { kindName, name, option, args: [`--${name}${text}`, ...words] };
    }
  }
}

/** What the program makes of the configuration that a command line means. */
async function printed({ args, kindName }: Line) {
  const lines = await printConfig([kindName, ...args], kinds);
  const secret = args[0]!.slice(args[0]!.indexOf(":") + 1);
  Deno.env.set("SLUICE_USER_1", secret);
  return lines.join("\n");
}

Deno.test("every option means the same on the command line and in the file that is printed of it", async () => {
  let count = 0;
  for (const line of everyLine()) {
    const { options } = kinds.get(line.kindName)!.command;
    const text = await printed(line);
    const { listeners, problems, program } = await load(text, "sluice.jsonc");
    const [{ given, kind }] = listeners as [typeof listeners[number]];
    assertEquals(problems, [], text);
    const shared = Object.keys(PROGRAM_OPTIONS).filter((name) =>
      Object.hasOwn(options, name)
    );
    const fromFile = {
      ...valuesOf(kind.command.options, given),
      ...Object.fromEntries(
        shared.map((name) => [name, program[name as keyof typeof program]]),
      ),
    };
    assertEquals(fromFile, await parseOptions(line.args, options), text);
    count++;
  }
  assert(count > 150, `${count}`);
});

Deno.test("an option that does nothing is refused alike on the command line and in a file", async () => {
  let count = 0;
  for (const line of everyLine()) {
    const fault = faultOf(
      await parseOptions(
        line.args,
        kinds.get(line.kindName)!.command.options,
      ),
    );
    if (fault === undefined) continue;
    assert(line.option.requires !== undefined, line.name);
    const text = spellForFile(
      fault,
      kinds.get(line.kindName)!.command.options,
    );
    const problems = await problemsOf(await printed(line));
    const isThere = problems.some((problem) =>
      problem.endsWith(`${line.name}: ${text}`)
    );
    assert(isThere, `${line.args}: ${text}: ${problems}`);
    count++;
  }
  assert(count > 30, `${count}`);
});

function faultOf(values: object): string | undefined {
  try {
    requireEffect(values);
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error.fault;
    throw error;
  }
}

Deno.test("requirements of options name existing options that can be in use", () => {
  for (const [kindName, { command }] of kinds) {
    for (const [name, { requires = [] }] of Object.entries(command.options)) {
      for (const { anyOf, is = [] } of requires) {
        for (const needed of anyOf) {
          const option = command.options[needed];
          assert(option !== undefined, `${kindName} --${name}: --${needed}`);
          for (const word of is) option.parse([word]);
        }
      }
    }
  }
});
