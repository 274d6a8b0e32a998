/**
 * The calls of Linux that a fence is made of, and their failures.
 *
 * @module
 */

/** The functions of the C library, as Deno wants them described. */
export const FENCE_SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  capset: { parameters: ["buffer", "buffer"], result: "i32" },
  chdir: { parameters: ["buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  dup: { parameters: ["i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  environ: { type: "pointer" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  getpgrp: { parameters: [], result: "i32" },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  mount: {
    parameters: ["buffer", "buffer", "buffer", "usize", "buffer"],
    result: "i32",
  },
  open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  posix_spawnattr_init: { parameters: ["buffer"], result: "i32" },
  posix_spawnattr_setflags: { parameters: ["buffer", "i16"], result: "i32" },
  posix_spawnattr_setsigdefault: {
    parameters: ["buffer", "buffer"],
    result: "i32",
  },
  posix_spawnattr_setsigmask: {
    parameters: ["buffer", "buffer"],
    result: "i32",
  },
  posix_spawnp: {
    parameters: ["buffer", "buffer", "pointer", "buffer", "buffer", "pointer"],
    result: "i32",
  },
  prctl: {
    parameters: ["i32", "usize", "usize", "usize", "usize"],
    result: "i32",
  },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  recvmsgLater: {
    name: "recvmsg",
    parameters: ["i32", "buffer", "i32"],
    result: "isize",
    nonblocking: true,
  },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  setpgid: { parameters: ["i32", "i32"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  sigaction: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  syscall: {
    parameters: ["isize", "usize", "buffer", "usize", "buffer", "usize"],
    result: "isize",
  },
  waitpidLater: {
    name: "waitpid",
    parameters: ["i32", "buffer", "i32"],
    result: "i32",
    nonblocking: true,
  },
} as const;

/** Calls of the system. */
export type FenceCalls = Deno.DynamicLibrary<typeof FENCE_SYMBOLS>["symbols"];

/** Names of the failures that a person can act on (errno(3)). */
const NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  8: "ENOEXEC",
  12: "ENOMEM",
  13: "EACCES",
  22: "EINVAL",
  24: "EMFILE",
  28: "ENOSPC",
  38: "ENOSYS",
};

/** A call that failed. */
export class CallError extends Error {
  /** Number of the failure (errno(3)). */
  readonly code: number;

  /**
   * Constructs an error.
   *
   * @param doing What could not be done, for example `hide /run`.
   * @param code Number of the failure.
   */
  constructor(doing: string, code: number) {
    super(`Cannot ${doing}: ${NAMES[code] ?? `error ${code}`}`);
    this.name = "CallError";
    this.code = code;
  }
}

let calls: FenceCalls | undefined;

/**
 * Gives the calls.
 *
 * @returns The functions of the C library.
 * @throws {Deno.errors.NotCapable} If Deno was not given the permission for FFI.
 */
export function fenceCalls(): FenceCalls {
  calls ??= Deno.dlopen("libc.so.6", FENCE_SYMBOLS).symbols;
  return calls;
}

/**
 * Throws if a call failed.
 *
 * @param result What the call gave; negative is a failure.
 * @param doing What it was to do.
 * @returns The result.
 * @throws {CallError} If it is negative.
 */
export function must<T extends number | bigint>(result: T, doing: string): T {
  if (result < 0) throw new CallError(doing, lastFailure());
  return result;
}

function lastFailure(): number {
  const place = fenceCalls().__errno_location();
  return place === null ? 0 : new Deno.UnsafePointerView(place).getInt32();
}

/**
 * Makes a text as C has it.
 *
 * @param value The text.
 * @returns Its bytes and a zero.
 */
export function cText(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${value}\0`);
}
