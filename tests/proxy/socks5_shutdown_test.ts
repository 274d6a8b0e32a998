import { assert, assertEquals } from "@std/assert";
import {
  assertBytes,
  dialogue,
  eventually,
  readToEof,
  refusal,
} from "../support/dialogue.ts";
import { isRefused } from "../support/free_port.ts";
import { greet, openTunnel, startTestProxy } from "../support/proxy.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

Deno.test("socks5() lets a tunnel finish during a drain, and cuts nothing", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  using conn = await openTunnel(proxy, echo.addr);
  const draining = proxy.proxy.shutdown(30_000);
  // The system closes the listener when the pending accept has been told.
  assert(await eventually(() => isRefused(proxy.addr)), "still accepting");
  await writeAll(conn, [1, 2, 3]);
  assertBytes(await within(5_000, readExactly(conn, 3)), [1, 2, 3]);
  await conn.closeWrite();
  assertBytes(await within(5_000, readToEof(conn)), []);
  assertEquals(await within(5_000, draining), 0);
  assertEquals(proxy.ended.map(({ result }) => result), ["ok"]);
});

for (const deadline of [0, 300]) {
  Deno.test(`socks5() cuts a tunnel at the drain deadline of ${deadline} ms`, async () => {
    await using echo = startEcho();
    await using proxy = await startTestProxy();
    using conn = await openTunnel(proxy, echo.addr);
    await writeAll(conn, [1]);
    assertBytes(await within(5_000, readExactly(conn, 1)), [1]);
    const started = performance.now();
    const draining = proxy.proxy.shutdown(deadline);
    assertBytes(await within(5_000, readToEnd(conn)), []);
    assertEquals(await within(5_000, draining), 1);
    assert(performance.now() - started > deadline - 20);
    const [record] = proxy.ended;
    const { result, reason, sent, received } = record!;
    assertEquals({ result, reason, sent, received }, {
      result: "cut",
      reason: deadline === 0
        ? "Cut by the shutdown"
        : `Drain time of ${deadline / 1000} s has passed`,
      sent: 1,
      received: 1,
    });
  });
}

Deno.test("socks5() refuses a request with 1 and never dials during a drain", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  await greet(conn);
  const draining = proxy.proxy.shutdown(30_000);
  const said = dialogue("127.0.0.1", echo.addr.port);
  await writeAll(conn, said.subarray(3));
  assertBytes(await within(5_000, readToEof(conn)), refusal(1));
  conn.close();
  assertEquals(await within(5_000, draining), 0);
  const [record] = proxy.ended;
  const { result, reason, address } = record!;
  assertEquals({ result, reason, address }, {
    result: "refused",
    reason: "Sluice is shutting down",
    address: undefined,
  });
  await using other = await startTestProxy();
  using _tunnel = await openTunnel(other, echo.addr);
  assertEquals(echo.accepted, 1);
});

Deno.test("socks5() drops a client that has said nothing when a drain begins", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  using silent = await proxy.connect();
  using later = await openTunnel(proxy, echo.addr); // So silent is accepted.
  const draining = proxy.proxy.shutdown(30_000);
  assertBytes(await within(5_000, readToEnd(silent)), []);
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals(record!.result, "dropped");
  assertEquals(
    record!.reason,
    "Server is shutting down, after 0 bytes of the handshake",
  );
  assert(await eventually(() => proxy.proxy.connections === 1));
  later.close();
  assertEquals(await within(5_000, draining), 0);
});

Deno.test("socks5() cuts what drains when a second shutdown is at once", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  using conn = await openTunnel(proxy, echo.addr);
  const draining = proxy.proxy.shutdown(30_000);
  assertEquals(await within(5_000, proxy.proxy.shutdown(0)), 1);
  assertEquals(await within(5_000, draining), 1);
  assertBytes(await within(5_000, readToEnd(conn)), []);
});
