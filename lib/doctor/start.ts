/**
 * The doctor's findings about a start: whether the given options would work,
 * without accepting connections.
 *
 * @module
 */

import { sourceOf } from "../cli/option.ts";
import type { Trial } from "../config/try.ts";
import type { Finding } from "./finding.ts";
import { PLACE } from "./place.ts";

const NO_START = "the proxy would not start: see what the message names";

/** Options whose findings share a check. */
interface Group {
  check: string;
  options: RegExp;
  /** Finding if an option is given and all are valid. */
  good?: string;
  /** Finding if none is given. */
  none?: string;
}

const GROUPS: readonly Group[] = [
  { check: PLACE, options: /^(?:listen|open)$/ },
  { check: "admin", options: /^admin/ },
  {
    check: "files",
    options: /^(?:users?|rules?)$/,
    good: "users and rules can be read",
    none: "no users, no rules",
  },
  {
    check: "tls",
    options: /^tls-/,
    good: "certificates and keys can be read",
  },
  {
    check: "outgoing",
    options: /^bind$/,
    good: "the addresses are this machine's",
    none: "the system chooses",
  },
];

/**
 * Converts the trial of a command to findings.
 *
 * @param options Parsed values of its options.
 */
export function commandFindings(options: object, trial: Trial): Finding[] {
  const problems = trial.problems.map(({ message, path }): Finding => {
    const last = path.at(-1);
    const option = typeof last === "string" ? last : "";
    const check = GROUPS.find(({ options }) => options.test(option))?.check;
    const isNamed = option === "" || message.includes(`--${option}`);
    return {
      ...{ level: "problem", check: check ?? "options", remedy: NO_START },
      message: isNamed ? message : `--${option}: ${message}`,
    };
  });
  const loops = trial.loops.map(({ problem: { message } }): Finding => ({
    ...{ level: "problem", check: "loop", message },
    remedy: "name another --via: this one is the proxy itself",
  }));
  const warnings = trial.warnings.map((message): Finding => ({
    ...{ level: "warning", check: "start", message },
  }));
  return [
    ...problems,
    ...loops,
    ...goodFindings(options, problems),
    ...warnings,
  ];
}

function goodFindings(
  options: object,
  problems: readonly Finding[],
): Finding[] {
  const given = [...sourceOf(options).given]
    .filter(([, texts]) => texts.length > 0);
  return GROUPS.flatMap(({ check, good, none, options }): Finding[] => {
    if (problems.some((one) => one.check === check)) return [];
    const isGiven = given.some(([name]) => options.test(name));
    const message = isGiven ? good : none;
    return message === undefined ? [] : [{ level: "ok", check, message }];
  });
}
