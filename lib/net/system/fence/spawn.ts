/**
 * Starts a program as a shell does, with the rights of this thread and the
 * unchanged environment (posix_spawn(3)), and waits for it.
 *
 * @module
 */

import { cText, fenceCalls, pointerTo } from "./calls.ts";

const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const WUNTRACED = 2;
const ENOEXEC = 8;

/** Bytes of `posix_spawnattr_t` and `sigset_t` of the C library. */
const ATTRIBUTES = 336;
const SIGNALS = 128;

/** The highest signal number, apart from real-time signals. */
const MOST_SIGNAL = 31;

/** KILL and STOP, which can't be handled. */
const FIXED = new Set([9, 19]);

/**
 * Starts a program.
 *
 * @param words The program, searched in `PATH`, and its arguments.
 * @param ignored Numbers of the signals that it ignores.
 * @returns Its process ID, or the error number.
 */
export function spawn(
  words: readonly string[],
  ignored: readonly number[],
): { pid: number } | { failure: number } {
  const started = start(words[0]!, words, ignored);
  // As a shell does: a script without an interpreter line runs in the shell.
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
    list[index] = pointerTo(text);
  }
  const pid = new Int32Array(1);
  // The symbol is a variable that holds the list's address.
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

/** All signals except the ignored ones. */
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
 * @param name Its name; with a slash it is a path.
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
      continue; // It does not exist, or is not executable.
    }
  }
  return name;
}

/** A change in a child process. */
export interface ChildChange {
  /** Its process ID. */
  pid: number;
  /** Its exit code; 128 plus the signal if a signal ended it. */
  code?: number;
  /** The signal that stopped it. */
  stopped?: number;
}

/**
 * Waits until a child ends or stops, including adopted orphans.
 *
 * @returns The change; `undefined` without children.
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
