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

import {
  type CLibrary,
  cLibrary,
  prepareCLibrary,
  SOCKET,
} from "./c_library.ts";
import { hasName, LONGEST_NAME, socketName } from "./socket_name.ts";

/**
 * Bytes to ask for; the system doubles them, for what it keeps beside each
 * datagram. Without CAP_NET_ADMIN it gives no more than `net.core.rmem_max`
 * (socket(7)). Memory is taken only by what waits.
 */
const ASKED = 2 * 1024 * 1024;

/** Descriptors that are looked at for one that did not come next, at most. */
const MOST_DESCRIPTORS = 65_536;

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

/** The system gives the lowest descriptor that is free (POSIX.1, `dup`). */
function nextDescriptor({ close, dup }: CLibrary): number {
  const descriptor = dup(0);
  if (descriptor >= 0) close(descriptor);
  return descriptor;
}

/** Deno does not tell the descriptor, so the address has to. */
function findDescriptor(
  system: CLibrary,
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
