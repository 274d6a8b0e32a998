/**
 * What a server and the processes that it has started take, as `/proc` of Linux
 * tells it.
 *
 * @module
 */

/** Ticks in a second: on Linux always 100, as programs see it (time(7)). */
const TICKS = 100;

/**
 * Finds a process and those that it, or one of them, has started.
 *
 * @param pid The process.
 * @returns The ids of those that there are, itself first.
 */
export function processTree(pid: number): number[] {
  const found = [pid];
  for (const parent of found) found.push(...childrenOf(parent));
  return found;
}

function childrenOf(pid: number): number[] {
  return namesIn(`/proc/${pid}/task`).flatMap((thread) => {
    const children = read(`/proc/${pid}/task/${thread}/children`);
    return children.trim() === "" ? [] : children.trim().split(" ").map(Number);
  });
}

/**
 * Adds up the processor time of a tree of processes, and of those of it that
 * have ended.
 *
 * @param pid The first of them.
 * @returns User and system time in seconds.
 */
export function processorTime(pid: number): number {
  return sum(processTree(pid), (one) => {
    const stat = read(`/proc/${one}/stat`);
    // Behind the name, which may have spaces: utime, stime, cutime, cstime.
    const fields = stat.slice(stat.lastIndexOf(")")).split(" ").slice(12, 16);
    return sum(fields, Number) / TICKS;
  });
}

/**
 * Tells how much memory a tree of processes would take if nothing else ran.
 *
 * @param pid The first of them.
 * @returns Bytes: what they have for themselves, their shares of what they have
 *   together, and of their files the most that one of them has mapped. (A share
 *   of these would be too little: the benchmark itself runs in the same Deno.)
 */
export function memoryOf(pid: number): number {
  const tree = processTree(pid);
  const own = sum(tree, (one) => {
    const rollup = read(`/proc/${one}/smaps_rollup`);
    return kilobytes(rollup, "Pss_Anon") + kilobytes(rollup, "Pss_Shmem");
  });
  const files = tree.map((one) =>
    kilobytes(read(`/proc/${one}/status`), "RssFile")
  );
  return (own + Math.max(...files)) * 1024;
}

/**
 * Counts the descriptors of one process.
 *
 * @param pid The process.
 * @returns How many are open.
 */
export function descriptorsOf(pid: number): number {
  return namesIn(`/proc/${pid}/fd`).length;
}

function kilobytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
}

/** A process may end while it is looked at. */
function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

function namesIn(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => name);
  } catch {
    return [];
  }
}

function sum<T>(list: readonly T[], tell: (one: T) => number): number {
  return list.reduce((total, one) => total + tell(one), 0);
}
