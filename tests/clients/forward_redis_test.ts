import { assert, assertEquals, assertMatch } from "@std/assert";
import { eventually } from "../support/dialogue.ts";
import {
  ask,
  pooled,
  startTestForward,
  type TestForward,
  upstreamAt,
} from "../support/forward.ts";
import { type ProgramServer, serveProgram } from "../support/program_server.ts";
import { makeFolder, runOk, testPrograms } from "../support/programs.ts";
import { closedPort } from "../support/sockets.ts";

/** Requests of each kind: on connections that stay, and on one for each. */
const REQUESTS = { stay: 300, each: 100 } as const;

/** Connections at once, which is what the pools are for as well. */
const CLIENTS = 50;

/** Starts a server that keeps nothing on disk. */
async function startRedis(path: string): Promise<ProgramServer> {
  const port = closedPort();
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", ""];
  return await serveProgram(path, args, { port, folder: await makeFolder() });
}

async function benchmark(
  path: string,
  forward: TestForward,
  kind: keyof typeof REQUESTS,
): Promise<void> {
  const text = await runOk(path, [
    ...["-p", `${forward.addr.port}`, "-c", `${CLIENTS}`],
    ...["-n", `${REQUESTS[kind]}`, "-k", kind === "stay" ? "1" : "0"],
    // So few keys that each of them is set, whatever the dice say.
    ...["-t", "set,get", "-r", "10", "--csv"],
  ]);
  for (const test of ["SET", "GET"]) {
    assertMatch(text, new RegExp(`^"${test}","[1-9]`, "m"));
  }
  assert(!/err/i.test(text), text);
}

for (const mode of ["off", "ahead", "reuse"] as const) {
  testPrograms({
    name:
      `forward() serves redis-benchmark without an error, with pool ${mode}`,
    needs: ["redis-server", "redis-benchmark"],
    async fn(paths) {
      await using redis = await startRedis(paths["redis-server"]);
      await using forward = await startTestForward(
        [upstreamAt(redis)],
        mode === "off" ? {} : pooled(mode, CLIENTS),
      );
      await benchmark(paths["redis-benchmark"], forward, "stay");
      await benchmark(paths["redis-benchmark"], forward, "each");
      assert(await eventually(() => forward.relay.connections === 0));
      assertEquals(forward.ended.filter(({ result }) => result !== "ok"), []);
      assert(forward.ended.length >= 2 * (REQUESTS.each + CLIENTS));
      const { hits, misses } = forward.figures;
      if (mode === "off") assertEquals(hits, 0);
      else assert(hits > 0, `${hits} were ready, ${misses} not`);
      // In the end some have come that have nothing left to ask.
      const asked = forward.ended.filter(({ target }) => target !== undefined);
      assertEquals(hits + misses, asked.length);
      // What clients have set is there, one value for each key.
      using conn = await forward.connect();
      assertEquals(await ask(conn, "PING\r\n", 7), "+PONG\r\n");
      const key = "$16\r\nkey:000000000001\r\n";
      const value = await ask(conn, `*2\r\n$3\r\nGET\r\n${key}`, 9);
      assertMatch(value, /^\$3\r\n...\r\n$/);
    },
  });
}
