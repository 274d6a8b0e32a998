import { assert, assertEquals } from "@std/assert";
import { openTls } from "../../lib/serve/tls/open.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import { parseIpRange } from "../../lib/wire/ip_range.ts";
import { startTestAdmin } from "../support/admin.ts";
import { makeTestAuthority } from "../support/certificates.ts";
import { hello } from "../support/client_hello.ts";
import {
  assertBytes,
  type Bytes,
  eventually,
  join,
  readToEof,
  refusal,
} from "../support/dialogue.ts";
import { startTestEcho } from "../support/echo_server.ts";
import { startTestForward, upstreamAt } from "../support/forward.ts";
import { startTestHub } from "../support/hub.ts";
import {
  connectRequest,
  greet,
  GREETING,
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
import { assertSoon } from "../support/time.ts";
import { serverTls } from "../support/tls_proxy.ts";

/** Milliseconds: longer than all of it may take, as the handshake's time is. */
const LONG = 30_000;

/** Milliseconds from the beginning of a drain until handshakes end. */
const GRACE = 100;

/** What can be drained. */
interface Drained extends AsyncDisposable {
  connect(): Promise<Deno.Conn>;
  shutdown(): Promise<number>;
  ended: ConnectionEvent[];
  /** Connections that are open. */
  readonly connections: number;
}

const FRONT = parseIpRange("127.0.0.0/8");
const ANNOUNCED = { acceptProxy: { isRequired: true, from: [FRONT] } };
const HEADERS: Readonly<Record<string, Bytes>> = {
  "half a PROXY header": text("PROXY TCP4 192.0."),
  "half a PROXY header of version 2": text("\r\n\r\n\0\r\nQUIT\n\x21"),
};

const HELLOS: Readonly<Record<string, () => Bytes | Promise<Bytes>>> = {
  "half a ClientHello": () => hello().subarray(0, 40),
  "a ClientHello and no more": realHello,
};

function bytes(...values: number[]): Bytes {
  return Uint8Array.from(values);
}

function text(characters: string): Bytes {
  return Uint8Array.from(characters, (one) => one.charCodeAt(0));
}

/** What a client says first that would go on if it were answered. */
async function realHello(): Promise<Bytes> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const connecting = Deno.connectTls({ hostname, port }).catch(() => undefined);
  using conn = await listener.accept();
  const header = await readExactly(conn, 5);
  const body = await readExactly(conn, header[3]! << 8 | header[4]!);
  conn.close();
  (await connecting)?.close();
  return join(header, body);
}

/** TLS of a server, as short as the test that uses it. */
async function someTls() {
  await using authority = await makeTestAuthority();
  return (await openTls(serverTls(authority), { log: () => {} })).tls;
}

