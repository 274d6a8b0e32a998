/**
 * Messages between two processes over a pair of sockets, with descriptors
 * beside them (unix(7), SCM_RIGHTS). A message is a line of JSON.
 *
 * @module
 */

import { type FenceCalls, fenceCalls, must, pointerTo } from "./calls.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CMSG_CLOEXEC = 0x40000000;
const MSG_NOSIGNAL = 0x4000;
const F_SETFD = 2;
const FD_CLOEXEC = 1;

/** Most bytes of one read. */
const CHUNK = 65_536;

/** Most bytes of a message: more than Linux accepts as arguments. */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * Most descriptors with a message (`SCM_MAX_FD`).
 */
const MOST_DESCRIPTORS = 253;

/** Layout on 64-bit systems: `struct msghdr` and `struct cmsghdr`. */
const HEADER = { bytes: 56, control: 16 } as const;

/** A header for the system, and the memory that it points to. */
interface Raw {
  header: Uint8Array<ArrayBuffer>;
  keep: unknown[];
}

/** The buffers of a read. */
interface Reading extends Raw {
  bytes: Uint8Array<ArrayBuffer>;
  control: Uint8Array<ArrayBuffer>;
}

/** One end of the pair. */
export class FenceChannel {
  readonly #calls: FenceCalls = fenceCalls();
  readonly #descriptor: number;
  readonly #descriptors: number[] = [];
  #text = "";
  #decoder = new TextDecoder();

  /** Takes over one end. */
  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.#calls.fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  }

  /**
   * Sends a message. Blocks this thread until the other end has room.
   *
   * @param message A value for JSON.
   * @param descriptors Descriptors to copy to the other end.
   * @throws {CallError} If the other end is closed.
   */
  send(message: unknown, descriptors: readonly number[] = []): void {
    const bytes = new TextEncoder().encode(`${JSON.stringify(message)}\n`);
    for (let at = 0, beside = descriptors; at < bytes.length; beside = []) {
      const { header, keep } = makeHeader(bytes.subarray(at), beside);
      const sent = this.#calls.sendmsg(
        this.#descriptor,
        header,
        MSG_NOSIGNAL,
      );
      at += Number(must(sent, "send to the other side of the fence"));
      void keep;
    }
  }

  /**
   * Waits for the next message, and blocks this thread.
   *
   * @typeParam T Type of the message.
   * @returns The message; `undefined` at the end.
   */
  receiveNow<T>(): T | undefined {
    for (;;) {
      const line = this.#takeLine();
      if (line !== undefined) return JSON.parse(line);
      const read = this.#prepare();
      const { recvmsg } = this.#calls;
      const count = recvmsg(this.#descriptor, read.header, MSG_CMSG_CLOEXEC);
      if (!this.#take(read, Number(count))) return undefined;
    }
  }

  /**
   * Waits for the next message.
   *
   * @typeParam T Type of the message.
   * @returns The message; `undefined` at the end.
   */
  async receive<T>(): Promise<T | undefined> {
    for (;;) {
      const line = this.#takeLine();
      if (line !== undefined) return JSON.parse(line);
      const read = this.#prepare();
      const { recvmsgLater } = this.#calls;
      const count = await recvmsgLater(
        this.#descriptor,
        read.header,
        MSG_CMSG_CLOEXEC,
      );
      if (!this.#take(read, Number(count))) return undefined;
    }
  }

  /** Takes the received descriptors, which the caller closes. */
  takeDescriptors(): number[] {
    return this.#descriptors.splice(0);
  }

  /** Closes this end. */
  close(): void {
    this.#calls.close(this.#descriptor);
  }

  #takeLine(): string | undefined {
    const end = this.#text.indexOf("\n");
    if (end < 0) return undefined;
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  #prepare(): Reading {
    const bytes = new Uint8Array(CHUNK);
    const control = new Uint8Array(HEADER.control + 4 * MOST_DESCRIPTORS + 4);
    return { ...makeRaw(bytes, control), bytes, control };
  }

  #take(
    { bytes, control, header }: Reading,
    count: number,
  ): boolean {
    if (count <= 0) return false;
    this.#text += this.#decoder.decode(bytes.subarray(0, count), {
      stream: true,
    });
    if (this.#text.length > MOST_BYTES) return false;
    const length = new DataView(header.buffer).getBigUint64(40, true);
    if (length >= BigInt(HEADER.control)) {
      const view = new DataView(control.buffer);
      const size = Number(view.getBigUint64(0, true)) - HEADER.control;
      for (let at = 0; at + 4 <= size; at += 4) {
        this.#descriptors.push(view.getInt32(HEADER.control + at, true));
      }
    }
    return true;
  }
}

/**
 * Creates a pair of connected sockets. A started program inherits both; a
 * {@linkcode Channel} takes over one.
 *
 * @returns The two descriptors.
 */
export function makePair(): [ours: number, theirs: number] {
  const pair = new Int32Array(2);
  const made = fenceCalls().socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  must(made, "make a pair of sockets");
  return [pair[0]!, pair[1]!];
}

function makeHeader(
  bytes: Uint8Array<ArrayBuffer>,
  descriptors: readonly number[],
): Raw {
  if (descriptors.length === 0) return makeRaw(bytes, undefined);
  const length = HEADER.control + 4 * descriptors.length;
  const control = new Uint8Array(Math.ceil(length / 8) * 8);
  const view = new DataView(control.buffer);
  view.setBigUint64(0, BigInt(length), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  for (const [index, descriptor] of descriptors.entries()) {
    view.setInt32(HEADER.control + 4 * index, descriptor, true);
  }
  return makeRaw(bytes, control);
}

/**
 * ```text
 * msghdr:  name 8 | namelen 4 + 4 | iov 8 | iovlen 8 | control 8 | controllen 8 | flags 4 + 4
 * iovec:   base 8 | length 8
 * ```
 */
function makeRaw(
  bytes: Uint8Array<ArrayBuffer>,
  control: Uint8Array<ArrayBuffer> | undefined,
): Raw {
  const part = BigUint64Array.of(pointerTo(bytes), BigInt(bytes.length));
  const header = new Uint8Array(HEADER.bytes);
  const view = new DataView(header.buffer);
  view.setBigUint64(16, pointerTo(part), true);
  view.setBigUint64(24, 1n, true);
  if (control !== undefined) {
    view.setBigUint64(32, pointerTo(control), true);
    view.setBigUint64(40, BigInt(control.length), true);
  }
  // Only the header holds the addresses, so the buffers must stay alive until
  // the call returns.
  return { header, keep: [bytes, control, part] };
}
