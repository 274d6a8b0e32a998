/**
 * What a file says of options, as it would be given on the command line: with
 * secrets and paths in their places.
 *
 * @module
 */

import type { ConfigPath } from "../cli/config_error.ts";
import { type ConfigValue, textsOf } from "../cli/file_value.ts";
import type { ServerKind } from "./server_kinds.ts";
import { isSecret, type Option, type OptionTable } from "../cli/option.ts";
import { redact, redactFault } from "../cli/redaction.ts";
import { variableOf } from "../cli/reference.ts";
import { findSecret, relativeTo } from "../cli/secret_reference.ts";

/** Settings as a file has them. */
export type Settings = Readonly<Record<string, unknown>>;

/** What is given to options. */
export interface GivenOptions {
  /** Texts by the name of the option; what is wrong is left out. */
  given: Map<string, readonly string[]>;
  /** Options that were left out. */
  dropped: Set<string>;
}

/** Options for {@linkcode GivenReader}. */
export interface GivenReaderOptions {
  /** Path of the file, to which paths in it are relative. */
  file: string;
  /** Tells whether the schema has found a fault at a path, or below it. */
  isWrong: (path: ConfigPath) => boolean;
  /** Takes a problem. */
  report: (path: ConfigPath, message: string) => void;
}

/** Reads what a file says of options. */
export class GivenReader {
  readonly #options: GivenReaderOptions;
  /** Whether secrets stand in the file itself. */
  hasSecrets = false;
  /** Files that secrets were read from. */
  readonly secretFiles: string[] = [];
  /** Variables of the environment that secrets are read from. */
  readonly secretVariables: string[] = [];

  /**
   * Creates a reader.
   *
   * @param options Of which file, and who is told of problems.
   */
  constructor(options: GivenReaderOptions) {
    this.#options = options;
  }

  /**
   * Reads settings.
   *
   * @param settings What the file says.
   * @param table The options that there are.
   * @param path Where in the file that is.
   * @returns What is given to the options.
   */
  async read(
    settings: Settings,
    table: OptionTable,
    path: ConfigPath,
  ): Promise<GivenOptions> {
    const given = new Map<string, readonly string[]>();
    const dropped = new Set<string>();
    for (const [name, option] of Object.entries(table)) {
      if (!Object.hasOwn(settings, name)) continue;
      const at = [...path, name];
      const value = settings[name] as ConfigValue;
      const texts = this.#options.isWrong(at)
        ? undefined
        : await this.#texts(option, value, at);
      if (texts === undefined) dropped.add(name);
      else given.set(name, texts);
    }
    return { given, dropped };
  }

  /**
   * Reads the settings that stand for the words of a command.
   *
   * @param settings What the file says.
   * @param kind What is configured.
   * @param path Where in the file that is.
   * @param options What is given to its options; the words are added.
   */
  readWords(
    settings: Settings,
    { options: table, words }: ServerKind,
    path: ConfigPath,
    { given, dropped }: GivenOptions,
  ): void {
    const { operand, first, rest } = words!;
    const { isWrong, report } = this.#options;
    const isSaid = given.has(operand) || dropped.has(operand);
    const names = [first, rest].filter((name) => Object.hasOwn(settings, name));
    if (names.length === 0 && isSaid) return;
    const texts = names.flatMap((name) =>
      textsOf(settings[name] as ConfigValue)
    );
    if (names.some((name) => isWrong([...path, name]))) {
      given.delete(operand);
    } else if (isSaid || !names.includes(first)) {
      given.delete(operand);
      const message = `expected either ${first} (and ${rest}), or ${operand}`;
      report([...path, ...names.slice(0, 1)], message);
    } else {
      const said = texts.map((text) => this.#underFile(text));
      const fault = faultOf(table[operand]!, said);
      if (fault === undefined) given.set(operand, said);
      else report([...path, names.at(-1)!], fault);
    }
    if (!given.has(operand)) dropped.add(operand);
  }

  /** All that is wrong with an option is told, value by value. */
  async #texts(
    option: Option<unknown>,
    value: ConfigValue,
    at: ConfigPath,
  ): Promise<string[] | undefined> {
    const { report } = this.#options;
    const texts: string[] = [];
    let isGood = true;
    for (const [index, text] of textsOf(value).entries()) {
      const place = Array.isArray(value) ? [...at, index] : at;
      try {
        texts.push(await this.#resolve(option, text));
        const fault = option.isOperand
          ? undefined
          : faultOf(option, texts.slice(-1));
        if (fault !== undefined) throw new SyntaxError(fault);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        isGood = false;
        report(place, error.message);
      }
    }
    if (!isGood) return undefined;
    const fault = faultOf(option, texts);
    if (fault === undefined) return texts;
    report(at, fault);
    return undefined;
  }

  async #resolve(
    option: Option<unknown>,
    text: string,
  ): Promise<string> {
    if (option.kind !== "flag" && text === "") {
      throw new SyntaxError(`expected ${option.value}, not nothing`);
    }
    const { file } = this.#options;
    if (option.kind === "path") return relativeTo(file, text);
    if (option.kind === "address") return this.#underFile(text);
    if (!isSecret(option)) return text;
    this.hasSecrets ||= redact(option, text) !== text;
    const variable = variableOf(text);
    if (variable !== undefined) this.secretVariables.push(variable);
    const found = await findSecret(text, file);
    if (found.file !== undefined) this.secretFiles.push(found.file);
    return found.secret;
  }

  /** The paths of Unix sockets are relative to the file as all others are. */
  #underFile(text: string): string {
    return text.replace(
      /(^|=)unix:([^/@,=][^,=]*)/g,
      (_all, before: string, path: string) =>
        `${before}unix:${relativeTo(this.#options.file, path)}`,
    );
  }
}

function faultOf(
  option: Option<unknown>,
  texts: readonly string[],
): string | undefined {
  try {
    option.parse(texts);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return redactFault(option, texts, error.message);
  }
}
