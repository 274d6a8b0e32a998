/**
 * PostgreSQL for tests, with its own data directory.
 *
 * @module
 */

import { makeFolder, runOk } from "./programs.ts";
import { closedPort } from "./sockets.ts";

/** User of the server if the test runs as root, because it refuses to. */
const USER = "postgres";

/** Seconds that `pg_ctl` waits. */
const PATIENCE = 20;

/** A running PostgreSQL. Disposing of it stops it. */
export interface Postgres extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  /**
   * Restarts the server, and waits until it is ready.
   *
   * @param work Least milliseconds of its last checkpoint.
   * @throws {Error} If it takes longer than `pg_ctl` waits.
   */
  restart(work: number): Promise<void>;
}

/** Starts PostgreSQL on 127.0.0.1, open to everyone. */
export async function startPostgres(programs: string): Promise<Postgres> {
  const folder = await makeFolder();
  const port = closedPort();
  const data = `${folder.path}/data`;
  if (Deno.uid() === 0) await runOk("chown", [USER, folder.path]);
  await runAsUser(`${programs}/initdb`, [
    ...["-D", data, "-N", "-A", "trust", "-U", USER, "-E", "UTF8"],
    "--no-locale",
  ]);
  const settings = [
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    "fsync = off",
    `port = ${port}`,
  ];
  await Deno.writeTextFile(
    `${data}/postgresql.conf`,
    `\n${settings.join("\n")}\n`,
    { append: true },
  );
  const control = (...args: string[]) =>
    runAsUser(`${programs}/pg_ctl`, [
      ...["-D", data, "-l", `${folder.path}/log`, "-w", "-t", `${PATIENCE}`],
      ...args,
    ]);
  await control("start");
  return {
    hostname: "127.0.0.1",
    port,
    async restart(work) {
      const checkpointer = Number(
        await query(programs, { port }, CHECKPOINTER),
      );
      Deno.kill(checkpointer, "SIGSTOP");
      setTimeout(() => Deno.kill(checkpointer, "SIGCONT"), work);
      await control("-m", "fast", "restart");
    },
    async [Symbol.asyncDispose]() {
      await control("-m", "immediate", "stop");
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The process that must finish before the server ends. */
const CHECKPOINTER =
  "select pid from pg_stat_activity where backend_type = 'checkpointer'";

/** Runs a query on 127.0.0.1 with `psql`; returns its only value. */
export async function query(
  programs: string,
  { port }: { port: number },
  sql: string,
): Promise<string> {
  const text = await runOk(`${programs}/psql`, [
    ...["-h", "127.0.0.1", "-p", `${port}`, "-U", USER],
    ...["--no-psqlrc", "-Atqc", sql],
  ]);
  return text.trim();
}

/**
 * Waits only for the program itself. A server that it starts keeps inherited
 * pipes open.
 */
async function runAsUser(path: string, args: string[]): Promise<void> {
  const [program, ...rest] = Deno.uid() === 0
    ? ["runuser", "-u", USER, "--", path, ...args]
    : [path, ...args];
  const { code } = await new Deno.Command(program!, {
    args: rest,
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  if (code !== 0) throw new Error(`${path} ${args.join(" ")} exits ${code}`);
}
