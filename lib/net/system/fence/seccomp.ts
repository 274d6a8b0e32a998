/**
 * A filter of system calls for what namespaces do not isolate (seccomp(2)):
 * families of sockets that reach past them, such as AF_VSOCK, which leads to
 * the host of a virtual machine; io_uring, which makes sockets behind a
 * filter's back; and TIOCSTI, which types on the terminal after the command has
 * ended.
 *
 * @module
 */

import { fenceCalls, must, pointerTo } from "./calls.ts";

/** A processor architecture and its call numbers. */
interface Processor {
  /** `AUDIT_ARCH_…`. */
  readonly arch: number;
  readonly socket: readonly number[];
  readonly ioctl: number;
  /** Calls whose arguments a filter can't see; refused entirely. */
  readonly opaque: readonly number[];
}

const IO_URING_SETUP = 425;
const SOCKETCALL = 102;

/** For each machine its own architecture and that of its 32-bit programs. */
const PROCESSORS: Readonly<Record<string, readonly Processor[]>> = {
  x86_64: [
    {
      arch: 0xc000003e,
      socket: [41, 53],
      ioctl: 16,
      opaque: [IO_URING_SETUP],
    },
    {
      arch: 0x40000003,
      socket: [359, 360],
      ioctl: 54,
      opaque: [IO_URING_SETUP, SOCKETCALL],
    },
  ],
  aarch64: [
    {
      arch: 0xc00000b7,
      socket: [198, 199],
      ioctl: 29,
      opaque: [IO_URING_SETUP],
    },
    {
      arch: 0x40000028,
      socket: [281, 288],
      ioctl: 54,
      opaque: [IO_URING_SETUP, SOCKETCALL],
    },
  ],
};

/** Marks calls of the x32 ABI, which are refused. */
const X32 = 0x40000000;

/**
 * AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK, which stay inside the namespace.
 */
const FAMILIES = [1, 2, 10, 16];

/** TIOCSTI and TIOCLINUX. */
const TERMINAL_CALLS = [0x5412, 0x541c];

const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;
const EPERM = 1;
const EAFNOSUPPORT = 97;

/** Offsets in `struct seccomp_data`; of arguments the low half. */
const AT = { number: 0, arch: 4, first: 16, second: 24 } as const;

/** Instructions (linux/bpf_common.h). */
const LOAD = 0x20;
const EQUAL = 0x15;
const AT_LEAST = 0x35;
const RETURN = 0x06;

type Instruction = readonly [
  code: number,
  value: number,
  ifTrue?: number,
  ifFalse?: number,
];

/**
 * Creates the filter for a machine.
 *
 * @param machine `x86_64` or `aarch64`.
 * @returns Instructions of 8 bytes each (`struct sock_filter`).
 */
export function fenceFilter(machine: string): Uint8Array<ArrayBuffer> {
  const processors = PROCESSORS[machine] ?? [];
  const program: Instruction[] = [
    ...processors.flatMap((processor) => {
      const block = blockOf(processor);
      return [
        [LOAD, AT.arch],
        [EQUAL, processor.arch, 0, block.length],
        ...block,
      ] as Instruction[];
    }),
    // No other architecture runs here.
    [RETURN, ERRNO | EPERM],
  ];
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, [code, value, yes = 0, no = 0]] of program.entries()) {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, yes);
    view.setUint8(index * 8 + 3, no);
    view.setUint32(index * 8 + 4, value, true);
  }
  return bytes;
}

/** The instructions for one architecture; every path returns. */
function blockOf(processor: Processor): Instruction[] {
  const { ioctl, opaque, socket } = processor;
  const isWide = processor.arch === 0xc000003e;
  return [
    [LOAD, AT.number],
    ...isWide ? refuse(AT_LEAST, X32, EPERM) : [],
    ...opaque.flatMap((number) => refuse(EQUAL, number, EPERM)),
    ...socket.flatMap((number) =>
      when(number, AT.first, [
        ...FAMILIES.flatMap((family) => allow(family)),
        [RETURN, ERRNO | EAFNOSUPPORT],
      ])
    ),
    ...when(ioctl, AT.second, [
      ...TERMINAL_CALLS.flatMap((call) => refuse(EQUAL, call, EPERM)),
      [RETURN, ALLOW],
    ]),
    [RETURN, ALLOW],
  ];
}

function refuse(test: number, value: number, failure: number): Instruction[] {
  return [[test, value, 0, 1], [RETURN, ERRNO | failure]];
}

function allow(value: number): Instruction[] {
  return [[EQUAL, value, 0, 1], [RETURN, ALLOW]];
}

/** Instructions for one call; every path has to return. */
function when(
  number: number,
  argument: number,
  then: Instruction[],
): Instruction[] {
  return [[EQUAL, number, 0, then.length + 1], [LOAD, argument], ...then];
}

const PR_SET_NO_NEW_PRIVS = 38;
const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2n;

/**
 * Applies the filter to this thread and all programs that it starts,
 * permanently. They can't gain rights from executable files either.
 *
 * @throws {CallError} If the system does not support filters.
 */
export function limitCalls(): void {
  const { prctl } = fenceCalls();
  const sure = prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n);
  must(sure, "forbid new rights");
  const filter = fenceFilter(Deno.build.arch);
  // struct sock_fprog: length 2 + 6, address 8.
  const program = new Uint8Array(16);
  const view = new DataView(program.buffer);
  view.setUint16(0, filter.length / 8, true);
  view.setBigUint64(8, pointerTo(filter), true);
  const done = prctl(
    PR_SET_SECCOMP,
    SECCOMP_MODE_FILTER,
    pointerTo(program),
    0n,
    0n,
  );
  must(done, "limit system calls");
}
