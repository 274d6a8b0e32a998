import { assertEquals, assertMatch } from "@std/assert";
import { once } from "node:events";
import { handlerOf } from "../../lib/serve/connection.ts";
import { detect } from "../../lib/proxy/detect.ts";
import type { ConnectionEvent, LogEvent } from "../../lib/observe/log_event.ts";
import { Context } from "../../lib/sync/context.ts";
import { BIND_FORMS, connectTo, SOCKS4, startBind } from "../support/bind.ts";
import {
  assertBytes,
  exchange,
  join,
  readToEof,
  roundTrip,
} from "../support/dialogue.ts";
import { assertFree } from "../support/free_port.ts";
import { startTestProxy } from "../support/proxy.ts";
import { connectResettable } from "../support/reset.ts";
import { testServices } from "../support/services.ts";
import {
  readToEnd,
  socketPair,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

for (const form of BIND_FORMS) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test(`bind() ${name} with ${form.name}`, fn);

  test("frees the port when the client closes", async () => {
    await using proxy = await startTestProxy();
    using waiting = await startBind(proxy, form);
    await waiting.conn.closeWrite();
    assertBytes(await within(5_000, readToEof(waiting.conn)), []);
    const [record] = await within(5_000, proxy.whenEnded(1));
    assertFree(waiting.bound);
    const { target, address, result, reason } = record!;
    assertEquals({ target, address, result, reason }, {
      target: "127.0.0.1:20",
      address: undefined,
      result: "failed",
      reason: "client closed",
    });
  });

  test("frees the port when the client closes after having said more", async () => {
    await using proxy = await startTestProxy();
    using waiting = await startBind(proxy, form);
    await writeAll(waiting.conn, new Uint8Array(10_000));
    waiting.conn.close();
    await within(5_000, proxy.whenEnded(1));
    assertFree(waiting.bound);
  });

  test("refuses a client that says too much before its peer has come", async () => {
    await using proxy = await startTestProxy();
    using waiting = await startBind(proxy, form);
    await writeAll(waiting.conn, new Uint8Array(100_000));
    const answer = await within(5_000, readToEof(waiting.conn));
    assertBytes(answer, form.refusal(1));
    waiting.conn.close();
    const [record] = await within(5_000, proxy.whenEnded(1));
    assertFree(waiting.bound);
    assertEquals(
      record!.reason,
      "Client sent too much before the peer connected",
    );
  });

  test("refuses and frees the port when nobody comes in time", async () => {
    await using proxy = await startTestProxy({ bindTimeout: 100 });
    using waiting = await startBind(proxy, form);
    const answer = await within(5_000, readToEof(waiting.conn));
    assertBytes(answer, form.refusal(6));
    assertFree(waiting.bound);
    waiting.conn.close();
    const [record] = await within(5_000, proxy.whenEnded(1));
    const { result, reason } = record!;
    assertEquals({ result, reason }, {
      result: "failed",
      reason: "No peer connected for 127.0.0.1:20 within 0.1 s",
    });
  });

  test("leaves the tunnel alone when the time for the peer is over", async () => {
    await using echo = startEcho();
    await using proxy = await startTestProxy({ bindTimeout: 200 });
    using waiting = await startBind(proxy, form);
    using peer = await connectTo(waiting.bound);
    await form.readBound(waiting.conn);
    using later = await startBind(proxy, form);
    assertBytes(await readToEof(later.conn), form.refusal(6));
    await roundTrip(proxy, echo);
    await writeAll(waiting.conn, "still there");
    await waiting.conn.closeWrite();
    assertEquals((await within(5_000, readToEof(peer))).length, 11);
  });

  test("waits without a time limit of 0", async () => {
    await using proxy = await startTestProxy({ bindTimeout: 0 });
    using waiting = await startBind(proxy, form);
    using _peer = await connectTo(waiting.bound);
    await form.readBound(waiting.conn);
  });

  test("is not ended by the time limit of the handshake", async () => {
    await using proxy = await startTestProxy({
      timeouts: { handshake: 100 },
      bindTimeout: 300,
    });
    using waiting = await startBind(proxy, form);
    const answer = await within(5_000, readToEof(waiting.conn));
    assertBytes(answer, form.refusal(6));
  });

  test("refuses and frees the port when a drain begins", async () => {
    await using proxy = await startTestProxy();
    using waiting = await startBind(proxy, form);
    const draining = proxy.proxy.shutdown(30_000);
    const answer = await within(5_000, readToEof(waiting.conn));
    assertBytes(answer, form.refusal(1));
    assertFree(waiting.bound);
    waiting.conn.close();
    assertEquals(await within(5_000, draining), 0);
    const [{ result, reason } = { result: "", reason: "" }] = proxy.ended;
    assertEquals([result, reason], ["refused", "Sluice is shutting down"]);
  });

  test("frees the port when it is cancelled", async () => {
    await using proxy = await startTestProxy();
    using waiting = await startBind(proxy, form);
    assertEquals(await within(5_000, proxy.proxy.shutdown(0)), 1);
    assertFree(waiting.bound);
    await within(5_000, readToEnd(waiting.conn));
  });

  test("lets a tunnel finish during a drain", async () => {
    await using proxy = await startTestProxy();
    using waiting = await startBind(proxy, form);
    using peer = await connectTo(waiting.bound);
    await form.readBound(waiting.conn);
    const draining = proxy.proxy.shutdown(30_000);
    await writeAll(peer, "data");
    await peer.closeWrite();
    assertEquals((await within(5_000, readToEof(waiting.conn))).length, 4);
    await waiting.conn.closeWrite();
    assertEquals(await within(5_000, draining), 0);
  });

  test("refuses an unknown host", async () => {
    await using proxy = await startTestProxy();
    const answer = await exchange(proxy, form.say("x.invalid", 20));
    assertBytes(answer, join(form.hear, form.refusal(4)));
  });

  test("refuses a client over its limit", async () => {
    await using proxy = await startTestProxy({ maxConnectionsPerClient: 1 });
    using _waiting = await startBind(proxy, form);
    const answer = await exchange(proxy, form.say("127.0.0.1", 20));
    assertBytes(answer, join(form.hear, form.refusal(1)));
  });
}

Deno.test("bind() frees the port when the client resets", async () => {
  await using proxy = await startTestProxy();
  const socket = await connectResettable(proxy.addr);
  const answered = once(socket, "data");
  socket.write(SOCKS4.say("127.0.0.1", 20));
  const [reply] = await within(5_000, answered);
  const port: number = reply.readUInt16BE(2);
  socket.resetAndDestroy();
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertFree({ hostname: "127.0.0.1", port });
  assertEquals(record!.result, "failed");
  assertMatch(record!.reason, /^connection reset/);
});

Deno.test("bind() frees the port when its context is cancelled", async () => {
  const [conn, served] = await socketPair();
  using _closing = conn;
  const context = new Context();
  const ended: LogEvent[] = [];
  const services = testServices({ log: (event) => ended.push(event) });
  const handling = handlerOf(detect, services)(
    ...[served, context, new Context()] as const,
  );
  await writeAll(conn, SOCKS4.say("127.0.0.1", 20));
  const bound = await SOCKS4.readBound(conn);
  context.cancel(new Error("Enough"));
  await within(5_000, handling);
  assertFree(bound);
  const [record] = ended as ConnectionEvent[];
  assertEquals([record!.result, record!.reason], ["failed", "Enough"]);
});
