/**
 * Longer queues for the datagrams that have come and have not been read yet.
 *
 * Deno has no option for it: `Deno.listenDatagram` takes none, and
 * `setRecvBufferSize()` of `node:dgram` does not reach the system, whatever
 * `getRecvBufferSize()` says afterwards. So Linux is asked itself, through its C
 * library. Where that can't be had, sockets keep the queue they were given.
 *
 * @module
 */

import { parseIpAddress } from "../wire/ip_address.ts";

/**
 * Bytes to ask for; the system doubles them, for what it keeps beside each
 * datagram. Without CAP_NET_ADMIN it gives no more than `net.core.rmem_max`
 * (socket(7)). Memory is taken only by what waits.
 */
const ASKED = 2 * 1024 * 1024;

/** Descriptors that are looked at for one that did not come next, at most. */
const MOST_DESCRIPTORS = 65_536;

/** Constants of Linux on the processors that Deno runs on. */
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SOCK_DGRAM = 2;

/** Bytes of `sockaddr_in6`, and where each family has its address in it. */
const LONGEST_NAME = 28;
const ADDRESS_OFFSET = { ipv4: 4, ipv6: 8 } as const;

const SYMBOLS = {
  close: { parameters: ["i32"], result: "i32" },
  dup: { parameters: ["i32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
} as const;

type System = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let system: System | undefined;
let isPrepared = false;

/**
 * Finds what longer queues need, for as long as the program runs; a program
 * that drops permissions has to call it before. Can be repeated.
 */
export function prepareReceiveQueues(): void {
  if (isPrepared) return;
  isPrepared = true;
  system = loadSystem();
}

function loadSystem(): System | undefined {
  if (Deno.build.os !== "linux") return undefined;
  const { state } = Deno.permissions.querySync({ name: "ffi" });
  if (state !== "granted") return undefined; // Asking would stop the program.
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch {
    return undefined; // Another C library.
  }
}

/**
 * Opens a socket and makes its queue longer, as far as the system allows.
 *
 * @param open Opens the socket, and nothing else.
 * @returns The socket; the caller closes it.
 * @throws What `open` throws.
 */
export function openWithLongQueue(
  open: () => Deno.DatagramConn,
): Deno.DatagramConn {
  prepareReceiveQueues();
  if (system === undefined) return open();
  const next = nextDescriptor(system);
  const socket = open();
  const descriptor = findDescriptor(system, socket.addr as Deno.NetAddr, next);
  if (descriptor !== undefined) lengthen(system, descriptor);
  return socket;
}

function lengthen({ setsockopt }: System, descriptor: number): void {
  const value = Int32Array.of(ASKED);
  for (const option of [SO_RCVBUFFORCE, SO_RCVBUF]) {
    const { byteLength } = value;
    const error = setsockopt(descriptor, SOL_SOCKET, option, value, byteLength);
    if (error === 0) return;
  }
}

/** The system gives the lowest descriptor that is free (POSIX.1, `dup`). */
function nextDescriptor({ close, dup }: System): number {
  const descriptor = dup(0);
  if (descriptor >= 0) close(descriptor);
  return descriptor;
}

/** Deno does not tell the descriptor, so the address has to. */
function findDescriptor(
  system: System,
  addr: Deno.NetAddr,
  next: number,
): number | undefined {
  const isIt = matcher(system, addr);
  if (isIt(next)) return next;
  // Another thread has opened or closed something meanwhile.
  for (let descriptor = 0; descriptor < MOST_DESCRIPTORS; descriptor++) {
    if (isIt(descriptor)) return descriptor;
  }
  return undefined;
}

function matcher(
  { getsockname, getsockopt }: System,
  { hostname, port }: Deno.NetAddr,
): (descriptor: number) => boolean {
  const ip = parseIpAddress(hostname)!;
  const offset = ADDRESS_OFFSET[ip.length === 4 ? "ipv4" : "ipv6"];
  const name = new Uint8Array(LONGEST_NAME);
  const type = new Int32Array(1);

  function isAt(): boolean {
    return (name[2]! << 8 | name[3]!) === port &&
      ip.every((byte, index) => name[offset + index] === byte);
  }

  return (descriptor) => {
    const nameLength = Uint32Array.of(name.length);
    if (getsockname(descriptor, name, nameLength) !== 0 || !isAt()) {
      return false;
    }
    const typeLength = Uint32Array.of(type.byteLength);
    getsockopt(descriptor, SOL_SOCKET, SO_TYPE, type, typeLength);
    return type[0] === SOCK_DGRAM;
  };
}
