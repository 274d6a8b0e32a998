import { assertEquals } from "@std/assert";
import {
  assertBytes,
  dialogue,
  HAS_IPV6,
  pattern,
  readToEof,
  sha256,
} from "../support/dialogue.ts";
import {
  greet,
  openTunnel,
  readReply,
  startTestProxy,
} from "../support/proxy.ts";
import {
  readExactly,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";

const FAMILIES = [
  { family: "IPv4", hostname: "127.0.0.1", ignore: false },
  { family: "IPv6", hostname: "::1", ignore: !HAS_IPV6 },
];

for (const { family, hostname, ignore } of FAMILIES) {
  Deno.test({
    name:
      `socks5() replies with its own address as the target sees it over ${family}`,
    ignore,
    async fn() {
      const seen = Promise.withResolvers<Deno.NetAddr>();
      await using target = startServer(
        (conn) => seen.resolve(conn.remoteAddr as Deno.NetAddr),
        hostname,
      );
      await using proxy = await startTestProxy();
      using conn = await proxy.connect();
      await writeAll(conn, dialogue(hostname, target.addr.port));
      await readExactly(conn, 2);
      const { bytes } = await within(5_000, readReply(conn));
      const { hostname: address, port } = await seen.promise;
      const isIpv4 = hostname === "127.0.0.1";
      assertEquals(address, hostname);
      assertBytes(bytes, [
        ...[5, 0, 0, isIpv4 ? 1 : 4],
        ...(isIpv4 ? [127, 0, 0, 1] : [...new Uint8Array(15), 1]),
        ...[port >> 8, port & 0xff],
      ]);
    },
  });

  Deno.test({
    name: `socks5() carries 10 MB through an echo and back over ${family}`,
    ignore,
    async fn() {
      await using echo = startEcho(hostname);
      await using proxy = await startTestProxy({
        listen: [{ host: hostname, port: 0 }],
      });
      const bytes = pattern(10_000_000);
      {
        using conn = await openTunnel(proxy, echo.addr);
        const writing = writeAll(conn, bytes).then(() => conn.closeWrite());
        const echoed = await within(20_000, readToEof(conn));
        await writing;
        assertEquals(await sha256(echoed), await sha256(bytes));
      }
      const [record] = await proxy.whenEnded(1);
      const { sent, received, result } = record!;
      assertEquals({ sent, received, result }, {
        sent: bytes.length,
        received: bytes.length,
        result: "ok",
      });
    },
  });
}

Deno.test("socks5() brings the late answer when the client has closed its side", async () => {
  await using target = startServer(async (conn) => {
    const question = await readToEof(conn);
    await writeAll(conn, question.toReversed());
    await conn.closeWrite();
  });
  await using proxy = await startTestProxy();
  using conn = await openTunnel(proxy, target.addr);
  await writeAll(conn, "question");
  await conn.closeWrite();
  const answer = await within(5_000, readToEof(conn));
  assertEquals(new TextDecoder().decode(answer), "noitseuq");
  const [record] = await proxy.whenEnded(1);
  assertEquals(record!.endedFirst, "client");
});

Deno.test("socks5() brings the late answer when the target has closed its side", async () => {
  const heard = Promise.withResolvers<Uint8Array>();
  await using target = startServer(async (conn) => {
    await writeAll(conn, "question");
    await conn.closeWrite();
    heard.resolve(await readToEof(conn));
  });
  await using proxy = await startTestProxy();
  using conn = await openTunnel(proxy, target.addr);
  const question = await within(5_000, readToEof(conn));
  assertEquals(new TextDecoder().decode(question), "question");
  await writeAll(conn, question.toReversed());
  await conn.closeWrite();
  const answer = await within(5_000, heard.promise);
  assertEquals(new TextDecoder().decode(answer), "noitseuq");
  const [record] = await proxy.whenEnded(1);
  assertEquals(record!.endedFirst, "target");
});

Deno.test("socks5() brings 4 MB of late answer when the client has closed its side", async () => {
  const bytes = pattern(4_000_000);
  await using target = startServer(async (conn) => {
    await readToEof(conn);
    await writeAll(conn, bytes);
  });
  await using proxy = await startTestProxy();
  using conn = await openTunnel(proxy, target.addr);
  await conn.closeWrite();
  const answer = await within(10_000, readToEof(conn));
  assertEquals(await sha256(answer), await sha256(bytes));
});

Deno.test("socks5() passes on a server that speaks first", async () => {
  await using target = startServer(async (conn) => {
    await writeAll(conn, "220 ready\r\n");
    await readToEof(conn);
  });
  await using proxy = await startTestProxy();
  using conn = await openTunnel(proxy, target.addr);
  const banner = await within(5_000, readExactly(conn, 11));
  assertEquals(new TextDecoder().decode(banner), "220 ready\r\n");
});

Deno.test("socks5() sends the reply before what the server says first", async () => {
  await using target = startServer((conn) => writeAll(conn, "now"));
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  await greet(conn);
  await writeAll(conn, dialogue("127.0.0.1", target.addr.port).subarray(3));
  assertEquals((await within(5_000, readReply(conn))).reply, 0);
  assertBytes(await within(5_000, readToEof(conn)), [110, 111, 119]);
});

Deno.test("socks5() loses nothing when the client reads slowly", async () => {
  const bytes = pattern(8_000_000);
  await using target = startServer((conn) => writeAll(conn, bytes));
  await using proxy = await startTestProxy();
  using conn = await openTunnel(proxy, target.addr);
  const received = new Uint8Array(bytes.length);
  let count = 0;
  while (count < bytes.length) {
    const end = Math.min(count + 40_000, bytes.length);
    const read = await within(5_000, conn.read(received.subarray(count, end)));
    if (read === null) break;
    count += read;
    // What makes this reader slow: the writer is far ahead of it throughout.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assertEquals(count, bytes.length);
  assertEquals(await conn.read(new Uint8Array(1)), null);
  assertEquals(await sha256(received), await sha256(bytes));
});

Deno.test("socks5() keeps fifty tunnels apart", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  await Promise.all(Array.from({ length: 50 }, async (_, n) => {
    using conn = await openTunnel(proxy, echo.addr);
    const mine = new Uint8Array(20_000).fill(n);
    const writing = writeAll(conn, mine).then(() => conn.closeWrite());
    const echoed = await within(10_000, readToEof(conn));
    await writing;
    assertEquals(await sha256(echoed), await sha256(mine), `tunnel ${n}`);
  }));
});
