/**
 * Measures a server and its child processes through Linux's `/proc`.
 *
 * @module
 */

/** Clock ticks per second; always 100 for programs on Linux (time(7)). */
const TICKS = 100;

/**
 * Finds a process and all its descendants.
 *
 * @returns The ids of the living processes, `pid` first.
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
 * Adds up the processor time of a process tree, including ended processes.
 *
 * @param pid The root process.
 * @returns User and system time in seconds.
 */
export function processorTime(pid: number): number {
  return sum(processTree(pid), (one) => {
    const stat = read(`/proc/${one}/stat`);
    // Fields after the name, which may contain spaces: utime, stime, cutime,
    // cstime.
    const fields = stat.slice(stat.lastIndexOf(")")).split(" ").slice(12, 16);
    return sum(fields, Number) / TICKS;
  });
}

/**
 * Adds up the processor time of a process without children, exactly. It needs
 * no whole clock ticks, but leaves out threads that have ended.
 *
 * @param pid The process.
 * @returns Nanoseconds on a processor.
 */
export function exactProcessorTime(pid: number): number {
  return sum(
    namesIn(`/proc/${pid}/task`),
    (thread) =>
      Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]),
  );
}

/**
 * Computes the memory that a process tree would use if nothing else ran.
 *
 * @param pid The root process.
 * @returns Bytes: private memory, the shares of common memory, and the largest
 *   amount of mapped files of one process. (A share of the files would be too
 *   little, because the benchmark runs in the same Deno.)
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
 * @returns Number of open descriptors.
 */
export function descriptorsOf(pid: number): number {
  return namesIn(`/proc/${pid}/fd`).length;
}

function kilobytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
}

/** A process may end at any time. */
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
