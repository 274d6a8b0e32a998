/**
 * The doctor's findings about environment variables. It never shows their
 * values.
 *
 * @module
 */

import { isGranted } from "../net/system/is_granted.ts";
import type { Finding } from "./finding.ts";
import { environmentVariable } from "../cli/environment.ts";
import { suggest } from "../cli/parse_options.ts";

/** Known variables, with their effect. */
const KNOWN: Readonly<Record<string, string>> = {
  "SLUICE_USERS": "adds users",
  "SLUICE_ADMIN_TOKEN": "is the token of the admin listener",
  "NO_COLOR": "turns colours off",
  "OTEL_DENO": "turns traces on",
  "NOTIFY_SOCKET": "is the socket that systemd listens on",
  "WATCHDOG_USEC": "is the watchdog interval of systemd",
  "LISTEN_FDS": "passes sockets to Sluice",
};

/** Prefix of variables that are meant for Sluice. */
const OURS = "SLUICE_";

/** Examines the environment variables. */
export async function examineEnvironment(): Promise<Finding[]> {
  const check = "environment";
  const set = Object.keys(KNOWN)
    .filter((name) => environmentVariable(name) !== undefined);
  const message = set.length === 0
    ? "nothing in it matters to Sluice"
    : set.map((name) => `${name} ${KNOWN[name]}`).join(", ");
  const others = await Promise.all(unknown().map(explain));
  return [{ level: "ok", check, message }, ...others];
}

function unknown(): string[] {
  // Listing all variables needs the permission for all of them.
  if (!isGranted({ name: "env" })) return [];
  return Object.keys(Deno.env.toObject())
    .filter((name) => name.startsWith(OURS) && !Object.hasOwn(KNOWN, name));
}

async function explain(name: string): Promise<Finding> {
  const ours = Object.keys(KNOWN).filter((known) => known.startsWith(OURS));
  const meant = await suggest(name, ours);
  return {
    level: "warning",
    check: "environment",
    message: `${name} is set, but Sluice does not read it`,
    remedy: meant === undefined
      ? `Sluice reads: ${ours.join(", ")}`
      : `did you mean ${meant}?`,
  };
}
