import { assert, assertEquals, assertLess } from "@std/assert";
import {
  assertBytes,
  dialogue,
  eventually,
  join,
  refusal,
} from "../support/dialogue.ts";
import {
  openTunnel,
  type SomeProxyConfig,
  startTestProxy,
  type TestProxy,
} from "../support/proxy.ts";
import { rulesOf } from "../support/rules.ts";
import { REJECTED, socks4Request } from "../support/socks4.ts";
import {
  closedPort,
  readToEnd,
  startEcho,
  startServer,
  type TestServer,
  within,
  writeAll,
} from "../support/sockets.ts";
import { startTlsProxy } from "../support/tls_proxy.ts";
import { pass } from "../support/time.ts";

const MB = 1024 * 1024;
const USERS = [{ name: "alice", password: "secret" }];
const DENIED = { rules: { current: rulesOf("deny name denied.example") } };

type Conn = Pick<Deno.Conn, "read" | "write">;

/** Sends an upload whole before it reads a byte, as most clients do. */
async function upload(
  conn: Conn,
  target: string,
  { length = 20 * MB, isChunked = false, pause = 0 } = {},
): Promise<string> {
  const framing = isChunked
    ? "Transfer-Encoding: chunked"
    : `Content-Length: ${length}`;
  await writeAll(
    conn,
    `PUT http://${target}/ HTTP/1.1\r\nHost: ${target}\r\n${framing}\r\n\r\n`,
  );
  const piece = new Uint8Array(64 * 1024);
  const size = new TextEncoder().encode("10000\r\n");
  const chunk = join(size, piece, [13, 10]);
  for (let sent = 0; sent < length; sent += piece.length) {
    await writeAll(conn, isChunked ? chunk : piece);
    if (pause > 0) await pass(pause);
  }
  if (isChunked) await writeAll(conn, "0\r\n\r\n");
  return new TextDecoder().decode(await within(5_000, readToEnd(conn)));
}

/** An origin that answers 413 once it has the head, and reads to the end. */
function startRefusing(): TestServer {
  return startServer(async (conn) => {
    await conn.read(new Uint8Array(16 * 1024));
    await writeAll(conn, "HTTP/1.1 413 No\r\nContent-Length: 3\r\n\r\nbig");
    await readToEnd(conn);
  });
}

const REFUSALS: {
  name: string;
  status: number;
  /** Where to; an origin that answers 413 unless named. */
  target?: string;
  config?: SomeProxyConfig;
}[] = [
  { name: "an early answer", status: 413 },
  { name: "a want of credentials", status: 407, config: { users: USERS } },
  {
    name: "a rule",
    status: 403,
    target: "denied.example",
    config: DENIED,
  },
  {
    name: "an origin that refuses",
    status: 502,
    target: `127.0.0.1:${closedPort()}`,
  },
  {
    name: "a limit",
    status: 503,
    config: { limits: { connectionRate: { count: 1, period: "hour" } } },
  },
];

/** Uploads to what refuses, one after the other, and checks the answers. */
async function assertAnswered(
  { config = {}, status, target }: typeof REFUSALS[number],
  uploads: Parameters<typeof upload>[2][],
): Promise<void> {
  await using origin = startRefusing();
  const at = target ?? `127.0.0.1:${origin.addr.port}`;
  await using proxy = await startTestProxy(config);
  if (status === 503) (await openTunnel(proxy, origin.addr)).close();
  for (const options of uploads) {
    using conn = await proxy.connect();
    const text = await upload(conn, at, options);
    assertEquals(text.slice(0, 13), `HTTP/1.1 ${status} `);
    assert(text.includes("Connection: close\r\n"), text);
  }
}

for (const refusal of REFUSALS) {
  Deno.test(`http() gets a client that uploads first to read of ${refusal.name}`, async () => {
    await assertAnswered(refusal, [{}, { isChunked: true }]);
  });
}

Deno.test("http() gets a client that uploads slowly to read why that was in vain", async () => {
  // More than two seconds in all.
  const slowly = { length: 2 * MB, pause: 80 };
  await Promise.all(
    REFUSALS.map((refusal) => assertAnswered(refusal, [slowly])),
  );
});

Deno.test("http() gets a client that uploads first to read its refusal inside of TLS", async () => {
  await using tls = await startTlsProxy({ config: DENIED });
  using conn = await tls.connect();
  const text = await upload(conn as Conn, "denied.example");
  assertEquals(text.slice(0, 13), "HTTP/1.1 403 ");
});

Deno.test("detect() gets a client to read its refusal whatever it has sent behind", async () => {
  await using proxy = await startTestProxy(DENIED);
  const cases = [
    {
      said: dialogue("denied.example", 80),
      got: join([5, 0], refusal(2)),
    },
    { said: socks4Request("denied.example", 80), got: REJECTED },
  ];
  for (const { said, got } of cases) {
    using conn = await proxy.connect();
    await writeAll(conn, said);
    const piece = new Uint8Array(MB);
    for (let sent = 0; sent < 20; sent++) await writeAll(conn, piece);
    assertBytes(await within(5_000, readToEnd(conn)), got);
  }
});

Deno.test("farewell() is logged before it, and counted as open until its end", async () => {
  await using proxy = await startTestProxy({ users: USERS });
  const conn = await proxy.connect();
  await writeAll(
    conn,
    "PUT http://x/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
  );
  const [event] = await within(5_000, proxy.whenEnded(1));
  assertEquals([event!.result, event!.protocol], ["refused", "http"]);
  assertLess(event!.duration, 1_000);
  assertEquals(proxy.proxy.connections, 1);
  conn.close();
  assert(await eventually(() => proxy.proxy.connections === 0));
  assertEquals(proxy.ended.length, 1);
});

