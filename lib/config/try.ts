/**
 * Checks whether a configuration can be started: each listener is started on
 * trial, by the code of a real start.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { formatEndpoint } from "../wire/endpoint.ts";
import { ConfigError, type ConfigProblem } from "../cli/config_error.ts";
import { changedDefaults } from "./changed_defaults.ts";
import { type ConfigLoop, loopsIn } from "./loops.ts";
import type { Config, ListenerConfig } from "./load.ts";
import { FLEET_OPTIONS } from "../serve/options/fleet.ts";
import { PROGRAM_OPTIONS } from "../serve/options/program.ts";
import { ServerFiles, type ServerFilesOptions } from "../serve/server_files.ts";
import type { FileText } from "../cli/settled_text.ts";
import { startListener } from "./start_listener.ts";
import { tryAdmin } from "./try_admin.ts";
import { requireEffect } from "../cli/requirements.ts";
import { type Claim, clashes, TrialHost } from "../serve/trial_host.ts";
import { StartError, UsageError } from "../cli/usage_error.ts";

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
 * @returns Its problems.
 */
export async function tryConfig(
  config: Config,
  origin: ServerFilesOptions = {},
): Promise<Trial> {
  const problems: ConfigProblem[] = [];
  const warnings = new Set<string>();
  const claims: (readonly [ListenerConfig, Claim])[] = [];
  const files = new Map<ListenerConfig, ReadonlyMap<string, FileText>>();
  const log = (event: LogEvent) => {
    if (event.event !== "message" || event.level === "info") return;
    warnings.add(event.message);
  };
  for (const listener of config.listeners) {
    const opener = new ServerFiles(origin);
    const trial = new ListenerTrial(config, listener, { log, files: opener });
    await trial.run();
    files.set(listener, opener.taken);
    problems.push(...trial.problems);
    claims.push(...trial.claims.map((claim) => [listener, claim] as const));
  }
  const admin = await tryAdmin(config.program);
  try {
    requireEffect(config.program, (name) => Object.hasOwn(FLEET_OPTIONS, name));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const text = config.spell(error.fault, PROGRAM_OPTIONS);
    problems.push(config.problem([error.option ?? "fleet"], text));
  }
  for (const { fault, option = "admin" } of admin.faults) {
    const text = config.spell(fault, PROGRAM_OPTIONS);
    problems.push(config.problem([option], text));
  }
  for (const claim of admin.claims) {
    const all = [...claims, [undefined, claim] as const];
    const before = clashes<ListenerConfig | undefined>(all)
      .find(([who]) => who === undefined)?.[2];
    if (before === undefined) continue;
    const text = formatEndpoint(claim.where);
    const message = `${text} is already taken by listeners[${before.index}]`;
    problems.push(config.problem(["admin"], message));
  }
  for (const [listener, { option, where }, before] of clashes(claims)) {
    const text = formatEndpoint(where);
    const message = before === listener
      ? `${text} is given twice`
      : `${text} is already taken by listeners[${before.index}]`;
    problems.push(problemOf(config, listener, option, message));
  }
  const places = Map.groupBy(claims, ([listener]) => listener);
  return {
    problems,
    warnings: [...warnings],
    changes: changesOf(config, claims),
    files,
    loops: loopsIn(claims, problems).map(({ isShared, option, ...loop }) => ({
      isShared,
      problem: problemOf(config, loop.listener, option, loop.message),
    })),
    places: new Map(
      [...places].map(([listener, list]) => [
        listener,
        list.map(([, { where }]) => formatEndpoint(where)),
      ]),
    ),
  };
}

/**
 * Starts a configuration on trial and requires that it has no problem.
 *
 * @param origin The configuration's file.
 * @returns The result.
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
 * Converts an error of a start into a problem.
 *
 * @param listener The listener that failed.
 * @param error What was thrown.
 * @returns The problem, at the setting concerned.
 * @throws `error`, if it is an internal error.
 */
export function startProblem(
  config: Config,
  listener: ListenerConfig,
  error: unknown,
): ConfigProblem {
  if (error instanceof UsageError || error instanceof StartError) {
    return problemOf(config, listener, error.option, error.fault);
  }
  if (!(error instanceof SyntaxError)) throw error;
  return problemOf(config, listener, undefined, error.message);
}

/**
 * Tries one listener repeatedly, each time without the settings found wrong.
 */
class ListenerTrial {
  readonly problems: ConfigProblem[] = [];
  claims: readonly Claim[] = [];
  readonly #config: Config;
  readonly #listener: ListenerConfig;
  readonly #log: (event: LogEvent) => void;
  readonly #files: ServerFiles;
  readonly #dropped: Set<string>;
  readonly #given: Map<string, readonly string[]>;

  constructor(
    config: Config,
    listener: ListenerConfig,
    { log, files }: { log: (event: LogEvent) => void; files: ServerFiles },
  ) {
    this.#config = config;
    this.#listener = listener;
    this.#log = log;
    this.#files = files;
    this.#dropped = new Set(listener.dropped);
    this.#given = new Map(listener.given);
  }

  async run(): Promise<void> {
    const { kind: { words } } = this.#listener;
    while (true) {
      // Without its operands, which are wrong, it cannot start.
      if (words !== undefined && this.#dropped.has(words.operand)) return;
      const host = new TrialHost({
        workers: this.#config.program.workers,
        files: this.#files,
        log: this.#log,
      });
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
  const isKnown = error instanceof UsageError || error instanceof StartError;
  if (!isKnown) return [];
  const { option, others } = error;
  return option === undefined ? others : [option, ...others];
}

function changesOf(
  config: Config,
  claims: readonly (readonly [ListenerConfig, Claim])[],
): ConfigProblem[] {
  const places = new Map(
    [...Map.groupBy(claims, ([listener]) => listener)].map((
      [listener, list],
    ) => [listener, list.map(([, claim]) => claim)]),
  );
  return changedDefaults(config, places).map((
    { listener, message, option },
  ) =>
    listener === undefined
      ? config.problem([option], message)
      : problemOf(config, listener, option, message)
  );
}

function problemOf(
  config: Config,
  listener: ListenerConfig,
  option: string | undefined,
  message: string,
): ConfigProblem {
  const { index, kind: { options, words } } = listener;
  const path = ["listeners", index];
  const text = config.spell(message, options);
  if (option === undefined) return config.problem(path, text);
  const settings = option === words?.operand
    ? [option, words.first, words.rest]
    : [option];
  const there = settings.find((setting) => listener.says(setting));
  return config.problem([...path, there ?? option], text);
}
