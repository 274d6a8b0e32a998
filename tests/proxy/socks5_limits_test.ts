import { assertEquals } from "@std/assert";
import {
  assertBytes,
  dialogue,
  exchange,
  HAS_IPV6,
  join,
  readToEof,
  refusal,
  roundTrip,
} from "../support/dialogue.ts";
import { openTunnel, startTestProxy } from "../support/proxy.ts";
import { startEcho, within, writeAll } from "../support/sockets.ts";

const LIMITS = [
  {
    name: "connections in all",
    config: { maxConnections: 2 },
    reason: "Limit of 2 connections reached",
  },
  {
    name: "connections of one client",
    config: { maxConnectionsPerClient: 2 },
    reason: "Limit of 2 connections from one client reached",
  },
];

for (const { name, config, reason } of LIMITS) {
  Deno.test(`socks5() refuses with 1 and never dials over the limit of ${name}, and serves when a place is free`, async () => {
    await using echo = startEcho();
    await using proxy = await startTestProxy(config);
    using _first = await openTunnel(proxy, echo.addr);
    const second = await openTunnel(proxy, echo.addr);

    const said = dialogue("127.0.0.1", echo.addr.port);
    for (let n = 1; n <= 3; n++) {
      const answer = await exchange(proxy, said);
      assertBytes(answer, join([5, 0], refusal(1)), `client ${n} over it`);
      const ended = await within(5_000, proxy.whenEnded(n));
      const { result, target, address } = ended.at(-1)!;
      assertEquals([result, ended.at(-1)!.reason], ["refused", reason]);
      assertEquals(target, `127.0.0.1:${echo.addr.port}`);
      assertEquals(address, undefined);
    }

    second.close();
    await within(5_000, proxy.whenEnded(4));
    await roundTrip(proxy, echo);
    await within(5_000, proxy.whenEnded(5));
    await roundTrip(proxy, echo);
    assertEquals(echo.accepted, 4);
  });
}

Deno.test("socks5() counts a client that has sent nothing yet", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ maxConnections: 1 });
  {
    using silent = await proxy.connect();
    await writeAll(silent, [5]);
    const said = dialogue("127.0.0.1", echo.addr.port);
    const answer = await exchange(proxy, said);
    assertBytes(answer, join([5, 0], refusal(1)));
  }
  await within(5_000, proxy.whenEnded(2));
  await roundTrip(proxy, echo);
});

Deno.test("socks5() gives a place back after each kind of end", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ maxConnections: 1 });
  const { port } = echo.addr;
  const said = [
    [1, 1, 0],
    [5, 1, 9],
    join([5, 1, 0], new Uint8Array(10)),
    dialogue("127.0.0.1", 0),
    dialogue("x.invalid", 80),
    join([5, 1, 0], [5, 9, 0, 1, 127, 0, 0, 1, port >> 8, port & 0xff]),
  ];
  let count = 0;
  for (const bytes of said) {
    await exchange(proxy, bytes);
    await within(5_000, proxy.whenEnded(++count));
    await roundTrip(proxy, echo);
    await within(5_000, proxy.whenEnded(++count));
  }
});

Deno.test({
  name: "socks5() counts clients with different addresses apart",
  ignore: !HAS_IPV6,
  async fn() {
    await using echo = startEcho();
    await using proxy = await startTestProxy({
      listen: [{ host: "127.0.0.1", port: 0 }, { host: "::1", port: 0 }],
      maxConnectionsPerClient: 1,
    });
    using _ours = await openTunnel(proxy, echo.addr);
    const { addr } = proxy.proxy.listeners[1]!;
    using conn = await Deno.connect({ hostname: "::1", port: addr.port });
    await writeAll(conn, dialogue("127.0.0.1", echo.addr.port));
    await conn.closeWrite();
    const answer = await within(5_000, readToEof(conn));
    assertEquals(answer[3], 0, "the reply is not success");
    const said = dialogue("127.0.0.1", echo.addr.port);
    assertBytes(await exchange(proxy, said), join([5, 0], refusal(1)));
  },
});

Deno.test("socks5() refuses 128 clients over the limit at the same time", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ maxConnections: 1 });
  using _first = await openTunnel(proxy, echo.addr);
  const said = dialogue("127.0.0.1", echo.addr.port);
  await Promise.all(Array.from({ length: 128 }, async () => {
    assertBytes(await exchange(proxy, said), join([5, 0], refusal(1)));
  }));
  assertEquals(echo.accepted, 1);
});

Deno.test({
  name:
    "socks5() leaves room for others when one client opens and says nothing",
  ignore: Deno.build.os !== "linux", // Others have no 127.0.0.2.
  async fn() {
    await using echo = startEcho();
    await using proxy = await startTestProxy({
      maxConnections: 20,
      maxConnectionsPerClient: 5,
    });
    const silent = await Promise.all(
      Array.from({ length: 300 }, () => proxy.connect()),
    );
    const [turnedAway] = await within(5_000, proxy.whenEnded(167));
    const { result, reason, limit } = turnedAway!;
    assertEquals([result, reason, limit], [
      "refused",
      "Limit of 5 connections from one client reached",
      "connections-per-client",
    ]);
    const said = dialogue("127.0.0.1", echo.addr.port);
    const other = await connectFrom("127.0.0.2", proxy.addr.port);
    assertEquals((await within(5_000, other.exchange(said)))[3], 0);
    for (const conn of silent) conn.close();
  },
});

/** A connection from an address of one's own choice, which Deno's can't. */
async function connectFrom(localAddress: string, port: number) {
  const { connect } = await import("node:net");
  const socket = connect({ host: "127.0.0.1", port, localAddress });
  return {
    async exchange(said: Uint8Array): Promise<Uint8Array> {
      const chunks: Uint8Array[] = [];
      socket.end(said);
      for await (const chunk of socket) chunks.push(chunk);
      return join(...chunks);
    },
  };
}
