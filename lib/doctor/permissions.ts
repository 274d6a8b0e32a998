/**
 * The doctor's findings about permissions: which of them a proxy needs, and
 * which it does not.
 *
 * @module
 */

import { isGranted } from "../net/system/is_granted.ts";
import { mayListInterfaces } from "../net/own_addresses.ts";
import type { Finding } from "./finding.ts";
import { MODULES } from "../cli/own_modules.ts";
import { quoteShellWord } from "../cli/quote_shell_word.ts";

/** Permissions that a program needs. */
export interface NeededPermissions {
  /** Files that it reads. */
  reads: readonly string[];
  /** Folders of the files that it writes. */
  writes: readonly string[];
  /** Environment variables that it reads, in addition to the common ones. */
  variables?: readonly string[];
  /** All addresses that it listens on and connects to (default: any). */
  hosts?: readonly string[];
  /** Whether its address guard lists this machine's addresses. */
  isGuarded?: boolean;
}

/**
 * Path from which Deno loads the modules. A compiled program contains them
 * under a folder name that does not exist; a checkout has them in `lib`.
 */
const SOURCE = Deno.build.standalone ? "lib" : MODULES;

/** Environment variables that every program reads. */
const VARIABLES = ["SLUICE_USERS", "SLUICE_ADMIN_TOKEN", "NO_COLOR"];

const INTERFACES = "--allow-sys=networkInterfaces";

const BEYOND = ["run", "ffi", "sys"] as const;

/**
 * Compares the permissions that Deno has with the ones needed.
 *
 * @param args Arguments of the proxy, for the suggested command line.
 */
export function examinePermissions(
  needed: NeededPermissions,
  args: readonly string[],
): Finding {
  const check = "permissions";
  const lacking = lackOf(needed);
  const line = [
    "deno run",
    ...flagsFor(needed),
    "main.ts",
    ...args.map(quoteShellWord),
  ].join(" ");
  if (lacking.length > 0) {
    const message = `Deno was not given ${lacking.join(" ")}`;
    return { level: "problem", check, message, remedy: line };
  }
  if (Deno.build.standalone) {
    const message =
      "the compiled program has them all, and gives up what it does not need";
    const remedy = `from source, this is enough: ${line}`;
    return { level: "note", check, message, remedy };
  }
  const isWide = needed.hosts !== undefined && isGranted({ name: "net" });
  const beyond = [
    ...isWide ? ["net"] : [],
    ...BEYOND.filter((name) => isGranted({ name })),
  ];
  const reads = isGranted({ name: "read" }) ? ["read"] : [];
  if (beyond.length + reads.length === 0) {
    return { level: "ok", check, message: "only what Sluice needs" };
  }
  return {
    level: "note",
    check,
    message: `it could do without ${
      [...beyond, ...reads].join(", ")
    } as a whole; with less, Sluice does not count descriptors, lengthen UDP queues or notify systemd`,
    remedy: line,
  };
}

function lackOf(
  { hosts, isGuarded, reads, writes }: NeededPermissions,
): string[] {
  const modules = Deno.build.standalone ? [] : [MODULES];
  const isReached = isGranted({ name: "net" }) ||
    hosts?.every((host) => isGranted({ name: "net", host }));
  return [
    ...isReached ? [] : [netFlag(hosts)],
    ...[...modules, ...reads].filter((path) =>
      !isGranted({ name: "read", path })
    )
      .map((path) => `--allow-read=${path}`),
    ...writes.filter((path) => !isGranted({ name: "write", path }))
      .map((path) => `--allow-write=${path}`),
    ...isGuarded && !mayListInterfaces() ? [INTERFACES] : [],
  ];
}

/**
 * A proxy connects wherever its clients ask: rules restrict that, not Deno.
 * Other programs have a fixed set of hosts.
 */
function flagsFor(
  { hosts, isGuarded, reads, variables = [], writes }: NeededPermissions,
): string[] {
  const names = [...new Set([...VARIABLES, ...variables])];
  const read = [...new Set([SOURCE, ...reads, ...writes])];
  return [
    "--no-prompt",
    quoteShellWord(netFlag(hosts)),
    `--allow-env=${names.join()}`,
    quoteShellWord(`--allow-read=${read.join()}`),
    ...writes.length === 0
      ? []
      : [quoteShellWord(`--allow-write=${[...new Set(writes)].join()}`)],
    ...isGuarded ? [INTERFACES] : [],
  ];
}

function netFlag(hosts: readonly string[] | undefined): string {
  return hosts === undefined ? "--allow-net" : `--allow-net=${hosts.join()}`;
}
