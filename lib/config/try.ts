/**
 * Checks whether a configuration can be started: each listener is started on
 * trial, by the code of a real start.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { formatEndpoint } from "../wire/endpoint.ts";
import { ConfigError, type ConfigProblem } from "../cli/config_error.ts";
import { problemOf, startProblem } from "./setting_fault.ts";
import { changedDefaults } from "./changed_defaults.ts";
import { type ConfigLoop, loopsIn } from "./loops.ts";
import type { Config, ListenerConfig } from "./load.ts";
import { FLEET_OPTIONS } from "../serve/options/fleet.ts";
import { ServerFiles, type ServerFilesOptions } from "../serve/server_files.ts";
import type { FileText } from "../cli/settled_text.ts";
import { startListener } from "./start_listener.ts";
import { tryAdmin } from "./try_admin.ts";
import { requireEffect } from "../cli/requirements.ts";
import {
  type Claim,
  clashes,
  TrialHost,
  type TrialHostOptions,
} from "../serve/trial_host.ts";
import { OptionError } from "../cli/usage_error.ts";

/** The result of a trial. */
export interface Trial {
  /** Problems beyond those of the configuration. */
  problems: readonly ConfigProblem[];
  /** Warnings. */
  warnings: readonly string[];
  /** Settings that rely on a default that changed since 0.1. */
  changes: readonly ConfigProblem[];
  /** Listeners whose connections certainly loop. */
  loops: readonly TriedLoop[];
  /** Addresses of each listener. */
  places: ReadonlyMap<ListenerConfig, readonly string[]>;
  /** Contents of each listener's files, by path. */
  files: ReadonlyMap<ListenerConfig, ReadonlyMap<string, FileText>>;
}

/** A listener whose connections certainly loop. */
export interface TriedLoop extends Pick<ConfigLoop, "isShared"> {
  /** The problem. */
  problem: ConfigProblem;
}

/**
 * Starts all listeners on trial.
 *
 * @param origin The configuration's file.
 */
export async function tryConfig(
  config: Config,
  origin: ServerFilesOptions = {},
): Promise<Trial> {
  const problems: ConfigProblem[] = [];
  const warnings = new Set<string>();
  const claims = new Map<ListenerConfig, readonly Claim[]>();
  const files = new Map<ListenerConfig, ReadonlyMap<string, FileText>>();
  const log = (event: LogEvent) => {
    if (event.event !== "message" || event.level === "info") return;
    warnings.add(event.message);
  };
  for (const listener of config.listeners) {
    const opener = new ServerFiles(origin);
    const { workers } = config.program;
    const surroundings = { workers, files: opener, log };
    const trial = new ListenerTrial(config, listener, surroundings);
    await trial.run();
    files.set(listener, opener.taken);
    problems.push(...trial.problems);
    claims.set(listener, trial.claims);
  }
  const admin = await tryAdmin(config.program);
  try {
    requireEffect(config.program, (name) => Object.hasOwn(FLEET_OPTIONS, name));
  } catch (error) {
    admin.refuse(error);
  }
  for (const refusal of admin.refusals) {
    problems.push(startProblem(config, undefined, refusal));
  }
  const all = [...claims, [undefined, admin.claims] as const]
    .flatMap(([who, list]) => list.map((claim) => [who, claim] as const));
  for (const [listener, { option, where }, before] of clashes(all)) {
    const text = formatEndpoint(where);
    const message = before === listener
      ? `${text} is given twice`
      : `${text} is already taken by listeners[${before!.index}]`;
    problems.push(problemOf(config, { listener, option, message }));
  }
  return {
    problems,
    warnings: [...warnings],
    changes: changedDefaults(config, claims)
      .map((change) => problemOf(config, change)),
    files,
    loops: loopsIn(claims, problems).map((loop) => ({
      isShared: loop.isShared,
      problem: problemOf(config, loop),
    })),
    places: new Map(
      [...claims].map(([listener, list]) => [
        listener,
        list.map(({ where }) => formatEndpoint(where)),
      ]),
    ),
  };
}

/**
 * Starts a configuration on trial and requires that it has no problem.
 *
 * @param origin The configuration's file.
 * @throws {ConfigError} If there is a problem in it.
 */
export async function requireGood(
  config: Config,
  origin: ServerFilesOptions = {},
): Promise<Trial> {
  const trial = await tryConfig(config, origin);
  const problems = [...config.problems, ...trial.problems];
  if (problems.length > 0) throw new ConfigError(problems);
  return trial;
}

/**
 * Tries one listener repeatedly, each time without the settings found wrong.
 */
class ListenerTrial {
  readonly problems: ConfigProblem[] = [];
  claims: readonly Claim[] = [];
  readonly #config: Config;
  readonly #listener: ListenerConfig;
  readonly #surroundings: TrialHostOptions;
  readonly #dropped: Set<string>;
  readonly #given: Map<string, readonly string[]>;

  constructor(
    config: Config,
    listener: ListenerConfig,
    surroundings: TrialHostOptions,
  ) {
    this.#config = config;
    this.#listener = listener;
    this.#surroundings = surroundings;
    this.#dropped = new Set(listener.dropped);
    this.#given = new Map(listener.given);
  }

  async run(): Promise<void> {
    const { kind: { words } } = this.#listener;
    while (true) {
      // Without its operands, which are wrong, it cannot start.
      if (words !== undefined && this.#dropped.has(words.operand)) return;
      const host = new TrialHost(this.#surroundings);
      const error = await this.#start(host);
      for (const refusal of host.refusals) this.#note(refusal);
      if (error !== undefined) this.#note(error);
      if (error === undefined || !this.#drop(error)) {
        // Without the settings left out it may listen elsewhere.
        this.claims = host.claims.filter(({ option }) =>
          !this.#dropped.has(option)
        );
        return;
      }
    }
  }

  async #start(host: TrialHost): Promise<unknown> {
    try {
      const { kind: { command } } = this.#listener;
      const server = await startListener(command, this.#given, host);
      await server.shutdown(0);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Notes a problem, unless it may follow from an earlier one. */
  #note(error: unknown): void {
    const problem = startProblem(this.#config, this.#listener, error);
    if (namesIn(error).some((name) => this.#dropped.has(name))) return;
    const isKnown = this.problems.some((one) =>
      one.message === problem.message
    );
    if (!isKnown) this.problems.push(problem);
  }

  #drop(error: unknown): boolean {
    const name = namesIn(error).find((name) => this.#given.has(name));
    if (name === undefined) return false;
    this.#dropped.add(name);
    return this.#given.delete(name);
  }
}

/** The options that an error names; the one to change comes first. */
function namesIn(error: unknown): readonly string[] {
  if (!(error instanceof OptionError)) return [];
  const { option, others } = error;
  return option === undefined ? others : [option, ...others];
}
