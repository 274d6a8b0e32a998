/**
 * Starting a program as a shell does, with the rights of this thread and the
 * environment of this process as it is (posix_spawn(3)), and waiting for it.
 *
 * @module
 */

import { cText, fenceCalls } from "./calls.ts";

const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const WUNTRACED = 2;
const ENOEXEC = 8;

/** Bytes of `posix_spawnattr_t` and `sigset_t` of the C library. */
const ATTRIBUTES = 336;
const SIGNALS = 128;

/** Signals that there are, but for those in real time. */
const MOST_SIGNAL = 31;

/** The numbers of KILL and STOP, which nobody handles. */
const FIXED = new Set([9, 19]);

/**
 * Starts a program.
 *
 * @param words The program, looked for on the `PATH`, and its arguments.
 * @param ignored Numbers of the signals that it is to ignore.
 * @returns Its process; or the number of the failure.
 */
export function spawn(
  words: readonly string[],
  ignored: readonly number[],
): { pid: number } | { failure: number } {
  const started = start(words[0]!, words, ignored);
  // As a shell does: what has no first line is for the shell.
  if (!("failure" in started) || started.failure !== ENOEXEC) return started;
  const path = findProgram(words[0]!);
  return start("/bin/sh", ["/bin/sh", path, ...words.slice(1)], ignored);
}

function start(
  file: string,
  words: readonly string[],
  ignored: readonly number[],
): { pid: number } | { failure: number } {
  const calls = fenceCalls();
  const attributes = new Uint8Array(ATTRIBUTES);
  calls.posix_spawnattr_init(attributes);
  const flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  calls.posix_spawnattr_setflags(attributes, flags);
  calls.posix_spawnattr_setsigmask(attributes, new Uint8Array(SIGNALS));
  calls.posix_spawnattr_setsigdefault(attributes, signalSet(ignored));
  const texts = words.map(cText);
  const list = new BigUint64Array(words.length + 1);
  for (const [index, text] of texts.entries()) {
    const pointer = Deno.UnsafePointer.of(text);
    list[index] = BigInt(Deno.UnsafePointer.value(pointer));
  }
  const pid = new Int32Array(1);
  // It is the variable that is found, and in it the list.
  const environment = new Deno.UnsafePointerView(calls.environ!).getPointer();
  const failure = calls.posix_spawnp(
    pid,
    cText(file),
    null,
    attributes,
    list,
    environment,
  );
  return failure === 0 ? { pid: pid[0]! } : { failure };
}

/** All but those that are to stay ignored. */
function signalSet(ignored: readonly number[]): Uint8Array<ArrayBuffer> {
  const set = new Uint8Array(SIGNALS);
  for (let signal = 1; signal <= MOST_SIGNAL; signal++) {
    if (ignored.includes(signal) || FIXED.has(signal)) continue;
    set[(signal - 1) >> 3]! |= 1 << ((signal - 1) & 7);
  }
  return set;
}

/**
 * Finds a program as a shell does.
 *
 * @param name Its name, or its path if it has a slash.
 * @returns Its path; the name if it is not found.
 */
function findProgram(name: string): string {
  if (name.includes("/")) return name;
  const folders = (Deno.env.get("PATH") ?? "/usr/local/bin:/bin:/usr/bin")
    .split(":");
  for (const folder of folders) {
    const path = `${folder || "."}/${name}`;
    try {
      const { isFile, mode } = Deno.statSync(path);
      if (isFile && ((mode ?? 0) & 0o111) !== 0) return path;
    } catch {
      continue; // It is not there, or not for us.
    }
  }
  return name;
}

/** What became of a process. */
export interface ChildChange {
  /** Which one. */
  pid: number;
  /** Its exit code, 128 and the signal where one ended it. */
  code?: number;
  /** The signal that stopped it. */
  stopped?: number;
}

/**
 * Waits until one of this process's children ends or stops, its orphans too.
 *
 * @returns What happened; `undefined` if there is no child.
 */
export async function awaitChild(): Promise<ChildChange | undefined> {
  const status = new Int32Array(1);
  const pid = await fenceCalls().waitpidLater(-1, status, WUNTRACED);
  if (pid < 0) return undefined;
  const value = status[0]!;
  const signal = value & 0x7f;
  if (signal === 0) return { pid, code: (value >> 8) & 0xff };
  if (signal === 0x7f) return { pid, stopped: (value >> 8) & 0xff };
  return { pid, code: 128 + signal };
}
