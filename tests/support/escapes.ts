/**
 * A program that tries to get out of the fence it runs in, in every way that it
 * knows. It prints what became of each as JSON: why it failed, or `ESCAPED` and
 * what it reached. Outside of a fence most of them succeed.
 *
 * Usage: deno run -A escapes.ts TARGETS, which is JSON of {@linkcode Targets}.
 *
 * @module
 */

import { PROC_ESCAPES } from "./escapes_proc.ts";
import { PROXY_ESCAPES } from "./escapes_proxy.ts";
import { SOCKET_ESCAPES } from "./escapes_socket.ts";
import { SYSTEM_ESCAPES } from "./escapes_system.ts";

/** What is outside, and would answer `REACHED`. */
export interface Targets {
  /** Port of a TCP server on all addresses of the machine. */
  tcp: number;
  /** Port of a UDP server on all addresses of the machine. */
  udp: number;
  /** Port of a Sluice outside that lets everybody through. */
  sluice: number;
  /** Port of its admin page. */
  admin: number;
  /** Addresses of the machine that are not loopback. */
  own: string[];
  /** Paths of Unix sockets; the first is in the working directory. */
  paths: string[];
  /** Name of an abstract socket. */
  abstract: string;
  /** A process outside. */
  pid: number;
  /** Port of the proxy inside; outside, that of the Sluice there. */
  proxy: number;
  /** A host that is allowed, with its port. */
  allowed: string;
  /** A name of loopback that is not allowed, with a port. */
  denied: string;
}

/** An attempt; gives what it reached, throws or gives nothing if it failed. */
export type Escape = (targets: Targets) => Promise<string | undefined | void>;

/** Attempts by name. */
export type Escapes = Readonly<Record<string, Escape>>;

/** Milliseconds that an attempt may take. */
const PATIENCE = 5_000;

/** All attempts. */
export const ESCAPES: Escapes = {
  ...SOCKET_ESCAPES,
  ...PROXY_ESCAPES,
  ...PROC_ESCAPES,
  ...SYSTEM_ESCAPES,
};

/** What an attempt that has succeeded begins with. */
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
