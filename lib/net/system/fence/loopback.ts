/**
 * The network of a fence: loopback with listening ports.
 *
 * @module
 */

import { fenceCalls, must } from "./calls.ts";

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SIOCSIFFLAGS = 0x8914n;
const IFF_UP = 1;
const IFF_RUNNING = 0x40;

/** Most waiting connections; the system has its own bound too. */
const BACKLOG = 4_096;

/** Brings loopback up, for IPv4 and IPv6. */
export function raiseLoopback(): void {
  const { close, ioctl } = fenceCalls();
  const socket = openSocket();
  // struct ifreq: name 16, flags 2, rest.
  const request = new Uint8Array(40);
  request.set(new TextEncoder().encode("lo"));
  new DataView(request.buffer).setInt16(16, IFF_UP | IFF_RUNNING, true);
  const done = ioctl(socket, SIOCSIFFLAGS, request);
  close(socket);
  must(done, "set loopback up");
}

/**
 * Listens on a port of 127.0.0.1.
 *
 * @returns A descriptor, which the caller passes to the accepting process.
 */
export function listenOnLoopback(port: number): number {
  const { bind, listen } = fenceCalls();
  const socket = openSocket();
  // struct sockaddr_in: family 2, port 2 in network order, address 4, rest.
  const address = new Uint8Array(16);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  address.set([127, 0, 0, 1], 4);
  must(bind(socket, address, address.length), `listen on port ${port}`);
  must(listen(socket, BACKLOG), `listen on port ${port}`);
  return socket;
}

function openSocket(): number {
  const { socket } = fenceCalls();
  const made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return must(made, "open a socket");
}
