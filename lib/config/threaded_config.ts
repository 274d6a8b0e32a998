/**
 * A configuration whose listeners run in several threads. This thread finds
 * problems and their place in the file.
 *
 * @module
 */

import type { ChangeableConfig } from "./file.ts";
import type { Config } from "./load.ts";
import { planOf } from "./plan.ts";
import type { Serving } from "../serve/running_server.ts";
import type { FileText } from "../cli/settled_text.ts";
import { requireGood, type Trial } from "./try.ts";

/** Contents of the listeners' files, by path. */
type FileTexts = ReadonlyMap<string, FileText>;

/** A validated configuration. */
export class ThreadedConfig {
  #config: Config;
  #texts: FileTexts;

  /**
   * Wraps a configuration that threads are about to start.
   *
   * @param trial Result of its trial.
   */
  constructor(config: Config, trial: Trial) {
    this.#config = config;
    this.#texts = textsOf(trial);
  }

  /** The configuration in force, as in the file, without secrets. */
  get printable(): unknown {
    return this.#config.printable;
  }

  /**
   * Connects it with the servers that its file can change.
   *
   * @returns The changeable configuration.
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
