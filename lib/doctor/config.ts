/**
 * Determines what to examine of a configuration: that of a file, or of a
 * command with one listener.
 *
 * @module
 */

import { countOf } from "../observe/count_of.ts";
import { type Endpoint, isUnixPath, parseEndpoint } from "../wire/endpoint.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import { ConfigError, formatProblem } from "../cli/config_error.ts";
import type { ListenerValues } from "../config/server_kinds.ts";
import { readConfigFile } from "../config/option.ts";
import { upstreamsIn } from "../forward/routes.ts";
import { configOf, planOfCommand } from "../config/plan.ts";
import type { Load } from "./capacity.ts";
import type { Finding } from "./finding.ts";
import { examinePlace, PLACE } from "./place.ts";
import { commandFindings } from "./start.ts";
import { type DoctorSubject, filesOf, isGuardedProxy } from "./subject.ts";
import { folderOf } from "../cli/folder_of.ts";
import {
  type Config,
  type ListenerConfig,
  loadConfig,
} from "../config/load.ts";
import { valuesOf } from "../cli/option.ts";
import { fleetNeeds } from "./fleet.ts";
import { variablesIn } from "../cli/redaction.ts";
import { type Trial, tryConfig } from "../config/try.ts";

const LOOP_REMEDY =
  "change the file: Sluice would start, but serve nobody there";

/** Load of a file that can't be read. */
const NO_LOAD: Load = {
  connections: [],
  threads: 1,
  hasPasswords: false,
  backlog: 0,
};

/**
 * Collects what to examine of all listeners of a configuration.
 *
 * @param path Path of the file.
 * @throws {StartError} If the file can't be read.
 */
export async function configSubject(path: string): Promise<DoctorSubject> {
  const { text } = await readConfigFile(path);
  const args = ["run", "-c", path];
  try {
    const config = await loadConfig(text, path);
    const trial = await tryConfig(config);
    return await subjectOf(config, trial, {
      ...{ args, variables: config.secretVariables },
      reads: [path, ...config.secretFiles],
      findings: startFindings(path, config, trial),
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return {
      load: NO_LOAD,
      certificates: [],
      servers: [],
      outward: [],
      own: [],
      start: problemsOf(path, error.problems),
      needed: { reads: [path], writes: [] },
      args,
    };
  }
}

/**
 * Collects what to examine of a server command.
 *
 * @param kindName Name of the command.
 * @param options Parsed values of its options.
 * @param args Its arguments, without secrets.
 */
export async function commandSubject(
  kindName: string,
  options: object,
  args: readonly string[],
): Promise<DoctorSubject> {
  const config = await configOf(planOfCommand(kindName, options));
  const trial = await tryConfig(config);
  return await subjectOf(config, trial, {
    ...{ args, reads: [], variables: variablesIn(args) },
    findings: commandFindings(options, trial),
  });
}

interface Source {
  args: readonly string[];
  /** Files that are read, in addition to those of listeners. */
  reads: readonly string[];
  variables: readonly string[];
  /** Findings of the trial. */
  findings: readonly Finding[];
}

async function subjectOf(
  config: Config,
  trial: Trial,
  { args, findings, variables, ...source }: Source,
): Promise<DoctorSubject> {
  const { program } = config;
  const all = config.listeners.flatMap(wholeValuesOf);
  const files = [...all, program].map(filesOf);
  const places = [...trial.places.values()].flat()
    .map((place) => parseEndpoint(place, ""));
  const listened = program.admin === undefined
    ? places
    : [...places, program.admin];
  const isProxy = config.listeners.some(({ kindName }) => kindName === "proxy");
  const reads = files.flatMap(({ reads }) => reads);
  const writes = [
    ...files.flatMap(({ writes }) => writes),
    ...places.flatMap((place) => isUnixPath(place) ? folderOf(place.path) : []),
  ];
  const ofFleet = fleetNeeds(program.fleet);
  const hosts = isProxy || ofFleet.hosts === undefined
    ? undefined
    : hostsOf(listened, all)?.concat(ofFleet.hosts);
  return {
    load: {
      connections: all.map((one) => one["max-connections"]),
      threads: program.workers,
      hasPasswords: all.some(({ users }) => users !== undefined),
      backlog: Math.max(0, ...all.map(({ backlog = 0 }) => backlog)),
    },
    certificates: files.flatMap(({ certificates }) => certificates),
    servers: all.flatMap(({ dns = [] }) => dns),
    outward: all,
    own: [...trial.places.values()].flat(),
    start: [...await placeFindings(listened, findings), ...findings],
    fleet: program,
    needed: {
      reads: [...source.reads, ...reads, ...ofFleet.paths],
      writes: [...writes, ...ofFleet.paths],
      variables,
      ...hosts === undefined ? {} : { hosts },
      isGuarded: all.some(isGuardedProxy),
    },
    args,
  };
}

/** Empty if a required option is missing; the trial reports that. */
function wholeValuesOf({ given, kind }: ListenerConfig): ListenerValues[] {
  try {
    return [valuesOf(kind.command.options, given)];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [];
  }
}

function startFindings(
  path: string,
  { listeners, problems }: Config,
  trial: Trial,
): Finding[] {
  const check = "config";
  const changes = trial.changes.map((change) => formatProblem(path, change));
  const warnings = [...trial.warnings, ...changes].map((message): Finding => ({
    ...{ level: "warning", check, message },
  }));
  const all = [...problems, ...trial.problems];
  const loops = trial.loops.map(({ problem }): Finding => ({
    ...{ level: "problem", check: "loop" },
    message: formatProblem(path, problem),
    remedy: LOOP_REMEDY,
  }));
  const faults = [...problemsOf(path, all), ...loops];
  if (faults.length > 0) return [...faults, ...warnings];
  const count = countOf(listeners.length, "listener");
  const message = `${path}: ${count}, nothing wrong`;
  return [{ level: "ok", check, message }, ...warnings];
}

function problemsOf(
  path: string,
  problems: ConfigError["problems"],
): Finding[] {
  return new ConfigError(problems).problems.map((problem) => ({
    level: "problem",
    check: "config",
    message: formatProblem(path, problem),
    remedy: "change the file: Sluice would not start or reload with it",
  }));
}

/** Does not check who may use a listener, because the trial has done that. */
async function placeFindings(
  places: readonly Endpoint[],
  findings: readonly Finding[],
): Promise<Finding[]> {
  const all = await Promise.all(places.map(examinePlace));
  const isRefused = findings.some(({ check }) => check === PLACE);
  return isRefused ? all.filter(({ level }) => level !== "ok") : all;
}

/**
 * All hosts that the program connects to or listens on; `undefined` if a name
 * could stand for any address.
 */
function hostsOf(
  listened: readonly Endpoint[],
  all: readonly ListenerValues[],
): string[] | undefined {
  const reached = all.flatMap(({ routes = [], sni = new Map(), via = [] }) => [
    ...upstreamsIn(routes, sni).map(({ endpoint }) => endpoint),
    ...via.flat(),
  ]);
  const hosts = new Set<string>();
  for (const place of [...listened, ...reached]) {
    if (isUnixPath(place)) continue;
    if (place.host === "") {
      hosts.add(`[::]:${place.port}`).add(`0.0.0.0:${place.port}`);
    } else if (parseIpAddress(place.host) === undefined) return undefined;
    else hosts.add(formatHostPort(place.host, place.port));
  }
  return [...hosts];
}
