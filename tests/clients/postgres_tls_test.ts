import { assertEquals, assertMatch } from "@std/assert";
import { prepareCLibrary } from "../../lib/net/c_library.ts";
import { issue } from "../support/certificates.ts";
import { startTestForward, upstreamAt } from "../support/forward.ts";
import { startPostgres } from "../support/postgres.ts";
import { runOk, testPrograms } from "../support/programs.ts";

prepareCLibrary(); // Held for as long as the program runs.

/** Sessions for each way, some at the same time. */
const SESSIONS = 6;

testPrograms({
  name: "forward() logs sessions of psql over TLS as ok",
  needs: ["postgres", "psql"],
  async fn(paths, context) {
    const tls = await issue({ name: "localhost", usage: "server" });
    await using postgres = await startPostgres(paths.postgres, { tls });
    for (const resetRelay of ["on", "off"] as const) {
      await context.step(`--reset-relay ${resetRelay}`, async () => {
        const upstreams = [upstreamAt(postgres)];
        await using forward = await startTestForward(upstreams, { resetRelay });
        const { hostname, port } = forward.addr;
        const place = `host=${hostname} port=${port} user=${postgres.user}`;
        const texts = await Promise.all(
          Array.from({ length: SESSIONS }, () =>
            runOk(paths.psql, [
              ...["-XAt", `${place} dbname=postgres sslmode=require`],
              ...["-c", "select repeat('x', 1000)"],
              ...["-c", "select ssl from pg_stat_ssl limit 1"],
            ])),
        );
        for (const text of texts) assertMatch(text, /^x{1000}\nt$/m);
        const ended = await forward.whenEnded(SESSIONS);
        for (const { result, reason } of ended) {
          // The server leaves without reading the client's close_notify.
          assertMatch(`${result}: ${reason}`, /^ok: \w+ closed first$/);
        }
        assertEquals(ended.length, SESSIONS);
      });
    }
  },
});
