import { assert, assertEquals } from "@std/assert";
import {
  assertBytes,
  dialogue,
  eventually,
  join,
  readToEof,
  refusal,
} from "../support/dialogue.ts";
import {
  connectRequest,
  greet,
  GREETING,
  readReply,
} from "../support/proxy.ts";
import {
  type ProxyProcess,
  startProxyProcess,
} from "../support/proxy_process.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  startEcho,
  type TestServer,
  within,
  writeAll,
} from "../support/sockets.ts";

/** Sockets are counted through /proc. */
const ignore = Deno.build.os !== "linux";

Deno.test({
  name:
    "socks5() gives descriptors back after 500 connections, 200 refused dials and 300 half-open handshakes",
  ignore,
  async fn(t) {
    await using echo = startEcho();
    await using proxy = await startProxyProcess({
      timeouts: { handshake: 1_500 },
    });
    await t.step("500 connections", async () => {
      await inTurns(500, 25, () => serve(proxy, echo));
      await assertBack(proxy);
    });
    await t.step("200 refused dials", async () => {
      const said = dialogue("127.0.0.1", closedPort());
      await inTurns(200, 25, async () => {
        using conn = await proxy.connect();
        await writeAll(conn, said);
        const answer = await within(5_000, readToEof(conn));
        assertBytes(answer, join([5, 0], refusal(5)));
      });
      await assertBack(proxy);
    });
    await t.step("300 half-open handshakes", async () => {
      const clients: Deno.TcpConn[] = [];
      for (let n = 0; n < 300; n++) {
        const conn = await proxy.connect();
        await writeAll(conn, GREETING.slice(0, n % 4));
        clients.push(conn);
      }
      await serve(proxy, echo);
      const most = proxy.sockets();
      assert(most > 300, `${most} sockets were open`);
      await Promise.all(clients.map((conn) => within(5_000, readToEnd(conn))));
      for (const conn of clients) conn.close();
      await assertBack(proxy);
    });
    await t.step("100 clients that leave half way", async () => {
      const said = dialogue("127.0.0.1", echo.addr.port);
      await inTurns(100, 25, async (n) => {
        using conn = await proxy.connect();
        await writeAll(conn, said.subarray(0, n % (said.length + 1)));
      });
      await assertBack(proxy);
    });
    await serve(proxy, echo);
    assertEquals(proxy.messages, []);
    assertEquals(await proxy.stop(), 0);
  },
});

/** One client from greeting to end, within the time that a person notices. */
async function serve(proxy: ProxyProcess, echo: TestServer): Promise<void> {
  using conn = await proxy.connect();
  await within(5_000, greet(conn));
  await writeAll(conn, connectRequest("127.0.0.1", echo.addr.port));
  assertEquals((await within(5_000, readReply(conn))).reply, 0);
  await writeAll(conn, [1, 2, 3]);
  assertBytes(await within(5_000, readExactly(conn, 3)), [1, 2, 3]);
  await conn.closeWrite();
  assertBytes(await within(5_000, readToEof(conn)), []);
}

/** Does something often, so many times at once. */
async function inTurns(
  count: number,
  atOnce: number,
  work: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) await work(next++);
  }));
}

/** Waits until the listener is all that is left. */
async function assertBack(proxy: ProxyProcess): Promise<void> {
  const back = await eventually(() => proxy.sockets() === 1);
  assert(back, `${proxy.sockets()} sockets are open`);
}
