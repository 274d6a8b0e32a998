/**
 * Listens on a Unix socket.
 *
 * Deno removes the path of its listener on close, even if another program has
 * taken the path (`UnixListenerWithPath` in its `ext/net/ops_unix.rs`). So the
 * socket is opened under a temporary name beside the path, which is removed as
 * soon as the file has its permissions and real name. On close, the file at the
 * path is removed here, if it is still the same file.
 *
 * ```text
 * bind  app.sock.x7f  ->  chmod 600  ->  link app.sock  ->  unlink app.sock.x7f
 * ```
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import { errorCode } from "../observe/error_code.ts";
import { isGranted } from "./system/is_granted.ts";
import type { Listener } from "./listen.ts";
import { unixAddr, UnixConnection } from "./unix_socket.ts";

/** Permissions of the file: users with write access can connect. */
export const SOCKET_MODE = 0o600;

/** Attempts to find a free name. */
const MOST_NAMES = 16;

/**
 * Characters of the temporary suffix: with the dot, what Linux has room for.
 */
const SUFFIX = 3;

/** The identity of a file. */
interface FileIdentity {
  dev: number;
  ino: number | null;
}

/** The socket under its temporary name. */
interface Beside {
  listener: Deno.UnixListener;
  path: string;
}

/**
 * Listens on a Unix socket. It replaces a file left by a program that has
 * ended, and removes its own file on close unless another program has replaced
 * it.
 *
 * @param path Path of its file.
 * @param mode Permissions of the file (default `0o600`, whatever the umask).
 * @throws The system's error, if a program listens there or the file is no
 *   socket.
 */
export async function listenUnix(
  path: string,
  mode: number = SOCKET_MODE,
): Promise<Listener> {
  const beside = listenBeside(path);
  try {
    Deno.chmodSync(beside.path, mode);
    const file = Deno.lstatSync(beside.path);
    await takeName(beside.path, path);
    return new UnixListener(beside.listener, path, { file, mode });
  } catch (error) {
    beside.listener.close(); // This removes the temporary name.
    throw error;
  }
}

function listenBeside(path: string): Beside {
  for (let count = 1;; count++) {
    const beside = `${path}.${randomSuffix()}`;
    try {
      return { listener: listenMasked(beside), path: beside };
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || count === MOST_NAMES) {
        throw error;
      }
    }
  }
}

function randomSuffix(): string {
  return Math.random().toString(36).slice(2, 2 + SUFFIX).padEnd(SUFFIX, "0");
}

/**
 * Keeps others from connecting before the file has its permissions. Without the
 * permission to change the umask, that of the process applies.
 */
function listenMasked(path: string): Deno.UnixListener {
  if (!isGranted({ name: "sys", kind: "umask" })) {
    return Deno.listen({ transport: "unix", path });
  }
  const before = Deno.umask(0o077);
  try {
    return Deno.listen({ transport: "unix", path });
  } finally {
    Deno.umask(before);
  }
}

/** If two programs want one name, one gets it. */
async function takeName(from: string, path: string): Promise<void> {
  try {
    Deno.linkSync(from, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    const abandoned = await abandonedFile(path);
    if (abandoned === undefined) {
      throw new Deno.errors.AddrInUse(path, { cause: error });
    }
    // In one step, so the path always has a socket.
    if (isSameFile(Deno.lstatSync(path), abandoned)) {
      Deno.renameSync(from, path);
      return;
    }
    throw new Deno.errors.AddrInUse(path, { cause: error });
  }
  Deno.removeSync(from);
}

/** The file of a socket without a listener; `undefined` for any other. */
async function abandonedFile(path: string): Promise<FileIdentity | undefined> {
  const file = await Deno.lstat(path);
  if (!file.isSocket) return undefined;
  try {
    const conn = await Deno.connect({ transport: "unix", path });
    conn.close();
    return undefined;
  } catch (error) {
    return errorCode(error) === "ECONNREFUSED" ? file : undefined;
  }
}

/** While the socket is open, the system does not reuse its inode. */
function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return one.ino !== null && one.ino === other.ino && one.dev === other.dev;
}

class UnixListener implements Listener {
  readonly addr: Deno.NetAddr;
  readonly #listener: Deno.UnixListener;
  readonly #path: string;
  readonly #file: FileIdentity;
  #mode: number;
  #closed = false;

  constructor(
    listener: Deno.UnixListener,
    path: string,
    { file, mode }: { file: FileIdentity; mode: number },
  ) {
    this.#mode = mode;
    this.#listener = listener;
    this.#path = path;
    this.#file = file;
    this.addr = unixAddr(path);
  }

  async accept(): Promise<Connection> {
    return new UnixConnection(await this.#listener.accept(), this.#path);
  }

  setMode(mode: number = SOCKET_MODE): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    if (this.#hasPath()) Deno.chmodSync(this.#path, mode);
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      // Before it closes, or another file might have its inode already.
      if (this.#hasPath()) Deno.removeSync(this.#path);
    } catch {
      // Removing it is not permitted: the next start replaces it.
    }
    this.#listener.close();
  }

  /** Whether the file at the path is still this one. */
  #hasPath(): boolean {
    try {
      return isSameFile(Deno.lstatSync(this.#path), this.#file);
    } catch {
      return false; // The file was removed.
    }
  }
}
