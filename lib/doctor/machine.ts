/**
 * The doctor's findings about the runtime and the system.
 *
 * @module
 */

import { explainError } from "../observe/explain_error.ts";
import { elapsed } from "../sync/elapsed.ts";
import { examineCapacity, type Load } from "./capacity.ts";
import type { Finding } from "./finding.ts";
import {
  isOlder,
  NEEDED_RUNTIME,
  TESTED_RUNTIME,
} from "../net/system/runtime_version.ts";
import { readSystemFile, requireRead } from "../net/system/system_file.ts";

/** Bytes of a queue that can hold a burst; see `receive_queue.ts`. */
const QUEUE = 2 * 1024 * 1024;

/** A machine that has lost the time shows an earlier one. */
const EARLIEST = Date.UTC(2025, 0, 1);

/**
 * Milliseconds for which to compare the two clocks, and their allowed
 * difference.
 */
const CLOCK_SPAN = 50;
const CLOCK_SLACK = 500;

/**
 * Examines the runtime and the system. Nothing leaves the machine.
 *
 * @param load Expected load.
 * @param files Files whose times to compare with the clock.
 */
export async function examineMachine(
  load: Load,
  files: readonly string[],
): Promise<Finding[]> {
  return [
    runtime(),
    ...examineCapacity(load),
    ipv6(),
    reusePort(),
    proc(),
    receiveQueue(),
    await clock(files),
  ];
}

function runtime(): Finding {
  const check = "runtime";
  const version = Deno.version.deno;
  const message = `Deno ${version} on ${Deno.build.os} (${Deno.build.arch})`;
  if (!isOlder(version, TESTED_RUNTIME)) return { level: "ok", check, message };
  const level = isOlder(version, NEEDED_RUNTIME) ? "problem" : "warning";
  const remedy = `use Deno ${TESTED_RUNTIME} or later, with which this ` +
    "version was tested";
  return { level, check, message: `${message} is old`, remedy };
}

function ipv6(): Finding {
  const check = "ipv6";
  const why = failure(() => Deno.listen({ hostname: "::1", port: 0 }).close());
  if (why === undefined) {
    return { level: "ok", check, message: "this machine has it" };
  }
  return {
    level: "note",
    check,
    message: `not available: ${why}; IPv6-only targets are out of reach`,
    remedy: "with --prefer only-ipv4 Sluice asks for no others",
  };
}

function reusePort(): Finding {
  const check = "reuseport";
  const why = failure(() => {
    const options = { hostname: "127.0.0.1", reusePort: true };
    using first = Deno.listen({ ...options, port: 0 });
    Deno.listen({ ...options, port: first.addr.port }).close();
  });
  if (why === undefined) {
    const message = "several processes can listen on one port";
    return { level: "ok", check, message };
  }
  const message = `one process for each port: ${why}`;
  return { level: "note", check, message };
}

function proc(): Finding {
  const check = "proc";
  if (Deno.build.os !== "linux") {
    return { level: "ok", check, message: "not needed on this system" };
  }
  const why = failure(() => readSystemFile("/proc/self/limits"));
  if (why === undefined) {
    return { level: "ok", check, message: "/proc/self can be read" };
  }
  return {
    level: "note",
    check,
    message:
      `/proc/self cannot be read: ${why}; the limit of descriptors is unknown`,
    remedy: "only -A allows it; without -A, set --max-connections",
  };
}

function receiveQueue(): Finding {
  const check = "rmem_max";
  const path = "/proc/sys/net/core/rmem_max";
  let most = NaN;
  const why = Deno.build.os === "linux"
    ? failure(() => most = Number(readSystemFile(path)))
    : "not Linux";
  if (why !== undefined) {
    const message = `cannot read the length of UDP queues: ${why}`;
    return { level: "note", check, message };
  }
  const message = `a UDP socket may queue ${most} bytes`;
  if (most >= QUEUE) return { level: "ok", check, message };
  return {
    level: "note",
    check,
    message: `${message}: larger bursts lose datagrams`,
    remedy:
      `sysctl -w net.core.rmem_max=${QUEUE}, or CAP_NET_ADMIN for the program`,
  };
}

/** Compares the clock with the monotonic one, and with the newest file. */
async function clock(files: readonly string[]): Promise<Finding> {
  const check = "clock";
  const now = Date.now();
  const begun = performance.now();
  await elapsed(CLOCK_SPAN);
  const jump = Date.now() - now - (performance.now() - begun);
  const newest = Math.max(0, ...files.map(modified));
  const time = new Date(now).toISOString();
  const remedy = "set the clock, and keep it by NTP";
  if (now < EARLIEST) {
    const message = `${time} is before this program was written`;
    return { level: "problem", check, message, remedy };
  }
  if (Math.abs(jump) > CLOCK_SLACK) {
    const message = `the clock jumped by ${Math.round(jump)} ms while watched`;
    return { level: "warning", check, message, remedy };
  }
  if (newest > now + CLOCK_SLACK) {
    const message = `${time}, but a file is newer than that`;
    return { level: "warning", check, message, remedy };
  }
  return { level: "ok", check, message: time };
}

function modified(path: string): number {
  let time = 0;
  failure(() => {
    requireRead(path);
    time = Deno.statSync(path).mtime?.getTime() ?? 0;
  });
  return time;
}

/** Why it fails, in a few words; `undefined` if it succeeds. */
function failure(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return explainError(error);
  }
}
