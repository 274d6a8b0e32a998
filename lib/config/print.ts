/**
 * Converts a command line into an equivalent configuration.
 *
 * @module
 */

import { valueOf } from "../cli/file_value.ts";
import type { NamedWords, ServerKinds } from "./server_kinds.ts";
import type { Option, OptionTable } from "../cli/option.ts";
import { parseOptions } from "../cli/parse_options.ts";
import { PROGRAM_OPTIONS } from "../serve/options/program.ts";
import { redact } from "../cli/redaction.ts";
import { UsageError } from "../cli/usage_error.ts";
import { quote } from "../wire/quote.ts";

/**
 * Converts arguments into a configuration.
 *
 * @param args A command, or none for the proxy, and its options.
 * @param kinds All kinds of listeners.
 * @returns Its lines. Secrets are replaced by environment variables, which a
 *   comment names.
 * @throws {UsageError} If the command starts no listener or refuses the
 *   arguments.
 */
export async function printConfig(
  args: string[],
  kinds: ServerKinds,
): Promise<string[]> {
  const [first = ""] = args;
  const isNamed = first !== "" && !first.startsWith("-");
  const kindName = isNamed ? first : "proxy";
  const kind = kinds.get(kindName);
  if (kind === undefined) {
    const names = [...kinds.keys()].join(", ");
    throw new UsageError(
      `Command ${quote(kindName)} starts no listener: expected one of ${names}`,
    );
  }
  const { options } = kind.command;
  const given = await parseOptions(
    isNamed ? args.slice(1) : args,
    raw(options),
  );
  const secrets = new Secrets();
  const program: Record<string, unknown> = {};
  const listener: Record<string, unknown> = { kind: kindName };
  for (const [name, option] of Object.entries(options)) {
    const texts = given[name] as readonly string[] | undefined ?? [];
    if (texts.length === 0) continue;
    const isProgram = Object.hasOwn(PROGRAM_OPTIONS, name);
    if (!isProgram && !Object.hasOwn(kind.options, name)) continue;
    const shown = texts.map((text) => secrets.replace(name, option, text));
    const named = name === kind.words?.operand && nameWords(kind.words, shown);
    if (named) Object.assign(listener, named);
    else (isProgram ? program : listener)[name] = valueOf(option, shown);
  }
  const text = JSON.stringify({ ...program, listeners: [listener] }, null, 2);
  return [...secrets.comments, ...text.split("\n")];
}

/** Options that are validated but keep their texts. */
function raw(table: OptionTable): OptionTable {
  const entries = Object.entries(table).map(([name, option]) => {
    const parse = (given: readonly string[]): readonly string[] => {
      option.parse(given);
      return given;
    };
    return [name, { ...option, parse } satisfies Option<unknown>] as const;
  });
  return {
    ...Object.fromEntries(entries),
    "help": table["help"]!,
    "version": table["version"]!,
  };
}

/**
 * `LISTEN=UPSTREAM` pairs have no names: the address shows which ones share a
 * listener.
 */
function nameWords(
  { first, rest }: NamedWords,
  [listen, ...others]: readonly string[],
): Record<string, unknown> | undefined {
  const isPair = others.length === 0 || /^[^,]*=/.test(listen!);
  return isPair ? undefined : { [first]: listen, [rest]: others };
}

/** Secrets and the references that replace them. */
class Secrets {
  readonly comments: string[] = [];
  #count = 0;

  replace(name: string, option: Option<unknown>, text: string): string {
    if (redact(option, text) === text) return text;
    this.#count++;
    const variable = `SLUICE_${
      name.toUpperCase().replaceAll("-", "_")
    }_${this.#count}`;
    const isLogin = !text.includes("://") && text.includes(":");
    const user = isLogin ? text.slice(0, text.indexOf(":")) : undefined;
    // A name with a colon would look like a reference.
    const before = user === undefined || user === "" ? "" : `${user}:`;
    const what = before === ""
      ? `the value of --${name}`
      : `the secret of ${user}`;
    this.comments.push(`// Expects ${what} in ${variable} of the environment.`);
    return `${before}env:${variable}`;
  }
}
