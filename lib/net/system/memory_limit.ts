/**
 * The memory limit of this process: that of its control group, such as a
 * container or a systemd unit (cgroups(7)).
 *
 * ```text
 * version 2: /proc/self/cgroup "0::/a/b"         -> ROOT/a/b/memory.max, memory.high
 * version 1: /proc/self/cgroup "4:memory:/a/b"   -> ROOT/memory/a/b/memory.limit_in_bytes
 * ```
 *
 * The limits of all parent groups apply too. In a container the path may be
 * that of the host, while the container has its own group at ROOT.
 *
 * @module
 */

import { readSystemFile } from "./system_file.ts";

/** A limit, and the memory in use when it was read. */
export interface MemoryLimit {
  /** Bytes that the group may use. */
  limit: number;
  /**
   * Bytes in use that cannot be freed: without cached files, which the system
   * drops when memory is short.
   */
  used: number;
}

/** Where the system reports it. */
export interface MemoryFiles {
  /** Directory of the groups (default `/sys/fs/cgroup`). */
  root?: string;
  /** File that names the groups of this process (default `/proc/self/cgroup`). */
  groups?: string;
}

/** The file names of a version. */
interface Names {
  limits: readonly string[];
  usage: string;
  /** Lines of `memory.stat` for memory that can be dropped. */
  spare: readonly string[];
}

const VERSION_2: Names = {
  // Beyond memory.high the system does not kill a program, but nearly stops it.
  limits: ["memory.max", "memory.high"],
  usage: "memory.current",
  spare: ["inactive_file", "active_file", "slab_reclaimable"],
};

const VERSION_1: Names = {
  limits: ["memory.limit_in_bytes"],
  usage: "memory.usage_in_bytes",
  spare: ["total_inactive_file", "total_active_file"],
};

/** Numbers from here on mean no limit: version 1 has no word for it. */
const NO_LIMIT = 2 ** 50;

/**
 * Reads the limit of this process.
 *
 * @param files Where the system reports it.
 * @returns The lowest limit that applies; `undefined` if none does, or the
 *   system does not report it.
 */
export function readMemoryLimit(
  { root = "/sys/fs/cgroup", groups = "/proc/self/cgroup" }: MemoryFiles = {},
): MemoryLimit | undefined {
  if (Deno.build.os !== "linux") return undefined;
  const lines = read(groups)?.split("\n") ?? [];
  // If both versions are mounted, this line names the one for memory.
  const first = pathIn(lines, /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/);
  if (first !== undefined) {
    return lowest(foldersOf(`${root}/memory`, first), VERSION_1);
  }
  const second = pathIn(lines, /^0::(.*)$/);
  if (second === undefined) return undefined;
  return lowest(foldersOf(root, second), VERSION_2);
}

function pathIn(lines: readonly string[], pattern: RegExp): string | undefined {
  for (const line of lines) {
    const found = pattern.exec(line)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The directory of the group and of its parents. */
function foldersOf(root: string, path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  return [
    root,
    ...names.map((_, n) => [root, ...names.slice(0, n + 1)].join("/")),
  ];
}

function lowest(
  folders: readonly string[],
  names: Names,
): MemoryLimit | undefined {
  let found: { folder: string; limit: number } | undefined;
  for (const folder of folders) {
    for (const name of names.limits) {
      const limit = readNumber(`${folder}/${name}`);
      if (limit === undefined || limit >= NO_LIMIT) continue;
      if (found === undefined || limit < found.limit) found = { folder, limit };
    }
  }
  if (found === undefined) return undefined;
  return { limit: found.limit, used: usedIn(found.folder, names) };
}

/** Other processes of the group count too. */
function usedIn(folder: string, { spare, usage }: Names): number {
  const all = readNumber(`${folder}/${usage}`) ?? 0;
  const stat = new Map(
    (read(`${folder}/memory.stat`) ?? "").split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
  const spared = spare.reduce(
    (sum, name) => sum + Number(stat.get(name) ?? 0),
    0,
  );
  return Math.max(0, all - spared);
}

/** `undefined` if the file is missing or says `max`. */
function readNumber(path: string): number | undefined {
  const text = read(path)?.trim();
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function read(path: string): string | undefined {
  try {
    return readSystemFile(path);
  } catch {
    return undefined; // It is missing, or Deno lacks the permission.
  }
}
