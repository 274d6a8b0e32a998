/**
 * Parses a configuration into option values.
 *
 * @module
 */

import type { ConfigPath, ConfigProblem } from "../cli/config_error.ts";
import { type SchemaFault, schemaFaults } from "./schema.ts";
import { SettingsReader } from "./settings_reader.ts";
import { spellForFile } from "./spelling.ts";
import { ConfigText } from "./text.ts";
import {
  loadListenerKinds,
  type ServerKind,
  type ServerKinds,
} from "./server_kinds.ts";
import { type OptionTable, valuesOf } from "../cli/option.ts";
import { synonymOf } from "../cli/option_hints.ts";
import { suggest } from "../cli/parse_options.ts";
import {
  PROGRAM_OPTIONS,
  type ProgramOptions,
} from "../serve/options/program.ts";
import { redactConfig } from "../cli/redaction.ts";

/** Option values of one listener, as on the command line. */
export type Given = ReadonlyMap<string, readonly string[]>;

/** A listener as configured. */
export interface ListenerConfig {
  /** Its index in the list. */
  index: number;
  /** Its kind. */
  kind: ServerKind;
  /** Name of its kind. */
  kindName: string;
  /** Its option values, without wrong ones. */
  given: Given;
  /** Tells whether the file contains a setting. */
  says(name: string): boolean;
  /** Options with wrong values, which were left out. */
  dropped: ReadonlySet<string>;
}

/** A configuration. */
export interface Config {
  /** Values of the options of the program. */
  program: ProgramOptions;
  /** Its listeners. */
  listeners: readonly ListenerConfig[];
  /** The problems so far. */
  problems: readonly ConfigProblem[];
  /** Rewrites option names in a text to the spelling of the source. */
  spell(text: string, options: OptionTable): string;
  /** Creates a problem with a listener. */
  problem(path: ConfigPath, message: string): ConfigProblem;
  /** The content of the file, without secrets. */
  printable: unknown;
  /** Whether the file itself contains secrets. */
  hasSecrets: boolean;
  /** Files that secrets were read from. */
  secretFiles: readonly string[];
  /** Environment variables that secrets were read from. */
  secretVariables: readonly string[];
}

/**
 * Reads a configuration and collects its problems.
 *
 * @param text The text of its file.
 * @param path Path of the file, to which paths in it are relative.
 * @returns The configuration with its problems.
 * @throws {ConfigError} If the text cannot be parsed.
 */
export async function loadConfig(text: string, path: string): Promise<Config> {
  const source = new ConfigText(text);
  // The kinds that it doesn't name would only delay the start.
  const kinds = await loadListenerKinds(kindsIn(source.value));
  return await new Loader(source, path, kinds).load();
}

/** The kinds that the listeners of a file name, whether they exist or not. */
function kindsIn(value: unknown): unknown[] {
  const listeners = isObject(value) ? value["listeners"] : undefined;
  if (!Array.isArray(listeners)) return [];
  return listeners.map((one) => isObject(one) ? one["kind"] : undefined);
}

class Loader {
  readonly #source: ConfigText;
  readonly #kinds: ServerKinds;
  readonly #problems: ConfigProblem[] = [];
  readonly #reader: SettingsReader;

  constructor(source: ConfigText, path: string, kinds: ServerKinds) {
    this.#source = source;
    this.#kinds = kinds;
    this.#reader = new SettingsReader({
      file: path,
      isWrong: (path) => this.#isWrong(path),
      report: (path, message) => this.#report(path, message),
    });
  }

  async load(): Promise<Config> {
    const { value } = this.#source;
    for (const fault of schemaFaults(value, this.#kinds)) {
      await this.#explain(fault);
    }
    const settings = isObject(value) ? value : {};
    const { given } = await this.#reader.read(settings, PROGRAM_OPTIONS, []);
    const listeners = await this.#listeners(settings["listeners"]);
    const { hasSecrets, secretFiles, secretVariables } = this.#reader;
    const program = valuesOf(PROGRAM_OPTIONS, given) as ProgramOptions;
    this.#requireSpreadable(program.workers, listeners);
    return {
      program,
      listeners,
      problems: this.#problems,
      problem: (path, message) => this.#problem(path, message),
      spell: spellForFile,
      printable: redactConfig(value, {
        program: PROGRAM_OPTIONS,
        kinds: this.#kinds,
      }),
      ...{ hasSecrets, secretFiles, secretVariables },
    };
  }

  async #listeners(list: unknown): Promise<ListenerConfig[]> {
    if (!Array.isArray(list)) return [];
    const listeners: ListenerConfig[] = [];
    for (const [index, settings] of list.entries()) {
      const kindName = isObject(settings) ? settings["kind"] : undefined;
      const kind = this.#kinds.get(kindName as string);
      if (kind === undefined) continue;
      const path = ["listeners", index];
      const options = await this.#reader.read(settings, kind.options, path);
      if (kind.words !== undefined) {
        this.#reader.readWords(settings, kind, path, options);
      }
      const says = (name: string) => Object.hasOwn(settings, name);
      const listener = { index, kind, kindName: kindName as string, says };
      listeners.push({ ...listener, ...options });
    }
    return listeners;
  }

  #requireSpreadable(
    workers: number,
    listeners: readonly ListenerConfig[],
  ): void {
    if (workers === 1) return;
    for (const { index, kind, kindName } of listeners) {
      if (!kind.isSingle) continue;
      this.#report(
        ["listeners", index],
        `workers is ${workers}, but a ${kindName} runs in one thread; run it as a separate program`,
      );
    }
  }

  #isWrong(path: ConfigPath): boolean {
    return this.#problems.some((problem) =>
      path.every((part, index) => problem.path[index] === part)
    );
  }

  #report(path: ConfigPath, message: string): void {
    this.#problems.push(this.#problem(path, message));
  }

  #problem(path: ConfigPath, message: string): ConfigProblem {
    return { path, ...this.#source.placeOf(path), message };
  }

  async #explain({ path, message, unknown }: SchemaFault): Promise<void> {
    if (unknown === undefined) return this.#report(path, message);
    for (const name of unknown) {
      const known = this.#namesAt(path);
      const nearest = synonymOf(name, known) ?? await suggest(name, known);
      const hint = nearest === undefined
        ? "see sluice config example"
        : `did you mean ${nearest}?`;
      const message = `there is no such setting; ${hint}`;
      this.#report([...path, name], message);
    }
  }

  /** Names of the settings at a path. */
  #namesAt([list, index]: ConfigPath): string[] {
    if (list === undefined) {
      return [...Object.keys(PROGRAM_OPTIONS), "listeners"];
    }
    const { value } = this.#source as { value: Record<string, unknown> };
    const listener = (value["listeners"] as Record<string, unknown>[])[
      index as number
    ]!;
    const { options, words } = this.#kinds.get(listener["kind"] as string)!;
    const names = Object.keys(options);
    return words === undefined ? names : [...names, words.first, words.rest];
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
