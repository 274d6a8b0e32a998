/**
 * `sluice doctor`: finds problems before they cause harm.
 *
 * @module
 */

import { prepareCLibrary } from "../net/system/c_library.ts";
import type { Command } from "../cli/command.ts";
import { CONFIG_OPTION } from "../config/option.ts";
import { examineCertificates } from "./certificates.ts";
import { commandSubject, configSubject } from "./config.ts";
import { examineEnvironment } from "./environment.ts";
import { type Finding, formatFindings, worstLevel } from "./finding.ts";
import { examineMachine } from "./machine.ts";
import { examineFleet } from "./fleet.ts";
import { examineNames } from "./names.ts";
import { examinePermissions } from "./permissions.ts";
import type { DoctorSubject } from "./subject.ts";
import { examineTrials } from "./trials.ts";
import { examineUpstreams } from "./upstreams.ts";
import { redactArguments } from "../cli/redaction.ts";
import { flag } from "../cli/declare_options.ts";
import type { OptionValues } from "../cli/option.ts";
import { printLines } from "../cli/print_lines.ts";
import { PROXY_OPTIONS } from "../proxy/options.ts";
import { UsageError } from "../cli/usage_error.ts";

/**
 * Options of `sluice doctor`: a file or the proxy's options, and the output
 * format.
 */
export const DOCTOR_OPTIONS = {
  "config": {
    ...CONFIG_OPTION,
    help:
      "examine all listeners of this configuration file instead of a proxy's options",
  },
  "json": flag("print one JSON object instead of lines"),
  ...PROXY_OPTIONS,
};

/** Values of the options of `sluice doctor`. */
export type DoctorOptions = OptionValues<typeof DOCTOR_OPTIONS>;

/** The command and its options. */
export const DOCTOR_COMMAND: Command<typeof DOCTOR_OPTIONS> = {
  isExaminer: true,
  usage: "doctor [-c FILE | OPTIONS]",
  summary:
    "Examines this machine and the options of a proxy, or all listeners of a configuration file. It tries a tunnel and UDP on loopback, connects to upstreams and parents, and prints each problem and its remedy. Nothing else leaves the machine except two name lookups. Exit codes: 0 no problem; 1 a problem; 2 wrong options.",
  examples: [
    ["sluice doctor", "for the proxy that 'sluice' would start"],
    [
      "sluice doctor --listen :1080 --users users.txt --max-connections 50000",
      "for a proxy with these options",
    ],
    ["sluice doctor -c sluice.jsonc", "for 'sluice run'"],
    ["sluice doctor --json | jq .worst", "for a script"],
  ],
  options: DOCTOR_OPTIONS,
  run: runDoctor,
};

async function runDoctor(options: DoctorOptions): Promise<number> {
  prepareCLibrary();
  const findings = await examine(options);
  const worst = worstLevel(findings);
  const text = options.json
    ? JSON.stringify({ worst, findings }, undefined, 2)
    : formatFindings(findings);
  printLines([text]);
  return worst === "problem" ? 1 : 0;
}

/**
 * Runs all examinations in parallel. The findings keep the order of the list.
 */
async function examine(options: DoctorOptions): Promise<Finding[]> {
  // People show such lines to others, so they must not contain secrets.
  const shown = () => redactArguments(argumentsOf(), DOCTOR_OPTIONS);
  const subject = options.config === undefined
    ? await commandSubject("proxy", options, shown())
    : await fileSubject(options.config);
  const { args, certificates, needed, outward, own } = subject;
  const groups = await Promise.all([
    examineMachine(subject.load, needed.reads),
    subject.start,
    examineCertificates(certificates),
    ...outward.map((options) => examineUpstreams(options, own)),
    examineNames(subject.servers),
    examineFleet(subject.fleet),
    examineEnvironment(),
    examineTrials(),
  ]);
  return [...groups.flat(), examinePermissions(needed, args)];
}

/** Refuses both together, because the options would not be examined. */
async function fileSubject(path: string): Promise<DoctorSubject> {
  const other = argumentsOf().find((argument, index, all) =>
    !/^(-c|--config)(=|$)/.test(argument) &&
    !/^(-c|--config)$/.test(all[index - 1] ?? "")
  );
  if (other !== undefined) {
    throw new UsageError(
      `cannot be combined with ${
        other.split("=", 1)
      }: doctor examines what the file says; leave one out`,
      { option: "config" },
    );
  }
  return await configSubject(path);
}

/** The proxy's arguments: the doctor's, without its own options. */
function argumentsOf(): string[] {
  const own = Deno.args.slice(1); // Without the command's name.
  return own.filter((argument) => argument !== "--json");
}
