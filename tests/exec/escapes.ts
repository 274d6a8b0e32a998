/**
 * A program that tries every known way out of its fence. It prints the result
 * of each as JSON: the reason for the failure, or `ESCAPED` and what it
 * reached. Outside of a fence most attempts succeed.
 *
 * Usage: deno run -A escapes.ts TARGETS, which is JSON of {@linkcode Targets}.
 *
 * @module
 */

import { PROC_ESCAPES } from "./escapes_proc.ts";
import { PROXY_ESCAPES } from "./escapes_proxy.ts";
import { SOCKET_ESCAPES } from "./escapes_socket.ts";
import { SYSTEM_ESCAPES } from "./escapes_system.ts";

/** Targets outside, which would answer `REACHED`. */
export interface Targets {
  /** Port of a TCP server on all addresses of the machine. */
  tcp: number;
  /** Port of a UDP server on all addresses of the machine. */
  udp: number;
  /** Port of a Sluice outside that is open to everyone. */
  sluice: number;
  /** Port of its admin page. */
  admin: number;
  /** Addresses of the machine that are not loopback. */
  own: string[];
  /** Paths of Unix sockets; the first is in the working directory. */
  paths: string[];
  /** Name of an abstract socket. */
  abstract: string;
  /** Id of a process outside. */
  pid: number;
  /** Port of the proxy inside; outside, that of the Sluice there. */
  proxy: number;
  /** An allowed host, with its port. */
  allowed: string;
  /** A name of loopback that is not allowed, with a port. */
  denied: string;
}

/**
 * An attempt. It returns what it reached; on failure it throws or returns
 * nothing.
 */
export type Escape = (targets: Targets) => Promise<string | undefined | void>;

/** Attempts by name. */
export type Escapes = Readonly<Record<string, Escape>>;

/** Milliseconds for one attempt. */
const PATIENCE = 5_000;

/** All attempts. */
export const ESCAPES: Escapes = {
  ...SOCKET_ESCAPES,
  ...PROXY_ESCAPES,
  ...PROC_ESCAPES,
  ...SYSTEM_ESCAPES,
};

/** Start of a successful attempt's result. */
export const ESCAPED = "ESCAPED";

async function attempt(escape: Escape, targets: Targets): Promise<string> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve("no answer"), PATIENCE);
  const trying = escape(targets).then(
    (found) => found ? `${ESCAPED}: ${found}` : "nothing found",
    (error) => String(error).slice(0, 200),
  );
  const result = await Promise.race([trying, late.promise]);
  clearTimeout(timer);
  return result;
}

if (import.meta.main) {
  const targets: Targets = JSON.parse(Deno.args[0]!);
  const results: Record<string, string> = {};
  const trying = Object.entries(ESCAPES).map(async ([name, escape]) => {
    results[name] = await attempt(escape, targets);
  });
  await Promise.all(trying);
  // deno-lint-ignore no-console
  console.log(JSON.stringify(results));
  Deno.exit(0);
}