async function drainedProxy(
  config: Parameters<typeof startTestProxy>[0] = {},
): Promise<Drained> {
  const proxy = await startTestProxy({
    grace: GRACE,
    timeouts: { handshake: LONG },
    ...config,
  });
  return {
    connect: proxy.connect,
    shutdown: () => proxy.proxy.shutdown(LONG),
    ended: proxy.ended,
    get connections() {
      return proxy.proxy.connections;
    },
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

async function drainedForward(
  config: Parameters<typeof startTestForward>[1] = {},
): Promise<Drained> {
  const upstream = upstreamAt({ hostname: "127.0.0.1", port: 9 });
  const relay = await startTestForward([upstream], {
    grace: GRACE,
    timeouts: { handshake: LONG },
    ...config,
  });
  return {
    connect: relay.connect,
    shutdown: () => relay.relay.shutdown(LONG),
    ended: relay.ended,
    get connections() {
      return relay.relay.connections;
    },
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };
}

async function drainedHub(
  config: Parameters<typeof startTestHub>[0] = {},
  isWeb = false,
): Promise<Drained> {
  const hub = await startTestHub({ handshakeTimeout: LONG, ...config });
  const { hostname, port } = isWeb ? hub.web : hub.addr;
  return {
    connect: () => Deno.connect({ hostname, port }),
    shutdown: () => hub.hub.shutdown(LONG),
    ended: hub.ended,
    get connections() {
      return hub.hub.connections;
    },
    [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose](),
  };
}

async function drainedEcho(
  config: Parameters<typeof startTestEcho>[0] = {},
): Promise<Drained> {
  const echo = await startTestEcho({
    handshakeTimeout: LONG,
    ...config,
  });
  const ended: ConnectionEvent[] = [];
  return {
    connect: echo.connect,
    async shutdown() {
      const cut = await echo.server.shutdown(LONG);
      ended.push(...await echo.whenEnded(1));
      return cut;
    },
    ended,
    get connections() {
      return echo.server.connections;
    },
    [Symbol.asyncDispose]: () => echo[Symbol.asyncDispose](),
  };
}

/** Sends the beginning of a handshake, drains, and gives how that ended. */
async function drain(
  server: Drained,
  beginning: Bytes,
): Promise<{ said: Bytes; record: ConnectionEvent }> {
  using conn = await server.connect();
  await writeAll(conn, beginning);
  assert(await eventually(() => server.connections === 1));
  const draining = server.shutdown();
  const said = await within(10_000, readToEof(conn));
  conn.close();
  assertEquals(await within(10_000, draining), 0); // None of them is work.
  return { said, record: server.ended[0]! };
}

function assertDropped({ record }: { record: ConnectionEvent }): void {
  assertEquals(record.result, "dropped");
  assert(/^Server is shutting down, after \d+ bytes/.test(record.reason));
}

Deno.test("a proxy that drains closes a client with half a greeting after the grace", async () => {
  await using proxy = await drainedProxy();
  const started = performance.now();
  assertDropped(await drain(proxy, bytes(5, 2, 0)));
  assert(performance.now() - started > GRACE - 20);
});

for (const [what, beginning] of Object.entries(HEADERS)) {
  Deno.test(`servers that drain close a client with ${what} after the grace`, async () => {
    for (const start of [drainedProxy, drainedForward]) {
      await using server = await start(ANNOUNCED);
      assertDropped(await drain(server, beginning));
    }
  });
}

for (const [what, make] of Object.entries(HELLOS)) {
  Deno.test(`servers that drain close a client with ${what} after the grace`, async () => {
    const beginning = await make();
    const tls = await someTls();
    const starts = [drainedProxy, drainedForward, drainedHub, drainedEcho];
    for (const start of starts) {
      await using server = await start({ tls });
      assertDropped(await drain(server, beginning));
    }
  });
}

Deno.test("a relay by server names that drains closes a client with half a ClientHello", async () => {
  const upstream = upstreamAt({ hostname: "127.0.0.1", port: 9 });
  await using relay = await drainedForward({
    serverNames: new Map([["a.example", [upstream]]]),
  });
  assertDropped(await drain(relay, hello().subarray(0, 40)));
});

Deno.test("a hub that drains closes a browser with half a head", async () => {
  await using hub = await drainedHub({}, true);
  assertDropped(await drain(hub, text("GET / HTTP/1.1\r\nHost: ")));
});

Deno.test("an admin listener that ends does not wait for half a head", async () => {
  // 1 s is what answers get.
  await assertSoon(900, async () => {
    const admin = await startTestAdmin();
    using conn = await admin.connect();
    await writeAll(conn, "GET /healthz HTTP/1.1\r\nHost: ");
    // Its answer shows that the other has been accepted.
    assertEquals((await admin.ask("GET", "/healthz")).status, 200);
    const started = performance.now();
    await admin[Symbol.asyncDispose]();
    const time = performance.now() - started;
    assertBytes(await readToEof(conn), []);
    return time;
  });
});

Deno.test("a proxy that drains refuses a client with half a request", async () => {
  const rejected = bytes(0, 91, 0, 0, 0, 0, 0, 0);
  const cases: [beginning: Bytes, answer: Bytes][] = [
    [bytes(...GREETING), join([5, 0], refusal(1))],
    [bytes(...GREETING, 5, 1, 0, 1), join([5, 0], refusal(1))],
    [bytes(4, 1, 0), rejected],
    [bytes(4, 1, 0, 80, 127, 0, 0, 1, 97), rejected],
  ];
  for (const [beginning, answer] of cases) {
    await using proxy = await drainedProxy();
    const { said, record } = await drain(proxy, beginning);
    assertBytes(said, answer);
    assertEquals(record.result, "refused");
    assertEquals(record.reason, "Sluice is shutting down");
  }
});

Deno.test("a proxy that drains answers half a head with 503, also of a later request", async () => {
  await using origin = startServer(async (conn) => {
    await readExactly(conn, 10);
    await writeAll(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const at = `127.0.0.1:${origin.addr.port}`;
  const whole = `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`;
  for (const before of ["", whole]) {
    await using proxy = await drainedProxy();
    using conn = await proxy.connect();
    await writeAll(conn, before);
    if (before !== "") {
      const answer = new TextDecoder().decode(await readExactly(conn, 40));
      assert(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
    }
    await writeAll(conn, whole.slice(0, -10));
    const draining = proxy.shutdown();
    const rest = await within(10_000, readToEof(conn));
    const said = new TextDecoder().decode(rest);
    assert(/HTTP\/1\.1 503 Service Unavailable\r\n/.test(said), said);
    assert(/\r\nConnection: close\r\n/i.test(said), said);
    conn.close();
    assertEquals(await within(10_000, draining), 0);
    const { result, reason } = proxy.ended.at(-1)!;
    assertEquals({ result, reason }, {
      result: "refused",
      reason: "Sluice is shutting down",
    });
  }
});

Deno.test("a proxy that drains serves a handshake that ends within the grace", async () => {
  await using echo = startEcho();
  await using proxy = await drainedProxy({ grace: LONG });
  using conn = await proxy.connect();
  await greet(conn);
  const draining = proxy.shutdown();
  await writeAll(conn, connectRequest("127.0.0.1", echo.addr.port));
  assertEquals((await within(5_000, readReply(conn))).reply, 0);
  await writeAll(conn, "x");
  assertBytes(await within(5_000, readExactly(conn, 1)), [120]);
  conn.close();
  assertEquals(await within(5_000, draining), 0);
});
