import { assertGreater, assertLess } from "@std/assert";
import { connectRequest, greet, readReply } from "../../support/proxy.ts";
import { testPrograms } from "../../support/programs.ts";
import { startRedis } from "../../support/redis.ts";
import { Sluice } from "../../support/sluice.ts";
import { startServer, writeAll } from "../../support/sockets.ts";

/** Bytes per second of all machines together. */
const RATE = 4_000_000;

/** Milliseconds over which the rate is measured. */
const TIME = 5_000;

/** What a target sends: as much as it can, or a tenth of the rate. */
const FAST = { bytes: 64_000, pause: 0 };
const SLOW = { bytes: RATE / 200, pause: 50 };

/** Counts what comes from a target through a machine, until it is closed. */
async function download(
  machine: Sluice,
  target: Deno.NetAddr,
  count: (bytes: number) => void,
): Promise<Deno.TcpConn> {
  const port = await machine.port();
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await greet(conn);
  await writeAll(conn, connectRequest(target.hostname, target.port));
  await readReply(conn);
  const buffer = new Uint8Array(65_536);
  void (async () => {
    try {
      for (let got; (got = await conn.read(buffer)) !== null;) count(got);
    } catch {
      // Closed at the end of the test.
    }
  })();
  return conn;
}

function startSource({ bytes, pause }: typeof FAST) {
  return startServer(async (conn) => {
    const chunk = new Uint8Array(bytes);
    try {
      while (true) {
        await writeAll(conn, chunk);
        if (pause > 0) {
          await new Promise((resolve) => setTimeout(resolve, pause));
        }
      }
    } catch {
      // The client has had enough.
    }
  });
}

testPrograms({
  name: "A fleet keeps to a rate, whichever machines use it",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await startRedis(path);
    await using fast = startSource(FAST);
    await using slow = startSource(SLOW);
    const given = ["--fleet", redis.url, "--fleet-timeout", "10s"];
    const machines = Array.from(
      { length: 3 },
      () => new Sluice(...given, "--rate-total", "4MB"),
    );
    try {
      await Promise.all(machines.map((machine) => machine.port()));
      const got = [0, 0, 0];
      const open = (at: number, { addr }: { addr: Deno.NetAddr }) =>
        download(machines[at]!, addr, (bytes) => got[at]! += bytes);
      const conns = await Promise.all([
        open(0, slow),
        ...[fast, fast, fast].map((source) => open(1, source)),
        open(2, fast),
      ]);
      const parts = await measure(got);
      // One machine needs little, and the others share the rest.
      const sum = parts.reduce((sum, part) => sum + part, 0);
      // A machine with too much to do carries a little less.
      assertGreater(sum, 0.92, parts.join());
      assertLess(sum, 1.05, parts.join());
      assertGreater(parts[0]!, 0.06, parts.join());
      for (const part of parts.slice(1)) assertGreater(part, 0.38);
      for (const conn of conns) conn.close();
    } finally {
      for (const machine of machines) await machine[Symbol.asyncDispose]();
    }
  },
});

/** Returns the parts of the rate, after a second to find them. */
async function measure(got: readonly number[]): Promise<number[]> {
  const wait = (time: number) =>
    new Promise((resolve) => setTimeout(resolve, time));
  await wait(1_000);
  const before = [...got];
  const began = performance.now();
  await wait(TIME);
  const rate = RATE * (performance.now() - began) / 1_000;
  return got.map((bytes, at) => (bytes - before[at]!) / rate);
}
