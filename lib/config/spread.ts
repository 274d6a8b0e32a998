/**
 * A configuration whose listeners run in several threads: this one finds what is
 * wrong with it, and its place in the file.
 *
 * @module
 */

import { ConfigError } from "../cli/config_error.ts";
import type { ChangeableConfig } from "./file.ts";
import type { Config } from "./load.ts";
import { planOf } from "./plain.ts";
import type { Serving } from "../serve/running_server.ts";
import type { FileText } from "../cli/settled_text.ts";
import { tryConfig } from "./try.ts";

/** What the files of listeners held, by path. */
type FileTexts = ReadonlyMap<string, FileText>;

/** A configuration that has been found good. */
export class SpreadConfig {
  #config: Config;
  #texts: FileTexts;

  private constructor(config: Config, texts: FileTexts) {
    this.#config = config;
    this.#texts = texts;
  }

  /**
   * Tries a configuration before threads start it.
   *
   * @param config The configuration.
   * @returns The same, found good.
   * @throws {ConfigError} If there is a problem in it.
   */
  static async open(config: Config): Promise<SpreadConfig> {
    return new SpreadConfig(config, await requireGood(config));
  }

  /** What is in force, as the file says it, without secrets. */
  get printable(): unknown {
    return this.#config.printable;
  }

  /**
   * Lets its file change it.
   *
   * @param servers What runs it.
   * @returns What its file can do.
   */
  over(servers: Serving): ChangeableConfig {
    const [files] = servers.files;
    let change = { added: 0, changed: 0, removed: 0, unchanged: 0 };
    return {
      get change() {
        return change;
      },
      apply: async (config) => {
        this.#texts = await requireGood(config, this.#texts);
        change = await servers.replace!(planOf(config));
        this.#config = config;
        return change;
      },
      poll: () => files!.poll(),
      reload: async () => await files!.reload() ?? undefined,
    };
  }
}

async function requireGood(
  config: Config,
  before?: FileTexts,
): Promise<FileTexts> {
  const isRunning = before !== undefined;
  const trial = await tryConfig(config, { before, isRunning });
  const problems = [...config.problems, ...trial.problems];
  if (problems.length > 0) throw new ConfigError(problems);
  return new Map([...trial.files.values()].flatMap((texts) => [...texts]));
}
