/**
 * Ends a TCP connection with RST. Neither `Deno.Conn` nor SO_LINGER on Deno's
 * sockets can do that (closing one sends FIN). On Linux, `connect()` to
 * AF_UNSPEC does (tcp_disconnect in net/ipv4/tcp.c).
 *
 * Deno does not reveal the descriptor of a socket, so it is found by the
 * addresses of both ends. Checking one takes a microsecond, and there may be
 * tens of thousands: one search serves all pending resets, a slice each turn.
 * The call drops bytes that the system has not delivered, so a reset waits for
 * those first.
 *
 * @module
 */

import { setDeadline } from "../../sync/deadline.ts";
import type { SocketAddress } from "../../wire/ip_address.ts";
import type { ConnectionEnds } from "../connection.ts";
import { type CLibrary, cLibrary, SOCKET } from "./c_library.ts";
import { hasName, LONGEST_NAME, portOf, socketName } from "./socket_name.ts";

/** Constants of Linux on the processors that Deno runs on. */
const SIOCOUTQ = 0x5411n;
const POLLNVAL = 0x20;

/** A `sockaddr` whose family is AF_UNSPEC. */
const NOWHERE = new Uint8Array(16);

/** Milliseconds of work in one turn of the event loop. */
const SLICE = 1;

/**
 * Milliseconds between checks for undelivered bytes; they grow up to the last.
 */
const PAUSES = [1, 2, 5, 10, 20] as const;

/** Milliseconds to collect resets that are searched for together. */
const GATHERS = 4;

/** Descriptors checked between two looks at the clock. */
const BLOCK = 256;

/** The highest descriptor to search, whatever the limit is. */
const MOST_DESCRIPTORS = 1 << 20;

/** A reset that waits until earlier bytes are delivered. */
export interface PendingReset {
  /**
   * Resolves when it is done; `true` if RST was sent, `false` if the socket had
   * ended before. The caller then closes the connection.
   */
  readonly done: Promise<boolean>;
  /** Drops undelivered bytes instead of waiting for them. */
  hurry(): void;
}

let resets: Resets | undefined;

/** Tells whether connections can be reset: on Linux, with the C library. */
export function canReset(): boolean {
  return cLibrary() !== undefined;
}

/**
 * Resets a connection after delivering everything written to it.
 *
 * @param ends The socket, which must stay open until this is done.
 * @param patience Milliseconds without progress after which undelivered bytes
 *   are dropped; 0 drops them now.
 * @returns The reset; `undefined` if it is impossible, and the caller closes
 *   the connection normally.
 */
export function resetSocket(
  ends: ConnectionEnds,
  patience: number,
): PendingReset | undefined {
  const local = socketName(ends.localAddr);
  const remote = socketName(ends.remoteAddr);
  const library = cLibrary();
  if (library === undefined || !local || !remote) return undefined;
  resets ??= new Resets(library);
  return resets.add(new Waiting(local, remote, patience));
}

/** A pending reset. */
class Waiting implements PendingReset {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly #patience: number;
  readonly #settled = Promise.withResolvers<boolean>();
  /** The descriptor, once found. */
  descriptor = -1;
  /** The number of the block that completes its search. */
  lastBlock = 0;
  #isHurried: boolean;
  #undelivered = Infinity;
  #movedAt = 0;

  constructor(local: SocketAddress, remote: SocketAddress, patience: number) {
    this.local = local;
    this.remote = remote;
    this.#patience = patience;
    this.#isHurried = patience <= 0;
  }

  get done(): Promise<boolean> {
    return this.#settled.promise;
  }

  hurry(): void {
    this.#isHurried = true;
  }

  /** Tells whether to reset now, by the undelivered bytes. */
  isDue(undelivered: number, now: number): boolean {
    if (undelivered < this.#undelivered) this.#movedAt = now;
    this.#undelivered = undelivered;
    return this.#isHurried || undelivered === 0 ||
      now - this.#movedAt >= this.#patience;
  }

  settle(isReset: boolean): void {
    this.#settled.resolve(isReset);
  }
}

/** All resets of one thread. */
class Resets {
  readonly #library: CLibrary;
  /** The names that were read last. */
  readonly #local = new Uint8Array(LONGEST_NAME);
  readonly #remote = new Uint8Array(LONGEST_NAME);
  readonly #length = new Uint32Array(1);
  readonly #value = new Int32Array(1);
  readonly #block = new Int32Array(2 * BLOCK);
  /** Resets whose descriptor is searched, oldest first. */
  readonly #sought = new Set<Waiting>();
  /** The same by the ports of both ends. */
  readonly #byPorts = new Map<number, Map<number, Set<Waiting>>>();
  /** Resets whose descriptor is found, and that wait for delivery. */
  readonly #found = new Set<Waiting>();
  /** Blocks searched so far; they wrap around. */
  #searched = 0;
  #blocks = 0;
  #pause = 0;
  #isRunning = false;

  constructor(library: CLibrary) {
    this.#library = library;
  }

