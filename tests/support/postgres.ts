/**
 * A real PostgreSQL that a test starts.
 *
 * @module
 */

import { assert } from "@std/assert";
import { eventually } from "./dialogue.ts";
import type { ProgramServer } from "./program_server.ts";
import { makeFolder } from "./programs.ts";
import { closedPort } from "./sockets.ts";

/** Who runs it where the tests run as root, which it refuses. */
const USER = "postgres";

/** A server with a certificate of its own. */
export interface Postgres extends ProgramServer {
  /** Its superuser, whom it lets in without a password. */
  readonly user: string;
  /** Stops it as a crash would, and starts it again on the same port. */
  restart(): Promise<void>;
}

/** Options for {@linkcode startPostgres}. */
export interface PostgresOptions {
  /** Speaks TLS to who asks for it, with this certificate and key. */
  tls?: { certificate: string; key: string };
}

/**
 * Starts a server on 127.0.0.1 with an empty database.
 *
 * @param path Path of `postgres`; `initdb` lies beside it.
 * @param options What it is to be.
 */
export async function startPostgres(
  path: string,
  { tls }: PostgresOptions = {},
): Promise<Postgres> {
  const folder = await makeFolder();
  const owner = ownerOf();
  const port = closedPort();
  if (owner !== undefined) await Deno.chown(folder.path, owner.uid, owner.gid);
  const data = `${folder.path}/data`;
  const options = {
    cwd: folder.path,
    clearEnv: true,
    env: { LANG: "C", PATH: "/usr/bin:/bin" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    ...owner,
  } as const;
  await runToEnd(path.replace(/postgres$/, "initdb"), {
    ...options,
    args: ["-D", data, "-U", USER, "-A", "trust", "--no-sync"],
  });
  for (const [name, text] of Object.entries(filesOf(tls))) {
    await Deno.writeTextFile(`${data}/${name}`, text, { mode: 0o600 });
    if (owner) await Deno.chown(`${data}/${name}`, owner.uid, owner.gid);
  }
  const args = [
    ...["-D", data, "-p", `${port}`, "-h", "127.0.0.1", "-k", folder.path],
    ...["-F", "-c", `ssl=${tls === undefined ? "off" : "on"}`],
  ];
  const start = async () => {
    const child = new Deno.Command(path, { ...options, args }).spawn();
    assert(await eventually(() => isReady(port), 20_000));
    return child;
  };
  let child = await start();
  const stop = async () => {
    child.kill("SIGQUIT"); // At once, with all of its processes.
    await child.status;
  };
  return {
    hostname: "127.0.0.1",
    port,
    user: USER,
    async restart() {
      await stop();
      child = await start();
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function filesOf(tls: PostgresOptions["tls"]): Record<string, string> {
  if (tls === undefined) return {};
  return { "server.crt": tls.certificate, "server.key": tls.key };
}

function ownerOf(): { uid: number; gid: number } | undefined {
  if (Deno.uid() !== 0) return undefined;
  const line = Deno.readTextFileSync("/etc/passwd").split("\n")
    .find((line) => line.startsWith(`${USER}:`));
  const [, , uid, gid] = line!.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

async function runToEnd(
  path: string,
  options: Deno.CommandOptions,
): Promise<void> {
  const { success } = await new Deno.Command(path, options).output();
  assert(success, `${path} has failed`);
}

/** Whether it answers: before that it accepts, and sends everybody away. */
async function isReady(port: number): Promise<boolean> {
  try {
    using conn = await Deno.connect({ port });
    // SSLRequest (Frontend/Backend Protocol, Message Formats).
    await conn.write(Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47));
    return await conn.read(new Uint8Array(1)) === 1;
  } catch {
    return false;
  }
}
