import { assertEquals } from "@std/assert";
import { fenceFilter } from "../../../lib/net/system/fence/seccomp.ts";

const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const EAFNOSUPPORT = 0x00050061;

/** A system call as the filter sees it (`struct seccomp_data`). */
interface Call {
  number: number;
  arch: number;
  arguments?: [first: number, second?: bigint];
}

/** Runs a filter as the system does: loads, comparisons and returns. */
function run(filter: Uint8Array<ArrayBuffer>, call: Call): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.arch, true);
  const [first = 0, second = 0n] = call.arguments ?? [];
  data.setBigUint64(16, BigInt(first), true);
  data.setBigUint64(24, second, true);
  const view = new DataView(filter.buffer);
  let loaded = 0;
  for (let at = 0; at < filter.length / 8; at++) {
    const code = view.getUint16(at * 8, true);
    const [yes, no] = [view.getUint8(at * 8 + 2), view.getUint8(at * 8 + 3)];
    const value = view.getUint32(at * 8 + 4, true);
    if (code === 0x06) return value;
    if (code === 0x20) loaded = data.getUint32(value, true);
    else if (code === 0x15) at += loaded === value ? yes : no;
    else if (code === 0x35) at += loaded >= value ? yes : no;
    else throw new Error(`instruction ${code}`);
  }
  throw new Error("the filter has no end");
}

const X86_64 = 0xc000003e;
const I386 = 0x40000003;
const AARCH64 = 0xc00000b7;

Deno.test("fenceFilter() lets only families through that stay inside", () => {
  const table = [
    ["x86_64", X86_64, 41],
    ["x86_64", X86_64, 53],
    ["x86_64", I386, 359],
    ["aarch64", AARCH64, 198],
  ] as const;
  for (const [machine, arch, number] of table) {
    const filter = fenceFilter(machine);
    for (let family = 0; family < 50; family++) {
      const isInside = [1, 2, 10, 16].includes(family);
      assertEquals(
        run(filter, { number, arch, arguments: [family] }),
        isInside ? ALLOW : EAFNOSUPPORT,
        `${machine} ${arch} ${number} ${family}`,
      );
    }
  }
});

Deno.test("fenceFilter() refuses what types on the terminal, also with high bits", () => {
  const filter = fenceFilter("x86_64");
  const ioctl = (request: bigint) =>
    run(filter, { number: 16, arch: X86_64, arguments: [0, request] });
  assertEquals(ioctl(0x5412n), EPERM);
  assertEquals(ioctl(0x541cn), EPERM);
  assertEquals(ioctl(0x5412n + (1n << 32n)), EPERM);
  assertEquals(ioctl(0x5413n), ALLOW);
});

Deno.test("fenceFilter() refuses calls that no filter sees through", () => {
  const filter = fenceFilter("x86_64");
  assertEquals(run(filter, { number: 425, arch: X86_64 }), EPERM);
  assertEquals(run(filter, { number: 425, arch: I386 }), EPERM);
  assertEquals(run(filter, { number: 102, arch: I386 }), EPERM);
  assertEquals(run(filter, { number: 102, arch: X86_64 }), ALLOW); // getuid
  assertEquals(run(filter, { number: 0x40000029, arch: X86_64 }), EPERM);
  assertEquals(run(filter, { number: 0, arch: X86_64 }), ALLOW);
});

Deno.test("fenceFilter() refuses every call of a processor that it does not know", () => {
  assertEquals(run(fenceFilter("x86_64"), { number: 0, arch: AARCH64 }), EPERM);
});
