/**
 * PostgreSQL for the tests, with a data directory of its own.
 *
 * @module
 */

import { makeFolder, runOk } from "./programs.ts";
import { closedPort } from "./sockets.ts";

/** Who runs the server where the test is root, which it will not run as. */
const USER = "postgres";

/** Seconds that `pg_ctl` waits. */
const PATIENCE = 20;

/** A PostgreSQL that is running; stopped when disposed of. */
export interface Postgres extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  /**
   * Restarts it, and waits until it is ready.
   *
   * @param work Milliseconds that its last checkpoint takes at least.
   * @throws {Error} If that takes longer than `pg_ctl` waits.
   */
  restart(work: number): Promise<void>;
}

/** Starts PostgreSQL on 127.0.0.1, where anybody is let in. */
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

/** The process that has to be done before the server ends. */
const CHECKPOINTER =
  "select pid from pg_stat_activity where backend_type = 'checkpointer'";

/** Asks PostgreSQL on 127.0.0.1 by `psql`; gives the one value it answers. */
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
 * Waits for the program alone: what a server that it has started inherits, such
 * as a pipe, stays open.
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
