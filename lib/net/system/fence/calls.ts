/**
 * The Linux system calls that a fence needs, and their errors.
 *
 * @module
 */

/** The functions of the C library, described for Deno. */
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

/** The functions of the C library. */
export type FenceCalls = Deno.DynamicLibrary<typeof FENCE_SYMBOLS>["symbols"];

/** Names of errors that an operator can act on (errno(3)). */
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

/** A failed system call. */
export class CallError extends Error {
  /** Error number (errno(3)). */
  readonly code: number;

  /**
   * Constructs an error.
   *
   * @param doing The failed action, such as `hide /run`.
   * @param code Error number (errno(3)).
   */
  constructor(doing: string, code: number) {
    super(`Cannot ${doing}: ${NAMES[code] ?? `error ${code}`}`);
    this.name = "CallError";
    this.code = code;
  }
}

let calls: FenceCalls | undefined;

/**
 * Opens the C library, once.
 *
 * @returns The functions of the C library.
 * @throws {Deno.errors.NotCapable} If Deno was not given --allow-ffi.
 */
export function fenceCalls(): FenceCalls {
  calls ??= Deno.dlopen("libc.so.6", FENCE_SYMBOLS).symbols;
  return calls;
}

/**
 * Requires the success of a call.
 *
 * @param result The call's result; negative on failure.
 * @param doing The action, for the error.
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
 * Returns where a buffer is in memory, for a structure that points to it. The
 * buffer must stay alive until the call that reads the structure returns.
 */
export function pointerTo(
  buffer: Uint8Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>,
): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer)));
}

/**
 * Converts a text to a string of C.
 *
 * @returns Its UTF-8 bytes and a zero.
 */
export function cText(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${value}\0`);
}
