import { assertEquals } from "@std/assert";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import {
  assertBytes,
  HAS_IPV6,
  join,
  pattern,
  readToEof,
  sha256,
} from "../support/dialogue.ts";
import { startTestProxy } from "../support/proxy.ts";
import {
  GRANTED,
  REJECTED,
  type Socks4Options,
  socks4Request,
} from "../support/socks4.ts";
import {
  readExactly,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";

const LOGGED: {
  name: string;
  host: string;
  options?: Socks4Options;
  want: Partial<ConnectionEvent>;
}[] = [
  {
    name: "an address without a user",
    host: "127.0.0.1",
    want: { protocol: "socks4" },
  },
  {
    name: "an address and a user",
    host: "127.0.0.1",
    options: { userId: "fred" },
    want: { protocol: "socks4", user: "fred" },
  },
  {
    name: "a name and a user as long as it may be",
    host: "localhost",
    options: { userId: "u".repeat(255) },
    want: { protocol: "socks4a", user: "u".repeat(255) },
  },
  {
    name: "an address sent as a name, and a user that is no text",
    host: "127.0.0.1",
    options: { isNamed: true, userId: "a\x1b[31m\n" },
    want: { protocol: "socks4a", user: "a\x1b[31m\n" },
  },
];

for (const { name, host, options, want } of LOGGED) {
  Deno.test(`socks4() logs a tunnel to ${name}`, async () => {
    await using echo = startEcho();
    await using proxy = await startTestProxy();
    using conn = await proxy.connect();
    const { port } = echo.addr;
    const said = socks4Request(host, port, options);
    await writeAll(conn, join(said, [1, 2, 3]));
    await conn.closeWrite();
    const heard = await within(5_000, readToEof(conn));
    assertBytes(heard, join(GRANTED, [1, 2, 3]));
    const [record] = await within(5_000, proxy.whenEnded(1));
    const { startedAt: _, duration: __, client: ___, listener: ____, ...rest } =
      record!;
    assertEquals<Partial<ConnectionEvent>>(rest, {
      event: "connection",
      target: `${host}:${port}`,
      address: `127.0.0.1:${port}`,
      sent: 3,
      received: 3,
      endedFirst: "client",
      result: "ok",
      code: "client-closed",
      reason: "client closed first",
      ...want,
    });
  });
}

Deno.test("socks4() passes on a megabyte sent with the request", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  const payload = pattern(1_000_000);
  const request = socks4Request("localhost", echo.addr.port);
  const bytes = new Uint8Array(request.length + payload.length);
  bytes.set(request);
  bytes.set(payload, request.length);
  const writing = writeAll(conn, bytes).then(() => conn.closeWrite());
  assertBytes(await readExactly(conn, GRANTED.length), GRANTED);
  const echoed = await within(10_000, readToEof(conn));
  assertEquals(await sha256(echoed), await sha256(payload));
  await writing;
});

Deno.test("socks4() keeps the client's direction open after the target's end", async () => {
  const heard = Promise.withResolvers<Uint8Array>();
  await using target = startServer(async (conn) => {
    await writeAll(conn, "bye");
    await conn.closeWrite();
    heard.resolve(await readToEof(conn));
  });
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  await writeAll(conn, socks4Request("127.0.0.1", target.addr.port));
  const said = await within(5_000, readToEof(conn));
  assertBytes(said, join(GRANTED, new TextEncoder().encode("bye")));
  await writeAll(conn, [1, 2, 3]);
  await conn.closeWrite();
  assertBytes(await within(5_000, heard.promise), [1, 2, 3]);
});

Deno.test({
  name: "socks4() serves clients over IPv6, but has no address for their BIND",
  ignore: !HAS_IPV6,
  async fn() {
    await using echo = startEcho();
    await using proxy = await startTestProxy({
      listen: [{ host: "::1", port: 0 }],
    });
    for (const [command, reply] of [[1, GRANTED], [2, REJECTED]] as const) {
      using conn = await proxy.connect();
      const { port } = echo.addr;
      await writeAll(conn, socks4Request("127.0.0.1", port, { command }));
      const said = await within(5_000, readExactly(conn, reply.length));
      assertBytes(said, reply);
    }
  },
});

Deno.test("socks4() is refused where only SOCKS5 is spoken", async () => {
  await using proxy = await startTestProxy({ protocols: ["socks5"] });
  using conn = await proxy.connect();
  await writeAll(conn, socks4Request("127.0.0.1", 80));
  assertBytes(await within(5_000, readToEof(conn)), []);
});
