import { assertMatch } from "@std/assert";
import { makeFolder } from "../support/programs.ts";
import { Sluice } from "../support/sluice.ts";

/** What stands before the label of a line of the log. */
const TIMES = {
  none: /^(?=[a-z]+ )/,
  clock: /^\d\d:\d\d:\d\d (?=[a-z]+ )/,
  date: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (?=[a-z]+ )/,
  utc: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?=[a-z]+ )/,
} as const;

for (const workers of [1, 2]) {
  Deno.test(`runLife() begins lines of the log as --log-time says, workers ${workers}`, async () => {
    // Threads get the same word: one of them shows that they do.
    const all = Object.entries(TIMES).slice(workers === 1 ? 0 : -1);
    for (const [time, start] of all) {
      await using sluice = new Sluice(
        ...["echo", "127.0.0.1:0", "--log-time", time],
        ...["--workers", String(workers)],
      );
      assertMatch(await sluice.line(/Listening on/), start);
      using conn = await Deno.connect({ port: await sluice.port() });
      conn.close();
      // A thread writes what it has to say of its connections by itself.
      assertMatch(await sluice.line(/closed first/), start);
    }
  });

  Deno.test(`runLife() takes the time of lines from a file, workers ${workers}`, async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/sluice.json`;
    const listeners = [{ kind: "echo", listen: "127.0.0.1:0" }];
    const config = { workers, "log-time": "none", listeners };
    await Deno.writeTextFile(path, JSON.stringify(config));
    await using sluice = new Sluice("run", "-c", path);
    assertMatch(await sluice.line(/Listening on/), TIMES.none);
  });
}
