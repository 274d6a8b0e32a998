/**
 * The C library of Linux, for what Deno's API lacks: operations on the
 * descriptors of sockets.
 *
 * @module
 */

import { isGranted } from "./is_granted.ts";

/** The functions, described for `Deno.dlopen`. */
export const C_SYMBOLS = {
  close: { parameters: ["i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  dup: { parameters: ["i32"], result: "i32" },
  getdtablesize: { parameters: [], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
} as const;

/** Functions of the C library. */
export type CLibrary = Deno.DynamicLibrary<typeof C_SYMBOLS>["symbols"];

/** Constants of Linux on the processors that Deno runs on (socket(7)). */
export const SOCKET = {
  SOL_SOCKET: 1,
  SO_TYPE: 3,
  SO_RCVBUF: 8,
  SO_RCVBUFFORCE: 33,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
} as const;

let library: Deno.DynamicLibrary<typeof C_SYMBOLS> | undefined;
let isPrepared = false;

/**
 * Loads the library for the life of the program. A program that drops
 * permissions must call this before. Can be repeated.
 */
export function prepareCLibrary(): void {
  if (isPrepared) return;
  isPrepared = true;
  library = load();
}

/**
 * Gives the library.
 *
 * @returns Its functions, once loaded; `undefined` on other systems or C
 *   libraries, or without the permission for FFI.
 */
export function cLibrary(): CLibrary | undefined {
  return library?.symbols;
}

/**
 * Gives the library back, once nothing calls it any more. The next
 * {@linkcode prepareCLibrary} finds it again.
 */
export function releaseCLibrary(): void {
  library?.close();
  library = undefined;
  isPrepared = false;
}

function load(): typeof library {
  if (Deno.build.os !== "linux") return undefined;
  if (!isGranted({ name: "ffi" })) return undefined;
  try {
    return Deno.dlopen("libc.so.6", C_SYMBOLS);
  } catch {
    return undefined;
  }
}
