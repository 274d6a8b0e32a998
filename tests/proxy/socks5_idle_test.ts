import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertBytes, readToEof } from "../support/dialogue.ts";
import { startHeld } from "../support/held_server.ts";
import { openTunnel, startTestProxy } from "../support/proxy.ts";
import {
  readToEnd,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";
import { pass } from "../support/time.ts";

/** Milliseconds; the limits that are tested. */
const LIMIT = 300;

/** A limit that is not kept shows within this time. */
const LATE = LIMIT + 1_500;

Deno.test("socks5() ends the handshake limit with the request", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({
    timeouts: { handshake: LIMIT, idle: 2 * LIMIT },
  });
  using conn = await openTunnel(proxy, echo.addr);
  assertBytes(await within(LATE, readToEnd(conn)), []);
  const [record] = await proxy.whenEnded(1);
  assertStringIncludes(record!.reason, "Idle time of 0.6 s");
});

Deno.test("socks5() ends a tunnel without a byte at the idle limit, on both sides", async () => {
  const heard = Promise.withResolvers<Uint8Array>();
  await using target = startServer(async (conn) => {
    heard.resolve(await readToEnd(conn));
  });
  await using proxy = await startTestProxy({ timeouts: { idle: LIMIT } });
  using conn = await openTunnel(proxy, target.addr);
  const started = performance.now();
  assertBytes(await within(LATE, readToEnd(conn)), []);
  assert(performance.now() - started > LIMIT - 20);
  assertBytes(await within(LATE, heard.promise), []);
  const [record] = await proxy.whenEnded(1);
  const { result, reason, endedFirst } = record!;
  assertEquals({ result, reason, endedFirst }, {
    result: "cut",
    reason: "Idle time of 0.3 s has passed",
    endedFirst: undefined,
  });
});

Deno.test("socks5() keeps a tunnel in which either side speaks within the idle limit", async () => {
  await using target = startServer(async (conn) => {
    for (let n = 0; n < 8; n++) {
      await pass(LIMIT / 4);
      await writeAll(conn, [n]);
    }
    await conn.closeWrite();
  });
  await using proxy = await startTestProxy({ timeouts: { idle: LIMIT } });
  using conn = await openTunnel(proxy, target.addr);
  assertBytes(await within(5_000, readToEof(conn)), [0, 1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("socks5() ends the direction that is left at the half-close limit", async () => {
  await using target = startHeld();
  await using proxy = await startTestProxy({ timeouts: { halfClose: LIMIT } });
  using conn = await openTunnel(proxy, target.addr);
  const started = performance.now();
  await conn.closeWrite();
  assertBytes(await within(LATE, readToEnd(conn)), []);
  assert(performance.now() - started > LIMIT - 20);
  assertBytes(await within(LATE, readToEnd(await target.accepted)), []);
  const [record] = await proxy.whenEnded(1);
  const { result, reason, endedFirst } = record!;
  assertEquals({ result, reason, endedFirst }, {
    result: "cut",
    reason: "client closed first: Half-close time of 0.3 s has passed",
    endedFirst: "client",
  });
});

Deno.test("socks5() ends both directions immediately when the half-close limit is 0", async () => {
  await using target = startHeld();
  await using proxy = await startTestProxy({ timeouts: { halfClose: 0 } });
  using conn = await openTunnel(proxy, target.addr);
  await writeAll(conn, [1, 2, 3]);
  await conn.closeWrite();
  assertBytes(await within(LATE, readToEnd(conn)), []);
  const [record] = await proxy.whenEnded(1);
  const { result, endedFirst, sent } = record!;
  assertEquals({ result, endedFirst, sent }, {
    result: "ok",
    endedFirst: "client",
    sent: 3,
  });
});
