/**
 * The file of a running configuration: notices and applies its changes.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import { problemLines } from "../cli/config_error.ts";
import { type Config, loadConfig } from "./load.ts";
import type { RunningConfig } from "./run.ts";
import type { PlanChange } from "../serve/server_plan.ts";
import { joinFaults, type Reloadable } from "../cli/watch_files.ts";
import { readSettled } from "../cli/settled_text.ts";
import { WatchedFile } from "../cli/watched_file.ts";

/** Milliseconds after which secret files that keep changing are given up. */
const PATIENCE = 10_000;

/** The running servers that the file can change. */
export type ChangeableConfig = Pick<
  RunningConfig,
  "apply" | "change" | "poll" | "reload"
>;

/** Options for {@linkcode ConfigFile.open}. */
export interface ConfigFileOptions {
  /** Whether changes are noticed; otherwise it is read on request. */
  isWatched: boolean;
  /** Receives log events. */
  log: (event: LogEvent) => void;
}

/** The file of a running configuration. */
export class ConfigFile implements Reloadable {
  /** Path of the file. */
  readonly name: string;
  readonly #running: ChangeableConfig;
  readonly #options: ConfigFileOptions;
  readonly #file: WatchedFile<string>;
  #problems: readonly string[] = [];
  #secrets: SecretFiles;
  #content: string;

  private constructor(
    path: string,
    running: ChangeableConfig,
    options: ConfigFileOptions & { file: WatchedFile<string>; config: Config },
  ) {
    this.name = path;
    this.#running = running;
    this.#options = options;
    this.#file = options.file;
    this.#secrets = new SecretFiles(options.config);
    this.#content = contentOf(options.config);
    this.#file.onReload((text) => this.#apply(text));
  }

  /**
   * Opens the file of running servers.
   *
   * @param running The running servers.
   * @param options The running configuration, and how to watch the file.
   * @throws {StartError} If it can't be read.
   */
  static async open(
    path: string,
    running: ChangeableConfig,
    options: ConfigFileOptions & { config: Config },
  ): Promise<ConfigFile> {
    const file = await WatchedFile.open(path, {
      what: "config",
      parse: (text) => text,
      describe: () => describeChange(running.change),
      isSecret: options.config.hasSecrets,
      log: options.log,
    });
    return new ConfigFile(path, running, { ...options, file });
  }

  /** Problems of the file when it was last read, one per line. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /**
   * Checks the file, if watched, and the files of its listeners for changes.
   */
  async poll(): Promise<void> {
    if (this.#options.isWatched) {
      await this.#file.poll();
      if (await this.#secrets.haveChanged()) await this.#file.reload();
    }
    await this.#running.poll();
  }

  /**
   * Reloads all of them.
   *
   * @returns The problem, if any.
   */
  async reload(): Promise<string | undefined> {
    const fault = await this.#file.reload();
    const more = await this.#running.reload();
    const faults = this.#problems.length > 0 ? this.#problems : [fault];
    return joinFaults([...faults, more]);
  }

  /** Reads secret files until two reads agree. */
  async #load(text: string): Promise<Config> {
    let config = await loadConfig(text, this.name);
    const end = performance.now() + PATIENCE;
    let content = contentOf(config);
    while (config.secretFiles.length > 0 && content !== this.#content) {
      if (performance.now() > end) {
        throw new SyntaxError("the files of its secrets keep changing");
      }
      // A problem with one is reported where it is used.
      await Promise.allSettled(
        config.secretFiles.map((path) => readSettled(path)),
      );
      config = await loadConfig(text, this.name);
      const before = content;
      content = contentOf(config);
      if (content === before) break;
    }
    return config;
  }

  async #apply(text: string): Promise<void> {
    this.#problems = [];
    try {
      const config = await this.#load(text);
      await this.#running.apply(config);
      this.#content = contentOf(config);
      this.#secrets = new SecretFiles(config);
    } catch (error) {
      this.#problems = problemLines(this.name, error);
      for (const message of this.#problems) {
        this.#options.log(messageEvent("error", "config-problem", message));
      }
      throw error;
    }
  }
}

/** Secret files and their contents when read. */
class SecretFiles {
  readonly #paths: readonly string[];
  #read: Promise<string>;
  #seen: string | undefined;

  constructor({ secretFiles }: Config) {
    this.#paths = secretFiles;
    this.#read = this.#state();
  }

  /**
   * Works as for the configuration itself: true once the file has changed and
   * then stayed the same for one check.
   */
  async haveChanged(): Promise<boolean> {
    if (this.#paths.length === 0) return false;
    const state = await this.#state();
    const isSettled = state === this.#seen;
    this.#seen = state;
    if (!isSettled || state === await this.#read) return false;
    this.#read = Promise.resolve(state);
    return true;
  }

  async #state(): Promise<string> {
    const states = await Promise.all(this.#paths.map(stateOf));
    return states.join("\n");
  }
}

async function stateOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtime } = await Deno.stat(path);
    return [dev, ino, size, mtime?.getTime()].join(" ");
  } catch {
    return "not there";
  }
}

/** Its whole content, with secrets filled in. */
function contentOf({ listeners, problems, program }: Config): string {
  const given = listeners.map(({ given, kindName }) => [kindName, ...given]);
  return JSON.stringify([program, given, problems]);
}

function describeChange(change: PlanChange): string {
  const { added, changed, removed, unchanged } = change;
  return `listeners added ${added}, changed ${changed}, removed ${removed}, unchanged ${unchanged}`;
}
