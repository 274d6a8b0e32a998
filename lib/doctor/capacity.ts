/**
 * The doctor's findings about capacity: how many connections the system can
 * carry, and how many can wait.
 *
 * @module
 */

import { explainError } from "../observe/explain_error.ts";
import {
  connectionCapacity,
  descriptorsFor,
} from "../net/system/descriptors.ts";
import type { Finding } from "./finding.ts";
import {
  BIND_HEAP,
  describePlan,
  memoryPlan,
} from "../serve/limits/memory_plan.ts";
import { MOST_CONNECTIONS } from "../serve/limits/places.ts";
import { readSystemFile } from "../net/system/system_file.ts";

/** Expected load. */
export interface Load {
  /** Most connections of each server; `undefined` is the default. */
  connections: readonly (number | undefined)[];
  /** Threads that serve connections. */
  threads: number;
  /** Whether passwords are hashed. */
  hasPasswords: boolean;
  /** Largest backlog of any listener, in connections. */
  backlog: number;
}

/** With fewer connections, a proxy is of little use. */
const FEW = 100;

/**
 * Examines the limits of the system.
 *
 * @param load Expected load.
 */
export function examineCapacity(load: Load): Finding[] {
  return [descriptors(load), ...memory(load), ...queue(load)];
}

function descriptors({ connections }: Load): Finding {
  const check = "descriptors";
  const maxConnections = sum(connections.map((one) => one ?? MOST_CONNECTIONS));
  const capacity = connectionCapacity();
  if (capacity === Infinity) {
    return {
      level: "note",
      check,
      message: "the limit of file descriptors can't be read",
      remedy:
        "give --max-connections what the limit has room for: two for each connection",
    };
  }
  const message = `room for ${capacity} connections, ${maxConnections} wanted`;
  if (capacity >= maxConnections) return { level: "ok", check, message };
  const limit = descriptorsFor(maxConnections);
  return {
    level: capacity < FEW ? "problem" : "warning",
    check,
    message: `${message}: more wait until one ends`,
    remedy:
      `ulimit -n ${limit}, or LimitNOFILE=${limit} in the unit; or --max-connections ${capacity}`,
  };
}

/** Empty if no memory limit is set. */
function memory({ connections, hasPasswords, threads }: Load): Finding[] {
  const plan = memoryPlan({ hasPasswords, threads });
  if (plan === undefined) return [];
  const check = "memory";
  const message = describePlan(plan);
  const share = Math.floor(plan.connections / connections.length);
  const asked = sum(connections.map((one) => one ?? share));
  if (plan.connections < FEW) {
    const remedy = "a higher limit: 128 MB or more";
    return [{ level: "problem", check, message, remedy }];
  }
  if (asked > plan.connections) {
    return [{
      level: "warning",
      check,
      message:
        `${message}; ${asked} wanted: if they need more, the system kills Sluice without a message`,
      remedy: `--max-connections ${share}, or a higher limit`,
    }];
  }
  return plan.isAtRisk
    ? [{ level: "warning", check, message, remedy: BIND_HEAP }]
    : [{ level: "ok", check, message }];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** Only Linux has this number in a file. */
function queue({ backlog }: Load): Finding[] {
  if (Deno.build.os !== "linux") return [];
  const check = "somaxconn";
  let most: number;
  try {
    most = Number(readSystemFile("/proc/sys/net/core/somaxconn"));
  } catch (error) {
    const why = explainError(error);
    const message = `cannot read how many connections may wait: ${why}`;
    return [{ level: "note", check, message }];
  }
  const message = `${
    Math.min(most, backlog)
  } connections may wait for a listener, ${backlog} wanted`;
  if (most >= backlog) return [{ level: "ok", check, message }];
  return [{
    level: "note",
    check,
    message: `${message}: if more arrive together, their clients retry or fail`,
    remedy: `sysctl -w net.core.somaxconn=${backlog}, or --backlog ${most}`,
  }];
}
