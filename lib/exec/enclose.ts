/**
 * Makes the inside of a fence, from within its new namespaces.
 *
 * @module
 */

import { CallError } from "../net/system/fence/calls.ts";
import {
  bindOver,
  emptyOver,
  freeze,
  mountProc,
  putBack,
  takeTree,
} from "../net/system/fence/mounts.ts";
import type { EmptyFolder, FenceOrder } from "./order.ts";

/** What of the kernel nobody inside changes, root of the machine neither. */
const FROZEN = [
  "/proc/sys",
  "/proc/sysrq-trigger",
  "/proc/irq",
  "/proc/bus",
  "/sys",
];

/** What of the kernel nobody inside reads. */
const SECRET = ["/proc/kcore", "/proc/keys", "/proc/timer_list"];

/** Bytes of a folder that was emptied. */
const SIZE = { writable: "64m", readOnly: "4k" } as const;

/**
 * Hides what leads around the proxy: sockets with a path, the processes of the
 * machine, the switches of the kernel.
 *
 * @param order What to hide and what to leave.
 * @throws {CallError} If the system does not do it.
 * @throws {Error} If the working directory would be hidden.
 */
export function enclose({ files, folders, sockets }: FenceOrder): void {
  const here = Deno.cwd();
  const before = Deno.statSync(here);
  const allowed = sockets.map((path) => ({ path, tree: takeTree(path) }));
  for (const folder of folders) emptyFolder(folder);
  for (const path of files) {
    if (exists(path)) bindOver("/dev/null", path);
  }
  for (const { path, tree } of allowed) {
    makeFile(path);
    putBack(tree, path);
  }
  mountProc();
  for (const path of FROZEN) if (exists(path)) freeze(path);
  for (const path of SECRET) if (exists(path)) bindOver("/dev/null", path);
  // The folder that this process came with may lie under what hides it.
  requireSame(here, before);
  Deno.chdir(here);
}

function emptyFolder({ isWritable, kept, path }: EmptyFolder): void {
  const trees = kept.flatMap((name) => {
    try {
      return [{ name, tree: takeTree(`${path}/${name}`) }];
    } catch (error) {
      if (error instanceof CallError) return []; // Not for this user.
      throw error;
    }
  });
  const size = isWritable ? SIZE.writable : SIZE.readOnly;
  emptyOver(path, { isWritable, size });
  for (const { name, tree } of trees) {
    Deno.mkdirSync(`${path}/${name}`);
    putBack(tree, `${path}/${name}`);
  }
}

/** Something to put a socket over, where its folder was emptied. */
function makeFile(path: string): void {
  if (exists(path)) return;
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeFileSync(path, new Uint8Array());
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false; // Nor for the command, which has no more rights.
  }
}

function requireSame(here: string, { dev, ino }: Deno.FileInfo): void {
  const after = statOf(here);
  if (after?.dev === dev && after.ino === ino) return;
  throw new Error(
    `The working directory ${here} would be hidden because it can hold sockets; start the command in another one`,
  );
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}
