/**
 * Attempts through other processes and kernel files.
 *
 * @module
 */

import type { Escapes } from "./escapes.ts";

/** Writes a file's own contents, so success changes nothing. */
async function rewrite(path: string): Promise<string> {
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text, { create: false });
  return `wrote ${path}`;
}

async function opened(path: string): Promise<string | undefined> {
  using _file = await Deno.open(path, { read: true, write: true });
  const { rdev } = await Deno.stat(path);
  const nothing = await Deno.stat("/dev/null");
  return rdev === nothing.rdev ? undefined : `opened ${path}`;
}

async function run(...words: string[]): Promise<string> {
  const [program, ...args] = words;
  const { stderr, stdout, success } = await new Deno.Command(program!, {
    args,
    stdin: "null",
  }).output();
  const output = new TextDecoder().decode(success ? stdout : stderr);
  if (!success) throw new Error(output);
  return output.trim() || "done";
}

/** A program that prints what a port sends. */
function hearing(port: number): string[] {
  const code =
    `const c = await Deno.connect({ port: ${port} }); await c.write(new Uint8Array([10])); const b = new Uint8Array(9); await c.read(b); console.log(new TextDecoder().decode(b));`;
  return [Deno.execPath(), "eval", code];
}

/** Attempts through /proc and other processes. */
export const PROC_ESCAPES: Escapes = {
  "see a process outside": async ({ pid }) => {
    await Deno.stat(`/proc/${pid}/cmdline`);
    const line = await Deno.readTextFile(`/proc/${pid}/cmdline`);
    return line.includes("deno") || line.includes("sluice") ? line : undefined;
  },
  "root of a process outside": async ({ paths, pid }) => {
    const path = `/proc/${pid}/root${paths[1]}`;
    const conn = await Deno.connect({ transport: "unix", path });
    conn.close();
    return path;
  },
  "root of the init": async ({ paths }) => {
    const path = `/proc/1/root${paths[1]}`;
    const conn = await Deno.connect({ transport: "unix", path });
    conn.close();
    return path;
  },
  "descriptors of the init": async () => {
    const names = [...Deno.readDirSync("/proc/1/fd")].map(({ name }) => name);
    const links = names.map((name) => Deno.readLinkSync(`/proc/1/fd/${name}`));
    return await Promise.resolve(links.find((link) => link.includes("socket")));
  },
  "memory of the init": () => opened("/proc/1/mem"),
  "environment of the init": () => Deno.readTextFile("/proc/1/environ"),
  "namespaces of the init": async () =>
    `entered ${await run("nsenter", "-t", "1", "-n", "true")}`,
  "namespace files": async () =>
    `entered ${await run("nsenter", "--net=/proc/1/ns/net", "true")}`,
  "namespaces of a process outside": async ({ pid, tcp }) =>
    await run("nsenter", "-t", String(pid), "-n", ...hearing(tcp)),
  "own inherited folder": async ({ paths }) => {
    for (const { name } of Deno.readDirSync("/proc/self/fd")) {
      const folder = `/proc/self/fd/${name}`;
      const info = await Deno.stat(folder).catch(() => undefined);
      if (!info?.isDirectory) continue;
      const path = `${folder}/${paths[1]!.slice(1)}`;
      const conn = await Deno.connect({ transport: "unix", path })
        .catch(() => undefined);
      conn?.close();
      if (conn !== undefined) return path;
    }
    return undefined;
  },
  "core pattern": () => rewrite("/proc/sys/kernel/core_pattern"),
  "module loader": () => rewrite("/proc/sys/kernel/modprobe"),
  "forwarding of the network": () => rewrite("/proc/sys/net/ipv4/ip_forward"),
  "SysRq": async () => {
    using _file = await Deno.open("/proc/sysrq-trigger", { write: true });
    return "opened SysRq";
  },
  "memory of the machine": () => Deno.readTextFile("/proc/kcore"),
  "helper of devices": () => rewrite("/sys/kernel/uevent_helper"),
  "control groups": async () => {
    const folder = `/sys/fs/cgroup/sluice-${crypto.randomUUID()}`;
    await Deno.mkdir(folder);
    await Deno.remove(folder);
    return folder;
  },
  "memory device": () => opened("/dev/mem"),
  "kernel log device": () => opened("/dev/kmsg"),
  "disk devices": async () => {
    for (const { name } of Deno.readDirSync("/dev")) {
      const info = await Deno.lstat(`/dev/${name}`);
      if (!info.isBlockDevice) continue;
      const done = await opened(`/dev/${name}`).catch(() => undefined);
      if (done !== undefined) return done;
    }
    return undefined;
  },
  "signal to a process outside": async ({ pid }) => {
    await run("kill", "-0", String(pid));
    const line = await Deno.readTextFile(`/proc/${pid}/cmdline`);
    return line.includes("deno") || line.includes("sluice")
      ? "seen"
      : undefined;
  },
};
