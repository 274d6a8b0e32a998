import { assert, assertEquals } from "@std/assert";
import { eventually } from "../support/dialogue.ts";
import { answer } from "../support/forward.ts";
import { listenAgain } from "../support/free_port.ts";
import { Sluice } from "../support/sluice.ts";
import { writeAll } from "../support/sockets.ts";

/** How often the upstream is killed. */
const RESTARTS = 20;

/** Connections that are parked at most. */
const POOL = 16;

/** Clients that ask at the same time. */
const CLIENTS = 8;

/** Times that each of them asks before a restart. */
const QUESTIONS = 2;

/** Answers words of four letters, until all its connections are closed. */
class Upstream {
  readonly port: number;
  #listener: Deno.TcpListener;
  #accepting: Promise<void>;
  readonly #open = new Map<Deno.TcpConn, Promise<void>>();

  constructor(port = 0) {
    this.#listener = listenAgain({ hostname: "127.0.0.1", port });
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept();
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      this.#open.set(conn, this.#serve(conn));
    }
  }

  async #serve(conn: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64);
    try {
      for (let n; (n = await conn.read(buffer)) !== null;) {
        await writeAll(conn, buffer.subarray(0, n));
      }
    } catch {
      // It was killed.
    }
    this.#open.delete(conn);
    conn[Symbol.dispose]();
  }

  /** A socket is closed for the system once no read of it is under way. */
  async stop(): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    const served = [...this.#open.values()];
    for (const conn of this.#open.keys()) conn[Symbol.dispose]();
    await Promise.all(served);
  }
}

/** Asks on a connection, which is closed then. */
async function askOn(conn: Deno.TcpConn, word: string): Promise<void> {
  try {
    await writeAll(conn, word);
    assertEquals(await answer(conn, word.length), word);
  } finally {
    conn.close();
  }
}

for (const mode of ["ahead", "reuse"] as const) {
  Deno.test(
    `forward() hides restarts of its upstream from clients without a byte in flight, with ${mode}`,
    {
      ignore: Deno.build.os !== "linux",
    },
    async () => {
      let upstream = new Upstream();
      await using sluice = new Sluice(
        "forward",
        `--pool=${mode}`,
        `--pool-size=${POOL}`,
        "--pool-settle=10ms",
        "--log=json",
        "127.0.0.1:0",
        `${upstream.port}`,
      );
      const port = await sluice.port();
      const connect = () => Deno.connect({ hostname: "127.0.0.1", port });

      for (let round = 0; round < RESTARTS; round++) {
        // Load, to its end: each client several times, all at once.
        await Promise.all(
          Array.from({ length: CLIENTS }, async (_, client) => {
            for (let n = 0; n < QUESTIONS; n++) {
              await askOn(await connect(), `client ${client} question ${n}`);
            }
          }),
        );
        // These have come, and have said nothing yet.
        const waiting: Deno.TcpConn[] = [];
        while (waiting.length < CLIENTS) waiting.push(await connect());
        await upstream.stop();
        upstream = new Upstream(upstream.port);
        await Promise.all(waiting.map((conn, n) => askOn(conn, `waited ${n}`)));
      }

      const events = RESTARTS * CLIENTS * (QUESTIONS + 1);
      await sluice.line(/"event":"connection"/, events);
      const ended = sluice.lines.map((line) => JSON.parse(line))
        .filter(({ event }) => event === "connection");
      const bad = ended.filter(({ result }) => result !== "ok");
      assertEquals(bad, []);
      // Its listener and what is parked: nothing was left behind.
      assert(
        await eventually(() => sluice.sockets() <= 1 + POOL, 15_000),
        `${sluice.sockets()} sockets`,
      );
      sluice.kill("SIGTERM");
      assertEquals(await sluice.code(), 0);
      await upstream.stop();
    },
  );
}
