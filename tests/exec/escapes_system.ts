/**
 * Attempts to gain privileges, or namespaces with privileges.
 *
 * @module
 */

import type { Escapes, Targets } from "./escapes.ts";

const SYMBOLS = {
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  prctl: {
    parameters: ["i32", "usize", "usize", "usize", "usize"],
    result: "i32",
  },
  process_vm_readv: {
    parameters: ["i32", "buffer", "usize", "buffer", "usize", "usize"],
    result: "isize",
  },
  ptrace: { parameters: ["isize", "isize", "usize", "usize"], result: "isize" },
  syscall: {
    parameters: ["isize", "usize", "usize", "usize", "usize", "usize"],
    result: "isize",
  },
} as const;

const PTRACE_ATTACH = 16n;
const PTRACE_SEIZE = 0x4206n;
const PTRACE_DETACH = 17n;
const PIDFD_OPEN = 434n;
const PIDFD_GETFD = 438n;
const BPF = 321n;
const TIOCSTI = 0x5412n;

function libc() {
  return Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

async function shell(script: string): Promise<string | undefined> {
  const { stdout, success } = await new Deno.Command("sh", {
    args: ["-c", script],
    stdin: "null",
    stderr: "null",
  }).output();
  return success
    ? new TextDecoder().decode(stdout).trim() || "done"
    : undefined;
}

/** A connection from new namespaces to the server outside. */
function hearFrom(unshare: string) {
  return async ({ tcp }: Targets): Promise<string | undefined> => {
    const code =
      `const c = await Deno.connect({ port: ${tcp} }); await c.write(new Uint8Array([10])); const b = new Uint8Array(9); await c.read(b); console.log(new TextDecoder().decode(b));`;
    return await shell(
      `unshare ${unshare} sh -c 'ip link set lo up; ${Deno.execPath()} eval "${code}"'`,
    );
  };
}

/** Removes a mount over a folder, in a new mount namespace. */
async function uncover(path: string): Promise<string | undefined> {
  return await shell(
    `unshare -Urm sh -c 'umount -l ${path} && echo ${path}' `,
  );
}

/** Attempts through privileges. */
export const SYSTEM_ESCAPES: Escapes = {
  "new network namespace": hearFrom("-Urn"),
  "new user namespace": hearFrom("-Ur"),
  "uncover /run": () => uncover("/run"),
  "uncover /proc/sys": async () => {
    const found = await shell(
      "unshare -Urm sh -c 'umount -l /proc/sys; cat /proc/sys/kernel/core_pattern > /proc/sys/kernel/core_pattern'",
    );
    return found;
  },
  "uncover /sys": () =>
    shell(
      "unshare -Urm sh -c 'mount -o remount,rw,bind /sys && cat /sys/kernel/uevent_helper > /sys/kernel/uevent_helper'",
    ),
  "uncover a socket": async ({ paths }) => {
    const done = await shell(
      `unshare -Urm sh -c 'umount -l ${paths[0]} && test -S ${paths[0]}'`,
    );
    return done;
  },
  "bind what is under a socket": ({ paths }) => {
    const path = paths[0]!;
    const [folder, name] = [
      path.slice(0, path.lastIndexOf("/")),
      path.slice(path.lastIndexOf("/") + 1),
    ];
    return shell(
      `t=$(mktemp -d); unshare -Urm sh -c "mount --bind ${folder} $t && test -S $t/${name} && echo found"`,
    );
  },
  "lay over what is under a socket": ({ paths }) => {
    const path = paths[0]!;
    const [folder, name] = [
      path.slice(0, path.lastIndexOf("/")),
      path.slice(path.lastIndexOf("/") + 1),
    ];
    return shell(
      `t=$(mktemp -d); mkdir $t/u $t/w $t/m; unshare -Urm sh -c "mount -t overlay -o lowerdir=${folder},upperdir=$t/u,workdir=$t/w none $t/m && test -S $t/m/${name} && echo found"`,
    );
  },
  "a /proc of a new namespace": ({ pid }) =>
    shell(
      `unshare -Urpf --mount-proc sh -c 'grep -a -e deno -e sluice /proc/${pid}/cmdline'`,
    ),
  "mount the disk": () =>
    shell(
      "d=$(findmnt -no SOURCE / 2>/dev/null || echo /dev/vda); t=$(mktemp -d); unshare -Urm mount $d $t",
    ),
  "mount without a namespace": () => shell("mount -t tmpfs none /mnt"),
  "trace the init": async () => {
    const { ptrace } = libc();
    const done = ptrace(PTRACE_ATTACH, 1n, 0n, 0n);
    if (done === 0n) ptrace(PTRACE_DETACH, 1n, 0n, 0n);
    return await Promise.resolve(done === 0n ? "attached" : undefined);
  },
  "seize the init": async () => {
    const done = libc().ptrace(PTRACE_SEIZE, 1n, 0n, 0n);
    return await Promise.resolve(done === 0n ? "seized" : undefined);
  },
  "read the init's memory": async () => {
    const there = new Uint8Array(8);
    const at = Deno.UnsafePointer.value(Deno.UnsafePointer.of(there));
    const part = BigUint64Array.of(BigInt(at), 8n);
    const bytes = new Uint8Array(part.buffer);
    const { process_vm_readv } = libc();
    const count = process_vm_readv(1, bytes, 1n, bytes, 1n, 0n);
    // A wrong address does not count as a refusal: EFAULT comes after the
    // permission check.
    return await Promise.resolve(count > 0n ? "read" : undefined);
  },
  "take a descriptor of the init": async () => {
    const { syscall } = libc();
    const process = syscall(PIDFD_OPEN, 1n, 0n, 0n, 0n, 0n);
    for (let descriptor = 3n; descriptor < 64n; descriptor++) {
      const taken = syscall(
        PIDFD_GETFD,
        BigInt(process),
        descriptor,
        0n,
        0n,
        0n,
      );
      if (taken >= 0n) return await Promise.resolve(`descriptor ${descriptor}`);
    }
    return undefined;
  },
  "type on the terminal": async () => {
    const { ioctl, open } = libc();
    const path = new TextEncoder().encode("/dev/ptmx\0");
    const terminal = open(path, 2, 0);
    const done = ioctl(terminal, TIOCSTI, Uint8Array.of(65));
    return await Promise.resolve(done === 0 ? "typed" : undefined);
  },
  "TIOCSTI with high bits": async () => {
    const { ioctl, open } = libc();
    const path = new TextEncoder().encode("/dev/ptmx\0");
    const terminal = open(path, 2, 0);
    const done = ioctl(terminal, TIOCSTI + (1n << 32n), Uint8Array.of(65));
    return await Promise.resolve(done === 0 ? "typed" : undefined);
  },
  "become another user": () => shell("setpriv --reuid 12345 true"),
  "rights of a program of root": () =>
    shell(
      "f=$(mktemp) && cp $(command -v id) $f && chmod 4755 $f && setpriv --no-new-privs true && grep -q 'NoNewPrivs:.*0' /proc/self/status",
    ),
  "raise a capability": () =>
    shell(
      "grep -E 'Cap(Eff|Prm|Bnd|Amb)' /proc/self/status | grep -v 0000000000000000",
    ),
  "keep a capability": async () =>
    await Promise.resolve(
      libc().prctl(47, 2n, 12n, 0n, 0n) === 0 ? "raised" : undefined,
    ),
  "change the root": () => shell("chroot / true"),
  "make a device": async () => {
    const path = await Deno.makeTempFile();
    await Deno.remove(path);
    const made = await shell(`mknod ${path} b 1 0 && rm ${path}`);
    return made;
  },
  "programs in the kernel": async () => {
    const attributes = new Uint8Array(128);
    const view = new DataView(attributes.buffer);
    view.setUint32(0, 2, true); // BPF_MAP_TYPE_ARRAY
    view.setUint32(4, 4, true);
    view.setUint32(8, 4, true);
    view.setUint32(12, 1, true);
    const at = Deno.UnsafePointer.value(Deno.UnsafePointer.of(attributes));
    const made = libc().syscall(BPF, 0n, BigInt(at), 128n, 0n, 0n);
    return await Promise.resolve(made >= 0n ? "a map" : undefined);
  },
};
