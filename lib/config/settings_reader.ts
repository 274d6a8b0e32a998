/**
 * Converts settings of a file to option values as on the command line, with
 * secrets and paths resolved.
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

/** Values for options. */
export interface SettingTexts {
  /** Texts by option name, without wrong ones. */
  given: Map<string, readonly string[]>;
  /** Options with wrong values, which were left out. */
  dropped: Set<string>;
}

/** Options for {@linkcode SettingsReader}. */
export interface SettingsReaderOptions {
  /** Path of the file, to which paths in it are relative. */
  file: string;
  /** Tells whether the schema has a fault at or below a path. */
  isWrong: (path: ConfigPath) => boolean;
  /** Receives a problem. */
  report: (path: ConfigPath, message: string) => void;
}

/** Reads option values from a file. */
export class SettingsReader {
  readonly #options: SettingsReaderOptions;
  /** Whether the file itself contains secrets. */
  hasSecrets = false;
  /** Files that secrets were read from. */
  readonly secretFiles: string[] = [];
  /** Environment variables that secrets were read from. */
  readonly secretVariables: string[] = [];

  /**
   * Creates a reader.
   *
   * @param options The file, and the receiver of problems.
   */
  constructor(options: SettingsReaderOptions) {
    this.#options = options;
  }

  /**
   * Reads settings.
   *
   * @param settings The settings in the file.
   * @param path Path of the settings in the file.
   */
  async read(
    settings: Settings,
    table: OptionTable,
    path: ConfigPath,
  ): Promise<SettingTexts> {
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
   * Reads the settings that replace the operands of a command.
   *
   * @param settings The settings in the file.
   * @param kind The kind of listener.
   * @param path Path of the settings in the file.
   * @param options Values of its options; the operands are added.
   */
  readWords(
    settings: Settings,
    { options: table, words }: ServerKind,
    path: ConfigPath,
    { given, dropped }: SettingTexts,
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

  /** Reports every wrong value of an option. */
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

  /** Paths of Unix sockets are relative to the file, like all others. */
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
