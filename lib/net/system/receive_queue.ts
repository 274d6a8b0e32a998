/**
 * Longer queues for received datagrams that are not read yet.
 *
 * Deno has no option for it: `Deno.listenDatagram` takes none, and
 * `setRecvBufferSize()` of `node:dgram` does not reach the system, whatever
 * `getRecvBufferSize()` says afterwards. So the C library asks Linux directly.
 * Without it, sockets keep their default queue.
 *
 * @module
 */

import {
  type CLibrary,
  cLibrary,
  prepareCLibrary,
  SOCKET,
} from "./c_library.ts";
import { hasName, LONGEST_NAME, socketName } from "./socket_name.ts";

/**
 * Bytes to ask for; the system doubles them for its bookkeeping. Without
 * CAP_NET_ADMIN it gives at most `net.core.rmem_max` (socket(7)). Only waiting
 * datagrams use memory.
 */
const ASKED = 2 * 1024 * 1024;

/** Most descriptors to search if the expected one is wrong. */
const MOST_DESCRIPTORS = 65_536;

/**
 * Opens a socket and makes its queue as long as the system allows.
 *
 * @param open Opens the socket, and nothing else.
 * @returns The socket; the caller closes it.
 * @throws What `open` throws.
 */
export function openWithLongQueue(
  open: () => Deno.DatagramConn,
): Deno.DatagramConn {
  prepareCLibrary();
  const system = cLibrary();
  if (system === undefined) return open();
  const next = nextDescriptor(system);
  const socket = open();
  const descriptor = findDescriptor(system, socket.addr as Deno.NetAddr, next);
  if (descriptor !== undefined) lengthen(system, descriptor);
  return socket;
}

function lengthen({ setsockopt }: CLibrary, descriptor: number): void {
  const value = Int32Array.of(ASKED);
  for (const option of [SOCKET.SO_RCVBUFFORCE, SOCKET.SO_RCVBUF]) {
    const { byteLength } = value;
    const error = setsockopt(
      descriptor,
      SOCKET.SOL_SOCKET,
      option,
      value,
      byteLength,
    );
    if (error === 0) return;
  }
}

/** The system assigns the lowest free descriptor (POSIX.1, `dup`). */
function nextDescriptor({ close, dup }: CLibrary): number {
  const descriptor = dup(0);
  if (descriptor >= 0) close(descriptor);
  return descriptor;
}

/** Deno does not reveal the descriptor, so it is found by the address. */
function findDescriptor(
  system: CLibrary,
  addr: Deno.NetAddr,
  next: number,
): number | undefined {
  const isIt = matcher(system, addr);
  if (isIt(next)) return next;
  // Another thread has opened or closed a file meanwhile.
  for (let descriptor = 0; descriptor < MOST_DESCRIPTORS; descriptor++) {
    if (isIt(descriptor)) return descriptor;
  }
  return undefined;
}

function matcher(
  { getsockname, getsockopt }: CLibrary,
  addr: Deno.NetAddr,
): (descriptor: number) => boolean {
  const wanted = socketName(addr)!;
  const name = new Uint8Array(LONGEST_NAME);
  const type = new Int32Array(1);

  return (descriptor) => {
    const nameLength = Uint32Array.of(name.length);
    if (
      getsockname(descriptor, name, nameLength) !== 0 || !hasName(name, wanted)
    ) return false;
    const typeLength = Uint32Array.of(type.byteLength);
    getsockopt(descriptor, SOCKET.SOL_SOCKET, SOCKET.SO_TYPE, type, typeLength);
    return type[0] === SOCKET.SOCK_DGRAM;
  };
}
