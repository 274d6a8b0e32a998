import { assert, assertEquals, assertMatch } from "@std/assert";
import { prepareCLibrary } from "../../lib/net/system/c_library.ts";
import { issue } from "../support/certificates.ts";
import { eventually } from "../support/dialogue.ts";
import { hasFence, sluiceExec } from "../support/exec.ts";
import { pooled, startTestForward, upstreamAt } from "../support/forward.ts";
import { type Postgres, query, startPostgres } from "../support/postgres.ts";
import { runOk, testPrograms } from "../support/programs.ts";

prepareCLibrary(); // Held for as long as the program runs.

/** Connections that are parked. */
const POOL = 16;

/** Milliseconds that the last checkpoint takes at least. */
const WORK = 400;

/** Milliseconds that a restart may take: without a pool it takes 200 more. */
const BRIEF = 5_000;

/** Sessions over TLS for each way, some at the same time. */
const SESSIONS = 6;

/**
 * How many of them may end by the server's reset: on a busy machine `psql` may
 * be interrupted between its last message and its end, and the server, which
 * leaves without reading the client's close_notify, comes first.
 */
const OVERTAKEN = 2;

testPrograms({
  name: "PostgreSQL",
  needs: ["postgres"],
  async fn({ postgres: programs }, context) {
    await using postgres = await startPostgres(programs);
    await context.step({
      name: "is reached by psql in sluice exec, by a forwarded port",
      ignore: !hasFence,
      fn: () => reachFromFence(programs, postgres),
    });
    await context.step(
      "restarts behind forward() as fast as alone, with pool ahead, and serves psql at once",
      () => restart(programs, postgres),
    );
    await useTls(programs, postgres);
    for (const resetRelay of ["on", "off"] as const) {
      await context.step(
        `ends sessions over TLS that forward() logs as ok, --reset-relay ${resetRelay}`,
        () => holdSessions(programs, postgres, resetRelay),
      );
    }
  },
});

async function reachFromFence(
  programs: string,
  { port }: Postgres,
): Promise<void> {
  const { code, stderr, stdout } = await sluiceExec([
    ...["--forward", `5432=localhost:${port}`],
    ...["--allow", `localhost:${port}`, "--", `${programs}/psql`],
    ...["-h", "127.0.0.1", "-p", "5432", "-U", "postgres", "-d", "postgres"],
    ...["-Atc", "select 6 * 7"],
  ]);
  assertEquals([code, stdout], [0, "42\n"], stderr);
}

async function restart(programs: string, postgres: Postgres): Promise<void> {
  await using forward = await startTestForward(
    [upstreamAt(postgres)],
    pooled("ahead", POOL),
  );
  const ask = () => query(programs, forward.addr, "select 40 + 2");
  await forward.parked(POOL);
  assertEquals(await ask(), "42");
  await forward.parked(POOL);

  const begin = performance.now();
  await postgres.restart(WORK);
  const took = performance.now() - begin;
  assert(took < BRIEF, `${took} ms`);

  assertEquals(await ask(), "42");
  assert(
    await eventually(() => forward.figures.idle === POOL, 15_000),
    `${forward.figures.idle} are ready`,
  );
  const { hits } = forward.figures;
  assertEquals(await ask(), "42");
  assert(forward.figures.hits > hits);
  await forward.whenEnded(3);
  assertEquals(forward.ended.filter(({ result }) => result !== "ok"), []);
}

/** Has a server speak TLS to those who ask for it. */
async function useTls(programs: string, postgres: Postgres): Promise<void> {
  const { certificate, key } = await issue({
    name: "localhost",
    usage: "server",
  });
  const folder = await query(programs, postgres, "show data_directory");
  const { uid, gid } = await Deno.stat(folder);
  for (const [name, text] of [["crt", certificate], ["key", key]] as const) {
    const path = `${folder}/server.${name}`;
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    await Deno.chown(path, uid, gid);
  }
  await query(programs, postgres, "alter system set ssl = on");
  await query(programs, postgres, "select pg_reload_conf()");
  const isOn = async () => await query(programs, postgres, "show ssl") === "on";
  assert(await eventually(isOn));
}

async function holdSessions(
  programs: string,
  postgres: Postgres,
  resetRelay: "on" | "off",
): Promise<void> {
  const upstreams = [upstreamAt(postgres)];
  await using forward = await startTestForward(upstreams, { resetRelay });
  const { hostname, port } = forward.addr;
  const place = `host=${hostname} port=${port} user=postgres`;
  const texts = await Promise.all(
    Array.from({ length: SESSIONS }, () =>
      runOk(`${programs}/psql`, [
        ...["-XAt", `${place} dbname=postgres sslmode=require`],
        ...["-c", "select repeat('x', 1000)"],
        ...["-c", "select ssl from pg_stat_ssl limit 1"],
      ])),
  );
  for (const text of texts) assertMatch(text, /^x{1000}\nt$/m);
  const ended = await forward.whenEnded(SESSIONS);
  assertEquals(ended.length, SESSIONS);
  const others = ended.map(({ result, reason }) => `${result}: ${reason}`)
    .filter((end) => !/^ok: \w+ closed first$/.test(end));
  assert(others.length <= OVERTAKEN, others.join("\n"));
  for (const end of others) {
    assertEquals(end, "cut: target: connection reset");
  }
}