  add(waiting: Waiting): PendingReset {
    if (this.#sought.size === 0) this.#begin();
    waiting.lastBlock = this.#searched + this.#blocks;
    this.#sought.add(waiting);
    const { local, remote } = waiting;
    const byRemote = this.#byPorts.get(local.port) ?? new Map();
    this.#byPorts.set(local.port, byRemote);
    const others = byRemote.get(remote.port) ?? new Set();
    byRemote.set(remote.port, others.add(waiting));
    this.#pause = 0;
    this.#schedule(GATHERS);
    return waiting;
  }

  /** Begins at the lowest descriptors, which the system assigns first. */
  #begin(): void {
    const most = Math.min(this.#library.getdtablesize(), MOST_DESCRIPTORS);
    this.#blocks = Math.ceil(most / BLOCK);
    this.#searched = 0;
  }

  /** A timer lets the runtime poll for ready sockets; an immediate does not. */
  #schedule(milliseconds: number): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    setDeadline(milliseconds, () => {
      this.#isRunning = false;
      this.#turn();
    });
  }

  #turn(): void {
    const end = performance.now() + SLICE;
    this.#resetFound(end);
    while (this.#sought.size > 0 && performance.now() < end) this.#search();
    if (this.#sought.size > 0) return this.#schedule(PAUSES[0]);
    if (this.#found.size === 0) return;
    this.#schedule(PAUSES[this.#pause]!);
    this.#pause = Math.min(this.#pause + 1, PAUSES.length - 1);
  }

  /** Checks the found ones, each at most once, the oldest first. */
  #resetFound(end: number): void {
    let left = this.#found.size;
    for (const waiting of this.#found) {
      const now = performance.now();
      if (left-- === 0 || now >= end) return;
      this.#found.delete(waiting);
      const { descriptor } = waiting;
      const isOpen = this.#readLocal(descriptor) &&
        this.#readRemote(descriptor);
      // Another socket may have got the descriptor.
      if (!isOpen || !this.#isAt(descriptor, waiting)) waiting.settle(false);
      else if (!this.#attempt(waiting, now)) this.#found.add(waiting);
    }
  }

  /** Tells whether it is settled. Its descriptor was checked just before. */
  #attempt(waiting: Waiting, now: number): boolean {
    const { descriptor } = waiting;
    const { connect, ioctl } = this.#library;
    const value = this.#value;
    const isTold = ioctl(descriptor, SIOCOUTQ, value) === 0;
    if (!waiting.isDue(isTold ? value[0]! : 0, now)) return false;
    waiting.settle(connect(descriptor, NOWHERE, NOWHERE.length) === 0);
    return true;
  }

  /** Searches the next block. */
  #search(): void {
    const first = this.#searched % this.#blocks * BLOCK;
    this.#searched++;
    const block = this.#block;
    for (let n = 0; n < BLOCK; n++) {
      block[2 * n] = first + n;
      block[2 * n + 1] = 0;
    }
    // One call tells which of them are open: usually few or none.
    this.#library.poll(block, BigInt(BLOCK), 0);
    for (let n = 0; n < BLOCK && this.#sought.size > 0; n++) {
      if ((block[2 * n + 1]! >>> 16 & POLLNVAL) === 0) this.#look(first + n);
    }
    this.#endRounds();
  }

  /** Checks whether a descriptor belongs to a pending reset. */
  #look(descriptor: number): void {
    if (!this.#readLocal(descriptor)) return;
    const byRemote = this.#byPorts.get(portOf(this.#local));
    if (byRemote === undefined || !this.#readRemote(descriptor)) return;
    for (const waiting of byRemote.get(portOf(this.#remote)) ?? []) {
      if (!this.#isAt(descriptor, waiting)) continue;
      this.#forget(waiting);
      waiting.descriptor = descriptor;
      const isSettled = this.#attempt(waiting, performance.now());
      if (!isSettled) this.#found.add(waiting);
      return;
    }
  }

  /** Gives up resets whose search found nothing: their sockets have ended. */
  #endRounds(): void {
    for (const waiting of this.#sought) {
      if (waiting.lastBlock > this.#searched) return;
      this.#forget(waiting);
      waiting.settle(false);
    }
  }

  #forget(waiting: Waiting): void {
    this.#sought.delete(waiting);
    const { local, remote } = waiting;
    const byRemote = this.#byPorts.get(local.port)!;
    const others = byRemote.get(remote.port)!;
    others.delete(waiting);
    if (others.size === 0) byRemote.delete(remote.port);
    if (byRemote.size === 0) this.#byPorts.delete(local.port);
  }

  /** Tells whether the descriptor whose names were just read is this one's. */
  #isAt(descriptor: number, { local, remote }: Waiting): boolean {
    return hasName(this.#remote, remote) && hasName(this.#local, local) &&
      this.#isStream(descriptor);
  }

  #isStream(descriptor: number): boolean {
    this.#length[0] = this.#value.byteLength;
    this.#library.getsockopt(
      ...[descriptor, SOCKET.SOL_SOCKET, SOCKET.SO_TYPE] as const,
      this.#value,
      this.#length,
    );
    return this.#value[0] === SOCKET.SOCK_STREAM;
  }

  #readLocal(descriptor: number): boolean {
    this.#length[0] = LONGEST_NAME;
    const { getsockname } = this.#library;
    return getsockname(descriptor, this.#local, this.#length) === 0;
  }

  #readRemote(descriptor: number): boolean {
    this.#length[0] = LONGEST_NAME;
    const { getpeername } = this.#library;
    return getpeername(descriptor, this.#remote, this.#length) === 0;
  }
}
