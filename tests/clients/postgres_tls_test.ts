import { assert, assertEquals, assertMatch } from "@std/assert";
import { prepareCLibrary } from "../../lib/net/system/c_library.ts";
import { issue } from "../support/certificates.ts";
import { eventually } from "../support/dialogue.ts";
import { startTestForward, upstreamAt } from "../support/forward.ts";
import { type Postgres, query, startPostgres } from "../support/postgres.ts";
import { runOk, testPrograms } from "../support/programs.ts";

prepareCLibrary(); // Held for as long as the program runs.

/** Sessions for each way, some at the same time. */
const SESSIONS = 6;

/**
 * How many of them may end by the server's reset: on a busy machine `psql` may
 * be interrupted between its last message and its end, and the server, which
 * leaves without reading the client's close_notify, comes first.
 */
const OVERTAKEN = 2;

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

testPrograms({
  name: "forward() logs sessions of psql over TLS as ok",
  needs: ["postgres"],
  async fn({ postgres: programs }, context) {
    await using postgres = await startPostgres(programs);
    await useTls(programs, postgres);
    for (const resetRelay of ["on", "off"] as const) {
      await context.step(`--reset-relay ${resetRelay}`, async () => {
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
      });
    }
  },
});
