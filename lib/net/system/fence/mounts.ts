/**
 * Changes a mount namespace (mount(2), open_tree(2), move_mount(2),
 * mount_setattr(2)).
 *
 * @module
 */

import { cText, fenceCalls, must } from "./calls.ts";

const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_NOEXEC = 8;
const MS_BIND = 0x1000;
const MS_REC = 0x4000;

/** Call numbers, the same on all processors (Linux 5.12). */
const OPEN_TREE = 428n;
const MOVE_MOUNT = 429n;
const MOUNT_SETATTR = 442n;

/** `AT_FDCWD` (-100) as an unsigned register. */
const HERE = 2n ** 64n - 100n;
const AT_RECURSIVE = 0x8000n;
const OPEN_TREE_CLONE = 1n;
const MOVE_MOUNT_F_EMPTY_PATH = 4n;
const MOUNT_ATTR_RDONLY = 1n;

/** Mounts a file over a file, or a folder over a folder. */
export function bindOver(source: string, path: string): void {
  mount(source, path, { flags: MS_BIND, doing: `hide ${path}` });
}

/**
 * Mounts an empty folder over another.
 *
 * @param path The folder to cover.
 * @param options Whether it is writable, and its size.
 */
export function emptyOver(
  path: string,
  { isWritable, size }: { isWritable: boolean; size: string },
): void {
  mount("tmpfs", path, {
    type: "tmpfs",
    flags: MS_NOSUID | MS_NODEV | (isWritable ? 0 : MS_RDONLY),
    data: `mode=755,size=${size}`,
    doing: `hide ${path}`,
  });
}

/** Mounts `/proc` with the processes of this namespace only. */
export function mountProc(): void {
  mount("proc", "/proc", {
    type: "proc",
    flags: MS_NOSUID | MS_NODEV | MS_NOEXEC,
    doing: "mount a /proc of its own",
  });
}

/** The path must be a mount point. */
function makeReadOnly(path: string): void {
  // struct mount_attr: attr_set, attr_clr, propagation, userns_fd.
  const attributes = new BigUint64Array([MOUNT_ATTR_RDONLY, 0n, 0n, 0n]);
  const bytes = new Uint8Array(attributes.buffer);
  const { syscall } = fenceCalls();
  const done = syscall(
    MOUNT_SETATTR,
    HERE,
    cText(path),
    AT_RECURSIVE,
    bytes,
    BigInt(bytes.length),
  );
  must(Number(done), `make ${path} read-only`);
}

/** Makes a file or folder read-only, including mounts below it. */
export function freeze(path: string): void {
  const flags = MS_BIND | MS_REC;
  mount(path, path, { flags, doing: `make ${path} read-only` });
  makeReadOnly(path);
}

/**
 * Opens a file or folder, including mounts below it.
 *
 * @returns A descriptor, for {@linkcode putBack}.
 */
export function takeTree(path: string): number {
  const { syscall } = fenceCalls();
  const flags = OPEN_TREE_CLONE | AT_RECURSIVE;
  const tree = syscall(OPEN_TREE, HERE, cText(path), flags, null, 0n);
  return Number(must(Number(tree), `keep ${path}`));
}

/**
 * Mounts an opened tree, and closes the descriptor.
 *
 * @param tree The descriptor.
 * @param path A file for a file, a folder for a folder.
 */
export function putBack(tree: number, path: string): void {
  const { close, syscall } = fenceCalls();
  const done = syscall(
    MOVE_MOUNT,
    BigInt(tree),
    cText(""),
    HERE,
    cText(path),
    MOVE_MOUNT_F_EMPTY_PATH,
  );
  close(tree);
  must(Number(done), `keep ${path}`);
}

interface Mount {
  flags: number;
  doing: string;
  type?: string;
  data?: string;
}

function mount(source: string, path: string, what: Mount): void {
  const { data, doing, flags, type } = what;
  const done = fenceCalls().mount(
    cText(source),
    cText(path),
    type === undefined ? null : cText(type),
    BigInt(flags),
    data === undefined ? null : cText(data),
  );
  must(done, doing);
}
