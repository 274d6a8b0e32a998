import { assert, assertEquals } from "@std/assert";
import { eventually } from "../support/dialogue.ts";
import { pooled, startTestForward, upstreamAt } from "../support/forward.ts";
import { query, startPostgres } from "../support/postgres.ts";
import { testPrograms } from "../support/programs.ts";

/** Connections that are parked. */
const POOL = 16;

/** Milliseconds that the last checkpoint takes at least. */
const WORK = 400;

/** Milliseconds that a restart may take: without a pool it takes 200 more. */
const BRIEF = 5_000;

testPrograms({
  name:
    "PostgreSQL restarts behind forward() as fast as alone, with pool ahead, and serves psql at once",
  needs: ["postgres"],
  async fn({ postgres: programs }) {
    await using postgres = await startPostgres(programs);
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
  },
});
