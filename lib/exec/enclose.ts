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
import { infoOf, lookOr } from "./file_info.ts";
import type { EmptyFolder, FenceOrder } from "./fence_message.ts";

/** Kernel settings that are read-only inside, also for root. */
const FROZEN = [
  "/proc/sys",
  "/proc/sysrq-trigger",
  "/proc/irq",
  "/proc/bus",
  "/sys",
];

/** Error number of a path that does not exist (errno(3)). */
const ENOENT = 2;

/** Kernel files that are hidden inside. */
const SECRET = ["/proc/kcore", "/proc/keys", "/proc/timer_list"];

/** Sizes of the empty file systems that replace folders. */
const SIZE = { writable: "64m", readOnly: "4k" } as const;

/**
 * Hides every way around the proxy: Unix sockets with a path, the machine's
 * processes, kernel settings.
 *
 * @param order What to hide and what to leave.
 * @throws {CallError} If a system call fails.
 * @throws {Error} If the working directory would be hidden.
 */
export function enclose({ files, folders, sockets }: FenceOrder): void {
  const here = Deno.cwd();
  const before = Deno.statSync(here);
  const allowed = sockets.map((path) => ({ path, tree: takeTree(path) }));
  for (const folder of folders) emptyFolder(folder);
  for (const path of files) {
    if (exists(path)) hideUnlessGone(() => bindOver("/dev/null", path));
  }
  for (const { path, tree } of allowed) {
    makeFile(path);
    putBack(tree, path);
  }
  mountProc();
  for (const path of FROZEN) if (exists(path)) freeze(path);
  for (const path of SECRET) if (exists(path)) bindOver("/dev/null", path);
  // The current folder may be below one that is now hidden.
  requireSame(here, before);
  Deno.chdir(here);
}

/** Other programs remove their sockets and folders at any time. */
function hideUnlessGone(hide: () => void): void {
  try {
    hide();
  } catch (error) {
    if (!(error instanceof CallError && error.code === ENOENT)) throw error;
  }
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
  hideUnlessGone(() => emptyOver(path, { isWritable, size }));
  for (const { name, tree } of trees) {
    Deno.mkdirSync(`${path}/${name}`);
    putBack(tree, `${path}/${name}`);
  }
}

/** Creates a mount point for a socket in its emptied folder. */
function makeFile(path: string): void {
  if (exists(path)) return;
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeFileSync(path, new Uint8Array());
}

function exists(path: string): boolean {
  return infoOf(path) !== undefined;
}

function requireSame(here: string, { dev, ino }: Deno.FileInfo): void {
  const after = lookOr(() => Deno.statSync(here), undefined);
  if (after?.dev === dev && after.ino === ino) return;
  throw new Error(
    `The working directory ${here} would be hidden because it can hold sockets; start the command in another one`,
  );
}
