import { assert } from "@std/assert";
import { connectRequest, greet, readReply } from "../support/proxy.ts";
import { testPrograms } from "../support/programs.ts";
import { startRedis } from "../support/redis.ts";
import { Sluice } from "../support/sluice.ts";
import { startServer, writeAll } from "../support/sockets.ts";
import { pass } from "../support/time.ts";

/** Bytes per second of all machines together. */
const RATE = 4_000_000;

/**
 * The rate is measured over 5 s, after two in which the machines find their
 * shares. A busy computer that does not let the programs run spoils a window;
 * then the next one counts.
 */
const WINDOW = { settle: 2_000, length: 5_000, most: 4 } as const;

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
        if (pause > 0) await pass(pause);
      }
    } catch {
      // The client has had enough.
    }
  });
}

testPrograms({
  name: "three programs share a rate within 5 % over 5 s",
  needs: ["redis-server"],
  async fn({ "redis-server": path }) {
    await using redis = await startRedis(path);
    await using fast = startSource(FAST);
    await using slow = startSource(SLOW);
    const given = ["--fleet", redis.url, "--fleet-timeout", "10s"];
    const machines = Array.from(
      { length: 3 },
      // With a burst of a second, a program that had to wait for a processor
      // can catch up.
      () => new Sluice(...given, "--rate-total", "4MB", "--rate-burst", "1s"),
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
      await pass(WINDOW.settle);
      const windows: string[] = [];
      let isShared = false;
      while (!isShared && windows.length < WINDOW.most) {
        const parts = await measure(got);
        windows.push(parts.map((part) => part.toFixed(3)).join());
        isShared = isFair(parts);
      }
      assert(isShared, windows.join("; "));
      for (const conn of conns) conn.close();
    } finally {
      for (const machine of machines) await machine[Symbol.asyncDispose]();
    }
  },
});

/** One machine needs a tenth at most, and the others share the rest. */
function isFair([little, ...rest]: readonly number[]): boolean {
  const sum = rest.reduce((sum, part) => sum + part, little!);
  return sum > 0.95 && sum < 1.05 && little! > 0.06 &&
    rest.every((part) => part > 0.4);
}

/** Returns the parts of the rate in one window. */
async function measure(got: readonly number[]): Promise<number[]> {
  const before = [...got];
  const began = performance.now();
  await pass(WINDOW.length);
  const rate = RATE * (performance.now() - began) / 1_000;
  return got.map((bytes, at) => (bytes - before[at]!) / rate);
}
