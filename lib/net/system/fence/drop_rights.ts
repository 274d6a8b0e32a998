/**
 * Drops all capabilities of this thread, so that a program that it starts has
 * none and can't gain any (capabilities(7)).
 *
 * @module
 */

import { fenceCalls, must } from "./calls.ts";
import { limitCalls } from "./seccomp.ts";

const PR_SET_DUMPABLE = 4;
const PR_CAPBSET_DROP = 24;
const PR_SET_SECUREBITS = 28;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4n;

/** NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE, each with its lock. */
const SECURE = 0x1n | 0x2n | 0x4n | 0x8n | 0x40n | 0x80n;

/** An upper bound of capabilities; an unknown one causes no failure. */
const MOST_CAPABILITIES = 64n;

/** `_LINUX_CAPABILITY_VERSION_3`. */
const VERSION = 0x20080522;

/**
 * Drops every capability of this thread permanently. Other threads keep theirs,
 * and this process is not dumpable; both keep the command from tracing it.
 *
 * @throws {CallError} If a call fails.
 */
export function dropRights(): void {
  const { capset, prctl } = fenceCalls();
  must(prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n), "hide the init");
  const clear = PR_CAP_AMBIENT_CLEAR_ALL;
  must(prctl(PR_CAP_AMBIENT, clear, 0n, 0n, 0n), "drop ambient rights");
  for (let right = 0n; right < MOST_CAPABILITIES; right++) {
    prctl(PR_CAPBSET_DROP, right, 0n, 0n, 0n);
  }
  must(prctl(PR_SET_SECUREBITS, SECURE, 0n, 0n, 0n), "lock rights away");
  const none = new Uint32Array(6); // Two sets of three words, all empty.
  must(capset(Uint32Array.of(VERSION, 0), none), "drop rights");
  limitCalls();
}
