/**
 * Sends messages to a service manager by sd_notify(3).
 *
 * Deno can send the datagrams, but each one needs write permission for the
 * socket's file, and a server drops that permission at its start. The C library
 * needs no permission once it is loaded.
 *
 * @module
 */

/** Constants of Linux on the processors that Deno runs on. */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
const CLOCK_MONOTONIC = 1;

/** Bytes of `sun_path`; a path ends with NUL. */
const MOST_PATH = 108;

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
    result: "isize",
  },
  close: { parameters: ["i32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
} as const;

/** A connection to the service manager. */
export interface NotifySocket extends Disposable {
  /**
   * Sends a message without waiting: a manager that does not read must not
   * block the proxy.
   *
   * @param lines Assignments such as `READY=1`, one per argument.
   * @returns Whether the system accepted it.
   */
  send(...lines: string[]): boolean;
  /** The system's monotonic clock in microseconds, for `RELOADING=1`. */
  monotonicTime(): bigint;
}

/**
 * Opens the socket to the service manager. It needs the FFI permission now, but
 * not later.
 *
 * @param address Value of `NOTIFY_SOCKET`: a path, or `@` and an abstract name.
 * @throws {SyntaxError} If the address is of another kind, or too long.
 * @throws {Error} If the C library is missing or cannot open a socket.
 */
export function openNotifySocket(address: string): NotifySocket {
  const name = encodeName(address);
  const library = Deno.dlopen("libc.so.6", SYMBOLS);
  const system = library.symbols;
  const kind = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const descriptor = system.socket(AF_UNIX, kind, 0);
  if (descriptor < 0) {
    library.close();
    throw new Error("the system has no socket for it");
  }
  let isOpen = true;
  return {
    send(...lines) {
      if (!isOpen) return false;
      const bytes = new TextEncoder().encode(lines.join("\n"));
      const { sendto } = system;
      const { length } = bytes;
      return sendto(
        descriptor,
        bytes,
        BigInt(length),
        MSG_NOSIGNAL,
        name,
        name.length,
      ) === BigInt(length);
    },
    monotonicTime() {
      const time = new BigInt64Array(2); // Seconds, nanoseconds.
      system.clock_gettime(CLOCK_MONOTONIC, time);
      return time[0]! * 1_000_000n + time[1]! / 1_000n;
    },
    [Symbol.dispose]() {
      if (!isOpen) return;
      isOpen = false;
      system.close(descriptor);
      library.close();
    },
  };
}

/** Builds a `sockaddr_un`. Its length marks the end of an abstract name. */
function encodeName(address: string): Uint8Array<ArrayBuffer> {
  const isAbstract = address.startsWith("@");
  if (!isAbstract && !address.startsWith("/")) {
    throw new SyntaxError(`'${address}' is neither a path nor abstract`);
  }
  const path = new TextEncoder().encode(address + (isAbstract ? "" : "\0"));
  if (path.length > MOST_PATH) {
    throw new SyntaxError(`'${address}' is longer than ${MOST_PATH} bytes`);
  }
  if (isAbstract) path[0] = 0;
  const name = new Uint8Array(2 + path.length);
  new Uint16Array(name.buffer, 0, 1)[0] = AF_UNIX;
  name.set(path, 2);
  return name;
}
