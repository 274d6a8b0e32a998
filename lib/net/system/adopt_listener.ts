/**
 * Listens on a socket that another program has opened, such as systemd.
 *
 * `Deno.listen` opens its own socket (denoland/deno#14006). `node:net` takes a
 * given one but accepts everything immediately: no limit would hold, and
 * connections accepted but not yet handled would be lost at the shutdown,
 * although another process could have served them. So Deno opens a listener,
 * and the system puts the given socket into its descriptor. Linux then forgets
 * the registration of that descriptor (epoll(7)), so Sluice registers it again
 * with the same data.
 *
 * @module
 */

import type { Listener } from "../listen.ts";
import { addressIn, LONGEST_NAME } from "./socket_name.ts";

/** Constants of Linux on the processors that Deno runs on. */
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_ACCEPTCONN = 30;
const SOCK_STREAM = 1;
const F_GETFL = 3;
const F_SETFL = 4;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;

/** `struct epoll_event` is packed on x86-64 alone. */
const EVENT = Deno.build.arch === "x86_64"
  ? { length: 12, data: 4 }
  : { length: 16, data: 8 };

const SYMBOLS = {
  close: { parameters: ["i32"], result: "i32" },
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
} as const;

type System = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** The epoll registration of a descriptor. */
interface Registration {
  /** Descriptor of the epoll set. */
  set: number;
  descriptor: number;
  events: number;
  data: bigint;
}

let system: System | undefined;

/**
 * Returns the address on which a socket listens.
 *
 * @param descriptor A descriptor that this process inherited.
 * @returns The address; `undefined` if it is no listening TCP socket.
 * @throws {Deno.errors.NotCapable} If Deno was not given the permission for FFI.
 */
export function listeningAddress(descriptor: number): Deno.NetAddr | undefined {
  system ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  const isListener =
    socketOption(system, descriptor, SO_TYPE) === SOCK_STREAM &&
    socketOption(system, descriptor, SO_ACCEPTCONN) === 1;
  return isListener ? addressOf(system, descriptor) : undefined;
}

/** Options for {@linkcode adoptListener}. */
export interface AdoptOptions {
  /** Whether the descriptor stays open for other threads. */
  isKept?: boolean;
}

/**
 * Takes over a listening socket. The listener has its own descriptor, so the
 * given one is closed unless it must stay. Other holders of the socket keep it
 * when the listener closes, and get the connections that are not accepted yet.
 *
 * @param descriptor A descriptor that this process inherited.
 * @param options Whether other threads need it.
 * @returns The listener, which works like one of `Deno.listen`; the caller
 *   closes it.
 * @throws {Error} If it is no such socket, or the runtime no longer waits for
 *   sockets by epoll as expected.
 * @throws {Deno.errors.NotCapable} If Deno was given less than all permissions.
 */
export function adoptListener(
  descriptor: number,
  { isKept = false }: AdoptOptions = {},
): Listener {
  const addr = listeningAddress(descriptor);
  if (addr === undefined) {
    throw new Error("it is not a listening TCP socket");
  }
  const own = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    replaceSocket(system!, own.addr as Deno.NetAddr, descriptor);
    if (!isKept) system!.close(descriptor);
  } catch (error) {
    own.close();
    throw error;
  }
  return {
    addr,
    isShared: true,
    accept: () => own.accept(),
    [Symbol.dispose]: () => own[Symbol.dispose](),
  };
}

function replaceSocket(
  system: System,
  own: Deno.NetAddr,
  given: number,
): void {
  const found = registrations().find(({ descriptor }) => {
    const addr = addressOf(system, descriptor);
    return addr?.port === own.port && addr.hostname === own.hostname;
  });
  if (found === undefined) {
    throw new Error("this Deno does not wait for its sockets with epoll");
  }
  // A blocking socket would stop everything if another process accepts first.
  const flags = system.fcntl(given, F_GETFL, 0);
  system.fcntl(given, F_SETFL, flags | O_NONBLOCK);
  if (system.dup3(given, found.descriptor, O_CLOEXEC) < 0) {
    throw new Error("the system does not let it be duplicated");
  }
  const { set, descriptor } = found;
  if (system.epoll_ctl(set, EPOLL_CTL_ADD, descriptor, encode(found)) !== 0) {
    throw new Error("the system does not let it be waited for");
  }
}

/** Reads all epoll registrations (proc_pid_fdinfo(5)). */
function registrations(): Registration[] {
  const folder = "/proc/self/fdinfo";
  return [...Deno.readDirSync(folder)].flatMap(({ name }) => {
    const lines = readIfThere(`${folder}/${name}`).matchAll(
      /^tfd:\s*(\d+)\s+events:\s*([0-9a-f]+)\s+data:\s*([0-9a-f]+)/gm,
    );
    return [...lines].map(([, descriptor, events, data]) => ({
      set: Number(name),
      descriptor: Number(descriptor),
      events: Number(`0x${events}`),
      data: BigInt(`0x${data}`),
    }));
  });
}

/** Another thread may have closed it since the directory was read. */
function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function encode({ events, data }: Registration): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(EVENT.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, events, true);
  view.setBigUint64(EVENT.data, data, true);
  return bytes;
}

function socketOption(
  { getsockopt }: System,
  descriptor: number,
  option: number,
): number | undefined {
  const value = new Int32Array(1);
  const length = Uint32Array.of(value.byteLength);
  const error = getsockopt(descriptor, SOL_SOCKET, option, value, length);
  return error === 0 ? value[0] : undefined;
}

function addressOf(
  { getsockname }: System,
  descriptor: number,
): Deno.NetAddr | undefined {
  const name = new Uint8Array(LONGEST_NAME);
  const length = Uint32Array.of(name.length);
  if (getsockname(descriptor, name, length) !== 0) return undefined;
  return addressIn(name);
}
