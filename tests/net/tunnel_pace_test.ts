import {
  assert,
  assertEquals,
  assertLess,
  assertLessOrEqual,
} from "@std/assert";
import { Duplex } from "../../lib/net/duplex.ts";
import {
  tunnel,
  type TunnelOptions,
  type TunnelResult,
} from "../../lib/net/tunnel.ts";
import { Context } from "../../lib/sync/context.ts";
import { Pace } from "../../lib/sync/pace.ts";
import { Rate } from "../../lib/sync/rate.ts";
import { readToEnd, socketPair, within, writeAll } from "../support/sockets.ts";
import { eventually } from "../support/dialogue.ts";

/** Times that something is measured while a busy machine spoils it. */
const TRIES = 4;

interface Fixture extends Disposable {
  client: Deno.TcpConn;
  target: Deno.TcpConn;
  context: Context;
  done: Promise<TunnelResult>;
}

/** A tunnel whose two directions keep to rates, its far ends in hand. */
async function openTunnel(
  rates: { up?: Rate[]; down?: Rate[] },
  options: TunnelOptions = {},
): Promise<Fixture> {
  const [client, a] = await socketPair();
  const [target, b] = await socketPair();
  const context = new Context();
  const [near, far] = [new Duplex(a), new Duplex(b)];
  if (rates.up !== undefined) near.pace = new Pace(rates.up);
  if (rates.down !== undefined) far.pace = new Pace(rates.down);
  return {
    client,
    target,
    context,
    done: tunnel(near, far, context, options),
    [Symbol.dispose]() {
      for (const conn of [client, a, b, target]) conn[Symbol.dispose]();
    },
  };
}

/** Writes until the other side has had enough. */
async function flood(conn: Deno.TcpConn): Promise<void> {
  const block = new Uint8Array(256 * 1024);
  try {
    while (true) await conn.write(block);
  } catch {
    // The tunnel was cut.
  }
}

/** Bytes that come out of a connection within a time from the first one. */
async function countFor(
  conn: Deno.TcpConn,
  milliseconds: number,
): Promise<{ bytes: number; took: number }> {
  const buffer = new Uint8Array(1024 * 1024);
  let bytes = await conn.read(buffer) ?? 0;
  const started = performance.now();
  while (performance.now() < started + milliseconds) {
    bytes += await conn.read(buffer) ?? NaN;
  }
  return { bytes, took: performance.now() - started };
}

/** Bytes a second that a tunnel carries of a flood from one of its ends. */
async function speedFrom(
  end: "client" | "target",
  bytesPerSecond?: number,
): Promise<number> {
  const created = performance.now();
  const rates = bytesPerSecond === undefined ? [] : [new Rate(bytesPerSecond)];
  const [{ piece } = { piece: Infinity }] = rates;
  using it = await openTunnel(
    end === "client" ? { up: rates } : { down: rates },
  );
  const flooding = flood(it[end]);
  const other = end === "client" ? it.target : it.client;
  const { bytes, took } = await within(10_000, countFor(other, 250));
  const age = performance.now() - created;
  // The burst, and the piece that was begun with its last byte.
  const most = (bytesPerSecond ?? 0) * (age + 100) / 1000 + piece;
  assertLessOrEqual(bytes, most);
  it.context.cancel(new Error("enough"));
  await within(5_000, it.done);
  it[end].close();
  await flooding;
  return bytes / took * 1000;
}

for (const bytesPerSecond of [64e3, 10e6, 200e6]) {
  for (const end of ["client", "target"] as const) {
    Deno.test(`tunnel() keeps to ${bytesPerSecond} bytes a second from its ${end}`, async () => {
      const speeds: string[] = [];
      while (speeds.length < TRIES) {
        const kept = await speedFrom(end, bytesPerSecond);
        if (kept >= 0.7 * bytesPerSecond) return;
        // It is too slow, unless a busy machine does no better without a rate.
        const free = await speedFrom(end);
        if (kept >= 0.5 * free) return;
        speeds.push(`${kept} of ${free}`);
      }
      throw new Error(`Slower than its rate: ${speeds}`);
    });
  }
}

Deno.test("tunnel() stops the sender that is faster than its rate", async () => {
  using it = await openTunnel({ up: [new Rate(64_000)] });
  let sent = 0;
  const flooding = (async () => {
    const block = new Uint8Array(64 * 1024);
    try {
      while (true) sent += await it.client.write(block);
    } catch {
      // The tunnel was cut.
    }
  })();
  await within(5_000, countFor(it.target, 300));
  // What the system itself holds for the sockets, and no more.
  assertLess(sent, 16_000_000);
  it.context.cancel(new Error("enough"));
  await it.done;
  it.client.close();
  await flooding;
});

Deno.test("tunnel() does not take waiting for its rate for idleness", async () => {
  const rate = new Rate(100_000, { burst: 10 });
  rate.charge(40_000); // In debt for 400 ms.
  const { idleTimeout, halfCloseTimeout } = {
    idleTimeout: 80,
    halfCloseTimeout: 80,
  };
  using it = await openTunnel({ up: [rate] }, {
    idleTimeout,
    halfCloseTimeout,
  });
  await writeAll(it.client, "late but whole");
  await it.client.closeWrite();
  const got = await within(5_000, readToEnd(it.target));
  assertEquals(new TextDecoder().decode(got), "late but whole");
  const { endedFirst, sent } = await within(5_000, it.done);
  assertEquals([endedFirst, sent], ["client", 14]);
});

Deno.test("tunnel() gives the half that is left its time while it waits for its rate", async () => {
  const rate = new Rate(100_000, { burst: 10 });
  rate.charge(40_000);
  using it = await openTunnel({ down: [rate] }, { halfCloseTimeout: 80 });
  await it.client.closeWrite();
  await writeAll(it.target, "answer");
  await it.target.closeWrite();
  assertEquals((await within(5_000, readToEnd(it.client))).length, 6);
  assertEquals((await it.done).error, undefined);
});

Deno.test("tunnel() ends immediately when cut while it waits for its rates", async () => {
  const rates = [new Rate(1_000), new Rate(1_000)];
  for (const rate of rates) rate.charge(1_000_000);
  using it = await openTunnel({ up: [rates[0]!], down: [rates[1]!] });
  assert(await eventually(() => rates.every(({ waiting }) => waiting > 0)));
  it.context.cancel(new Error("enough"));
  await within(5_000, it.done);
  assertEquals(rates.map(({ waiting }) => waiting), [0, 0]);
});

Deno.test("tunnel() lets 40 tunnels share a rate, none with less than half of its share", async () => {
  const bytesPerSecond = 8e6;
  const rate = new Rate(bytesPerSecond);
  const all = await Promise.all(
    Array.from({ length: 40 }, () => openTunnel({ down: [rate] })),
  );
  const flooding = all.map(({ target }) => flood(target));
  const counts = await within(
    15_000,
    Promise.all(all.map(({ client }) => countFor(client, 1_000))),
  );
  const rates = counts.map(({ bytes, took }) => bytes / took * 1000);
  const mean = rates.reduce((sum, rate) => sum + rate) / rates.length;
  assert(mean >= bytesPerSecond / 40 * 0.6, `${mean} each`);
  const least = Math.min(...rates);
  assert(least >= mean / 2, `the least has ${least} of ${mean}`);
  for (const { context, done } of all) {
    context.cancel(new Error("enough"));
    await within(5_000, done);
  }
  for (const it of all) it[Symbol.dispose]();
  await Promise.all(flooding);
  assertEquals(rate.waiting, 0);
});
