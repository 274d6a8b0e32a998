import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startTestProxy } from "../../support/proxy.ts";
import {
  readExactly,
  readToEnd,
  startServer,
  type TestServer,
  within,
  writeAll,
} from "../../support/sockets.ts";

/** Idle connections that a client may have, as in `http_origins.ts`. */
const MOST_IDLE = 8;

const decoder = new TextDecoder("latin1");

/** Reads until a text has come, and gives everything up to its end. */
async function readUntil(conn: Deno.Conn, end: string): Promise<string> {
  let text = "";
  while (!text.endsWith(end)) {
    text += decoder.decode(await within(5_000, readExactly(conn, 1)));
  }
  return text;
}

function answer(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function request(
  { addr }: { addr: Deno.NetAddr },
  { fields = "", host = "127.0.0.1", method = "GET" } = {},
): string {
  const at = `${host}:${addr.port}`;
  return `${method} http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n${fields}\r\n`;
}

interface Origin extends TestServer {
  /** How many of its connections the other side has not ended. */
  readonly open: number;
  /** Settles when its first connection has ended. */
  readonly firstEnded: Promise<void>;
}

/**
 * An origin server that answers each request with the number of the connection,
 * a stroke and the number of the request on it.
 *
 * @param afterFirst What the first connection does when it has answered once,
 *   instead of waiting for the next request.
 */
function startOrigin(
  afterFirst?: (conn: Deno.TcpConn) => Promise<void>,
): Origin {
  const first = Promise.withResolvers<void>();
  let connections = 0;
  let open = 0;
  const server = startServer(async (conn) => {
    const id = ++connections;
    open++;
    try {
      for (let n = 1;; n++) {
        await readHead(conn);
        await writeAll(conn, answer(`${id}/${n};`));
        if (id > 1 || afterFirst === undefined) continue;
        await afterFirst(conn);
        await readToEnd(conn); // Until the proxy has given it up.
        break;
      }
    } finally {
      open--;
      if (id === 1) first.resolve();
    }
  });
  return {
    addr: server.addr,
    firstEnded: first.promise,
    get accepted() {
      return server.accepted;
    },
    get open() {
      return open;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Without a limit of time: an idle connection may wait. */
async function readHead(conn: Deno.Conn): Promise<void> {
  let text = "";
  while (!text.endsWith("\r\n\r\n")) {
    text += decoder.decode(await readExactly(conn, 1));
  }
}

/** Sends a request and gives the body of its answer, which ends with `;`. */
async function fetchBody(
  conn: Deno.Conn,
  origin: Origin,
  host?: string,
): Promise<string> {
  await writeAll(conn, request(origin, host === undefined ? {} : { host }));
  const head = await readUntil(conn, "\r\n\r\n");
  assertStringIncludes(head, "HTTP/1.1 200 OK\r\n");
  return await readUntil(conn, ";");
}

Deno.test("Origins.open() takes the client's idle connection when the origin is the same", async () => {
  await using origin = startOrigin();
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  assertEquals(await fetchBody(conn, origin), "1/1;");
  assertEquals(await fetchBody(conn, origin), "1/2;");
  assertEquals(await fetchBody(conn, origin), "1/3;");
  assertEquals(origin.accepted, 1);
});

Deno.test("Origins.open() finds an idle connection again when another origin came between", async () => {
  await using a = startOrigin();
  await using b = startOrigin();
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  assertEquals(await fetchBody(conn, a), "1/1;");
  assertEquals(await fetchBody(conn, b), "1/1;");
  assertEquals(await fetchBody(conn, a), "1/2;");
  assertEquals(await fetchBody(conn, b), "1/2;");
  assertEquals([a.accepted, b.accepted], [1, 1]);
});

Deno.test("Origins.open() dials when the port is the same and the host is written otherwise", async () => {
  await using origin = startOrigin();
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  assertEquals(await fetchBody(conn, origin), "1/1;");
  assertEquals(await fetchBody(conn, origin, "localhost"), "2/1;");
  assertEquals(await fetchBody(conn, origin, "LOCALHOST"), "2/2;");
  assertEquals(await fetchBody(conn, origin), "1/2;");
});

Deno.test("Origins.open() dials when the idle connection is another client's", async () => {
  await using origin = startOrigin();
  await using proxy = await startTestProxy();
  using one = await proxy.connect();
  using other = await proxy.connect();
  assertEquals(await fetchBody(one, origin), "1/1;");
  assertEquals(await fetchBody(other, origin), "2/1;");
  assertEquals(await fetchBody(one, origin), "1/2;");
  assertEquals(await fetchBody(other, origin), "2/2;");
  one.close();
  await within(5_000, origin.firstEnded);
  using third = await proxy.connect();
  assertEquals(await fetchBody(third, origin), "3/1;");
  assertEquals(origin.accepted, 3);
});

Deno.test(`Origins.put() keeps ${MOST_IDLE} connections when a client goes over 12 origins`, async () => {
  await using stack = new AsyncDisposableStack();
  const origins = Array.from({ length: 12 }, () => stack.use(startOrigin()));
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  for (const origin of origins) {
    assertEquals(await fetchBody(conn, origin), "1/1;");
  }
  const dropped = origins.slice(0, -MOST_IDLE);
  const kept = origins.slice(-MOST_IDLE);
  // The oldest one is closed when the youngest one becomes idle.
  for (const { firstEnded } of dropped) await within(5_000, firstEnded);
  assertEquals(origins.map(({ open }) => open), [
    ...dropped.map(() => 0),
    ...kept.map(() => 1),
  ]);
  for (const origin of kept) {
    assertEquals(await fetchBody(conn, origin), "1/2;");
  }
  assertEquals(await fetchBody(conn, dropped[0]!), "2/1;");
  await within(5_000, kept[0]!.firstEnded);
  const open = origins.reduce((sum, origin) => sum + origin.open, 0);
  assertEquals(open, MOST_IDLE);
});

/** What an idle connection may do that nobody has asked for. */
const UNASKED: [name: string, act: (conn: Deno.TcpConn) => Promise<void>][] = [
  ["has sent an answer", (conn) => writeAll(conn, answer("smuggled;"))],
  ["has sent one byte", (conn) => writeAll(conn, "H")],
  ["has sent 408 and ended", async (conn) => {
    await writeAll(conn, "HTTP/1.1 408 X\r\nContent-Length: 0\r\n\r\n");
    await conn.closeWrite();
  }],
  ["has ended", (conn) => conn.closeWrite()],
];

for (const [name, act] of UNASKED) {
  Deno.test(`Origins.open() dials anew when the idle connection ${name}`, async () => {
    const go = Promise.withResolvers<void>();
    await using origin = startOrigin(async (conn) => {
      await go.promise;
      await act(conn);
    });
    await using proxy = await startTestProxy();
    using conn = await proxy.connect();
    assertEquals(await fetchBody(conn, origin), "1/1;");
    go.resolve();
    await within(5_000, origin.firstEnded); // The proxy has seen it.
    assertEquals(await fetchBody(conn, origin), "2/1;");
    assertEquals(await fetchBody(conn, origin), "2/2;");
    assertEquals(origin.accepted, 2);
  });
}

Deno.test("Origins.put() is not given a connection when more came with the answer", async () => {
  let connections = 0;
  await using origin = startServer(async (conn) => {
    const id = ++connections;
    await readHead(conn);
    // In one segment, so that there is no moment between the two.
    await writeAll(conn, answer(`${id};`) + answer("smuggled;"));
    await readToEnd(conn);
  });
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  // The second request is there before the first answer is.
  const close = "Connection: close\r\n";
  await writeAll(conn, request(origin) + request(origin, { fields: close }));
  const text = decoder.decode(await within(5_000, readToEnd(conn)));
  assertEquals(text.match(/[^\n]*;/g), ["1;", "2;"]);
  assertEquals(origin.accepted, 2);
});

Deno.test("Origins[Symbol.dispose]() ends the idle connections when the client leaves", async () => {
  await using a = startOrigin();
  await using b = startOrigin();
  await using c = startOrigin();
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  for (const origin of [a, b, c]) await fetchBody(conn, origin);
  assertEquals([a.open, b.open, c.open], [1, 1, 1]);
  conn.close();
  for (const { firstEnded } of [a, b, c]) await within(5_000, firstEnded);
  assertEquals([a.open, b.open, c.open], [0, 0, 0]);
});

Deno.test("Origins[Symbol.dispose]() ends the idle connections when the proxy shuts down", async () => {
  await using origin = startOrigin();
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  await fetchBody(conn, origin);
  await within(5_000, proxy.proxy.shutdown(0));
  await within(5_000, origin.firstEnded);
});

/** Far more than the buffers of four sockets and the proxy. */
const MOST_TAKEN = 64_000_000;

/** Writes until nothing is taken for half a second; gives how much was. */
async function writeUntilStalled(conn: Deno.TcpConn): Promise<number> {
  const chunk = new Uint8Array(64 * 1024);
  let taken = 0;
  let last = performance.now();
  const stalled = Promise.withResolvers<void>();
  const timer = setInterval(() => {
    if (performance.now() - last > 500) stalled.resolve();
  }, 50);
  const writing = (async () => {
    while (taken < MOST_TAKEN) {
      taken += await conn.write(chunk);
      last = performance.now();
    }
  })();
  try {
    await Promise.race([stalled.promise, writing]);
  } finally {
    clearInterval(timer);
    conn.close();
    await writing.catch(() => {}); // Ended by the close.
  }
  return taken;
}

for (const isReading of [true, false]) {
  const when = isReading ? "reads on" : "still does not read";
  Deno.test(`HttpUpload.start() stops the client when the origin does not read, and all ends when it leaves and the origin ${when}`, async () => {
    const left = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    await using origin = startServer(async (conn) => {
      await readHead(conn);
      await left.promise;
      await readToEnd(conn);
      ended.resolve();
    });
    await using proxy = await startTestProxy({
      timeouts: isReading ? {} : { idle: 1_500 },
    });
    const conn = await proxy.connect();
    const fields = "Content-Length: 1000000000\r\n";
    await writeAll(conn, request(origin, { fields, method: "POST" }));
    const taken = await writeUntilStalled(conn);
    assert(taken < MOST_TAKEN, `${taken} bytes were taken`);
    if (isReading) left.resolve();
    const [record] = await within(10_000, proxy.whenEnded(1));
    left.resolve();
    await within(5_000, ended.promise);
    assert(record!.result !== "ok", JSON.stringify(record));
    assert(record!.sent < taken + 1_000, JSON.stringify(record));
  });
}
