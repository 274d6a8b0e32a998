/**
 * A configuration whose listeners run in several threads: this one finds what is
 * wrong with it, and its place in the file.
 *
 * @module
 */

import type { ChangeableConfig } from "./file.ts";
import type { Config } from "./load.ts";
import { planOf } from "./plain.ts";
import type { Serving } from "../serve/running_server.ts";
import type { FileText } from "../cli/settled_text.ts";
import { requireGood, type Trial } from "./try.ts";

/** What the files of listeners held, by path. */
type FileTexts = ReadonlyMap<string, FileText>;

/** A configuration that has been found good. */
export class SpreadConfig {
  #config: Config;
  #texts: FileTexts;

  /**
   * Takes a configuration that threads are about to start.
   *
   * @param config The configuration.
   * @param trial What its trial has shown.
   */
  constructor(config: Config, trial: Trial) {
    this.#config = config;
    this.#texts = textsOf(trial);
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
        const origin = { before: this.#texts, isRunning: true };
        this.#texts = textsOf(await requireGood(config, origin));
        change = await servers.replace!(planOf(config));
        this.#config = config;
        return change;
      },
      poll: () => files!.poll(),
      reload: async () => await files!.reload() ?? undefined,
    };
  }
}

function textsOf({ files }: Trial): FileTexts {
  return new Map([...files.values()].flatMap((texts) => [...texts]));
}