/** Opens connections that have their refusal and stay, the first one first. */
async function lingerers(
  proxy: TestProxy,
  count: number,
): Promise<Deno.TcpConn[]> {
  const conns: Deno.TcpConn[] = [];
  const before = proxy.ended.length;
  for (let n = 1; n <= count; n++) {
    const conn = await proxy.connect();
    conns.push(conn);
    await writeAll(
      conn,
      "PUT http://denied.example/ HTTP/1.1\r\nHost: denied.example\r\n" +
        `Proxy-Authorization: Basic ${btoa("alice:secret")}\r\n` +
        "Content-Length: 999999999\r\n\r\n",
    );
    await within(5_000, proxy.whenEnded(before + n));
  }
  return conns;
}

/** Whether the other side still reads: what it has closed is soon reset. */
async function isClosed(conn: Deno.TcpConn): Promise<boolean> {
  return await conn.write(new Uint8Array(1)).then(() => false, () => true);
}

const FULL: { name: string; config: SomeProxyConfig }[] = [
  { name: "all connections", config: { maxConnections: 2 } },
  { name: "its client's", config: { maxConnectionsPerClient: 2 } },
  {
    name: "its user's",
    config: { users: USERS, limits: { connectionsPerUser: 2 } },
  },
];

for (const { name, config } of FULL) {
  Deno.test(`farewell() keeps its place among ${name} until another one needs it`, async () => {
    await using echo = startEcho();
    await using proxy = await startTestProxy({ ...DENIED, ...config });
    const [first, second] = await lingerers(proxy, 2);
    const open = () => ask(proxy, echo.addr);
    using _third = await open();
    assert(
      await eventually(() => isClosed(first!), 1_000),
      "the first has its place",
    );
    assertEquals(await isClosed(second!), false);
    using _fourth = await open();
    assert(
      await eventually(() => isClosed(second!), 1_000),
      "the second has its place",
    );
    // Now nobody gives way.
    using fifth = await proxy.connect();
    await writeAll(fifth, connect(echo.addr));
    const text = new TextDecoder().decode(
      await within(5_000, readToEnd(fifth)),
    );
    assertEquals(text.slice(0, 13), "HTTP/1.1 503 ");
    first!.close();
    second!.close();
  });
}

Deno.test("farewell() of those over the limit makes room for others over it", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ ...DENIED, maxConnections: 1 });
  using _open = await ask(proxy, echo.addr);
  // More than the proxy keeps at once; each gets its answer nevertheless.
  const conns: Deno.TcpConn[] = [];
  for (let n = 0; n < 300; n++) {
    const conn = await proxy.connect();
    conns.push(conn);
    await writeAll(conn, connect(echo.addr));
    const head = new Uint8Array(12);
    await within(5_000, conn.read(head));
    assertEquals(new TextDecoder().decode(head), "HTTP/1.1 503");
  }
  for (const conn of conns) conn.close();
});

Deno.test("farewell() ends when a drain begins, and is short during one", async () => {
  await using echo = startEcho();
  const proxy = await startTestProxy(DENIED);
  using tunnel = await openTunnel(proxy, echo.addr);
  const conns = await lingerers(proxy, 3);
  const stopping = proxy.proxy.shutdown(20_000);
  for (const conn of conns) {
    assert(await eventually(() => isClosed(conn)), "it stays in a drain");
    conn.close();
  }
  assertEquals(await isClosed(tunnel), false);
  tunnel.close();
  assertEquals(await within(5_000, stopping), 0);
});

Deno.test("farewell() keeps to the rates, also of a client that was not admitted", async () => {
  const rates = { connection: { up: 100_000, down: 0 } };
  for (const config of [{ users: USERS }, DENIED]) {
    await using slow = await startTestProxy({ ...config, limits: { rates } });
    await using fast = await startTestProxy(config);
    const length = 32 * MB;
    using conn = await fast.connect();
    await upload(conn, "denied.example", { length });
    using paced = await slow.connect();
    let sent = 0;
    const sending = (async () => {
      await writeAll(
        paced,
        "PUT http://denied.example/ HTTP/1.1\r\nHost: denied.example\r\n" +
          `Content-Length: ${length}\r\n\r\n`,
      );
      const piece = new Uint8Array(64 * 1024);
      for (; sent < length; sent += piece.length) await writeAll(paced, piece);
    })().catch(() => {});
    await within(5_000, slow.whenEnded(1));
    // It stops where the buffers of the system are full.
    let seen = -1;
    assert(
      await eventually(async () => {
        await pass(100);
        const before = seen;
        seen = sent;
        return before === sent;
      }),
    );
    assertLess(sent, length);
    await slow.proxy.shutdown(0);
    await sending;
  }
});

function connect({ port }: Deno.NetAddr): string {
  const at = `127.0.0.1:${port}`;
  return `CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n` +
    `Proxy-Authorization: Basic ${btoa("alice:secret")}\r\n\r\n`;
}

/** Opens a tunnel, which must be granted. */
async function ask(
  proxy: TestProxy,
  addr: Deno.NetAddr,
): Promise<Deno.TcpConn> {
  const conn = await proxy.connect();
  await writeAll(conn, connect(addr));
  const head = new Uint8Array(12);
  await within(5_000, conn.read(head));
  assertEquals(new TextDecoder().decode(head), "HTTP/1.1 200");
  return conn;
}
