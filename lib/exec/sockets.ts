/**
 * The Unix sockets of this machine, which a command could use without a
 * network.
 *
 * @module
 */

import { folderOf } from "../cli/folder_of.ts";
import { infoOf, isSocket, lookOr } from "./file_info.ts";
import type { EmptyFolder } from "./fence_message.ts";

/** Folders of system services, where sockets can appear at any time. */
const RUN = ["/run", "/var/run"];

/** Names to keep in them: programs of NixOS and secrets of containers. */
const KEPT = [
  "booted-system",
  "current-system",
  "lock",
  "opengl-driver",
  "secrets",
  "wrappers",
];

/** Folders for sockets only, inside the folder for temporary files. */
const SOCKET_FOLDERS = /^(?:\.(?:X11|ICE|XIM|font)-unix|(?:ssh|tmux|dbus)-.*)$/;

/** Most levels and entries of a folder to search. */
const MOST = { depth: 3, entries: 5_000 } as const;

/** Folders and sockets to hide. */
export interface Hidden {
  /** Folders to empty. */
  folders: EmptyFolder[];
  /** Sockets elsewhere. */
  files: string[];
}

/**
 * Finds the sockets to hide: those that the system lists, others in the same
 * folders, and those in the usual places.
 *
 * @param places Further folders to search.
 * @param allowed Sockets to keep.
 * @returns What to hide.
 */
export function findSockets(
  places: readonly string[],
  allowed: ReadonlySet<string>,
): Hidden {
  const bound = boundPaths();
  const around = new Set([...bound.map(folderOf), ...places, temporary()]);
  const found = new Set(
    [...bound, ...[...around].flatMap((folder) => socketsIn(folder, 0))],
  );
  const folders = [
    ...RUN.filter(isRealFolder).map((path) => emptied(path, found)),
    ...entriesOf(temporary())
      .filter(({ name, isDirectory }) =>
        isDirectory && SOCKET_FOLDERS.test(name)
      )
      .map(({ name }) => ({
        path: `${temporary()}/${name}`,
        kept: [],
        isWritable: false,
      })),
  ];
  const isElsewhere = (path: string) =>
    !folders.some((folder) => path.startsWith(`${folder.path}/`));
  const files = [...found].filter((path) =>
    isElsewhere(path) && !allowed.has(path)
  );
  return { folders, files };
}

/**
 * Reads the paths of bound sockets (proc(5)). A relative path is resolved
 * against the folder of its process.
 */
function boundPaths(): string[] {
  const paths: string[] = [];
  const relative = new Map<string, string>();
  const [, ...lines] = lookOr(
    () => Deno.readTextFileSync("/proc/net/unix"),
    "",
  ).split("\n");
  for (const line of lines) {
    const [, inode, path] = /^(?:\S+\s+){6}(\d+) (.+)$/.exec(line) ?? [];
    if (path === undefined || path.startsWith("@")) continue;
    if (path.startsWith("/")) paths.push(path);
    else relative.set(`socket:[${inode}]`, path);
  }
  return relative.size === 0 ? paths : [...paths, ...absolute(relative)];
}

function absolute(relative: ReadonlyMap<string, string>): string[] {
  return entriesOf("/proc").filter(({ name }) => /^\d+$/.test(name))
    .flatMap(({ name }) => {
      const links = entriesOf(`/proc/${name}/fd`)
        .map((entry) => readLink(`/proc/${name}/fd/${entry.name}`));
      const here = readLink(`/proc/${name}/cwd`);
      return links.flatMap((link) => {
        const path = relative.get(link);
        return path === undefined ? [] : [`${here}/${path}`];
      });
    });
}

/** A folder of services, and the names to keep if they hold no socket. */
function emptied(path: string, found: ReadonlySet<string>): EmptyFolder {
  const kept = KEPT.filter((name) => {
    const below = `${path}/${name}`;
    return isRealFolder(below) &&
      ![...found].some((socket) => socket.startsWith(`${below}/`)) &&
      socketsIn(below, MOST.depth).length === 0;
  });
  return { path, kept, isWritable: true };
}

function socketsIn(folder: string, depth: number): string[] {
  const found: string[] = [];
  let left: number = MOST.entries;
  const walk = (path: string, deep: number) => {
    for (const entry of entriesOf(path)) {
      if (left-- === 0) return;
      const below = `${path}/${entry.name}`;
      if (entry.isDirectory && deep > 0) walk(below, deep - 1);
      const isSpecial = !entry.isDirectory && !entry.isFile && !entry.isSymlink;
      if (isSpecial && isSocket(below)) found.push(below);
    }
  };
  walk(folder, depth);
  return found;
}

function isRealFolder(path: string): boolean {
  return infoOf(path)?.isDirectory === true;
}

function temporary(): string {
  return (Deno.env.get("TMPDIR") || "/tmp").replace(/\/+$/, "");
}

function entriesOf(path: string): Deno.DirEntry[] {
  return lookOr(() => [...Deno.readDirSync(path)], []);
}

function readLink(path: string): string {
  return lookOr(() => Deno.readLinkSync(path), "");
}
