/**
 * `sluice doctor`: what would bite, before it does.
 *
 * @module
 */

import { prepareReceiveQueues } from "../net/receive_queue.ts";
import type { Command } from "./command.ts";
import { examineCertificates } from "./doctor_certificates.ts";
import { type Finding, formatFindings, worstLevel } from "./doctor_finding.ts";
import { examineMachine } from "./doctor_machine.ts";
import { examineNames } from "./doctor_names.ts";
import { examinePermissions } from "./doctor_permissions.ts";
import { examineStart } from "./doctor_start.ts";
import { examineTrials } from "./doctor_trials.ts";
import { flag, type OptionValues } from "./option.ts";
import { PROXY_OPTIONS } from "./proxy_options.ts";

/** Options of `sluice doctor`: those of the proxy, and how to tell. */
export const DOCTOR_OPTIONS = {
  "json": flag("print one JSON object instead of lines"),
  ...PROXY_OPTIONS,
};

/** Values of the options of `sluice doctor`. */
export type DoctorOptions = OptionValues<typeof DOCTOR_OPTIONS>;

/** The command as the command line sees it. */
export const DOCTOR_COMMAND: Command<typeof DOCTOR_OPTIONS> = {
  usage: "doctor [OPTIONS]",
  summary:
    "Looks at this machine and at the options of a proxy, tries a tunnel and UDP on loopback, and says what would bite and what to do about it. Nothing but two lookups leaves the machine. The exit code is 1 where there is a problem.",
  examples: [
    ["sluice doctor", "for the proxy that 'sluice' would start"],
    [
      "sluice doctor --listen :1080 --users users.txt --max-connections 50000",
      "for one with these options",
    ],
    ["sluice doctor --json | jq .worst", "for a script"],
  ],
  options: DOCTOR_OPTIONS,
  run: runDoctor,
};

async function runDoctor(options: DoctorOptions): Promise<number> {
  prepareReceiveQueues();
  const findings = await examine(options);
  const worst = worstLevel(findings);
  const text = options.json
    ? JSON.stringify({ worst, findings }, undefined, 2)
    : formatFindings(findings);
  const bytes = new TextEncoder().encode(`${text}\n`);
  for (let count = 0; count < bytes.length;) {
    count += Deno.stdout.writeSync(bytes.subarray(count));
  }
  return worst === "problem" ? 1 : 0;
}

/** What waits, waits at the same time; the order is that of the telling. */
async function examine(options: DoctorOptions): Promise<Finding[]> {
  const { dns, "max-connections": maxConnections } = options;
  const authority = options["tls-client-ca"];
  const certificates = [
    ...options["tls-cert"],
    ...authority === undefined ? [] : [authority],
  ];
  const reads = [
    options.users,
    options.rules,
    options["tls-crl"],
    ...options["tls-key"],
    ...certificates,
  ].filter((path) => path !== undefined);
  const quota = options["quota-file"];
  const writes = quota === undefined ? [] : [folderOf(quota)];
  const groups = await Promise.all([
    examineMachine(maxConnections, reads),
    examineStart(options),
    examineCertificates(certificates),
    examineNames(dns),
    examineTrials(),
  ]);
  const permissions = examinePermissions({ reads, writes }, argumentsOf());
  return [...groups.flat(), permissions];
}

/** What the proxy is to be started with: the same, without what is ours. */
function argumentsOf(): string[] {
  const own = Deno.args.slice(1); // After the command's name.
  return own.filter((argument) => argument !== "--json").map(withoutPassword);
}

/** A line to copy is a line that is shown to others. */
function withoutPassword(
  argument: string,
  index: number,
  all: string[],
): string {
  const isUser = all[index - 1] === "--user";
  if (isUser) return argument.replace(/:.*$/s, ":PASSWORD");
  return argument.replace(/^(--user=[^:]*):.*$/s, "$1:PASSWORD");
}

function folderOf(path: string): string {
  return path.includes("/") ? path.replace(/\/[^/]*$/, "") || "/" : ".";
}
