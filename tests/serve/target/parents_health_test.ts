import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseParent } from "../../../lib/wire/parent_url.ts";
import {
  openTunnel,
  startTestProxy,
  type TestProxy,
} from "../../support/proxy.ts";
import {
  closedPort,
  readExactly,
  startServer,
  type TestServer,
  within,
  writeAll,
} from "../../support/sockets.ts";

/** Failures in a row that take a chain down. */
const FALL = 3;

/** Where everybody gets; no test looks at it. */
const GOOD = { hostname: "192.0.2.1", port: 80 };

/** The target that a parent will not serve. */
const BAD = { hostname: "192.0.2.1", port: 666 };

/** Bytes as a message, or as the text of one. */
type Message = string | number[];

/** A protocol of parents, as far as the tests speak it. */
interface Dialect {
  /** Answers to what comes before the request. */
  readonly before: readonly Message[];
  /** Tells whether a request is for {@linkcode BAD}. */
  isBad(request: Uint8Array): boolean;
  /** Grants a request. */
  readonly granted: Message;
  /** Refusals that may be about one target: an empty one just closes. */
  readonly refusals: Readonly<Record<string, Message>>;
}

const asText = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Whether two bytes somewhere are the port of {@linkcode BAD}. */
const hasPort = (bytes: Uint8Array, at: number) =>
  (bytes[at]! << 8 | bytes[at + 1]!) === BAD.port;

const DIALECTS = {
  socks5: {
    before: [[5, 0]],
    isBad: (request) => hasPort(request, request.length - 2),
    granted: [5, 0, 0, 1, 0, 0, 0, 0, 0, 0],
    refusals: {
      "closes": [],
      "closes within its reply": [5, 0],
      "answers nonsense": "HTTP/1.1 400 Bad Request\r\n\r\n",
      "answers REP 1": [5, 1, 0, 1, 0, 0, 0, 0, 0, 0],
      "answers REP 6": [5, 6, 0, 1, 0, 0, 0, 0, 0, 0],
    },
  },
  socks4: {
    before: [],
    isBad: (request) => hasPort(request, 2),
    granted: [0, 90, 0, 0, 0, 0, 0, 0],
    refusals: {
      "closes": [],
      "answers nonsense": "HTTP/1.1 400 Bad Request\r\n\r\n",
      "answers CD 91": [0, 91, 0, 0, 0, 0, 0, 0],
      "answers CD 92": [0, 92, 0, 0, 0, 0, 0, 0],
      "answers CD 93": [0, 93, 0, 0, 0, 0, 0, 0],
    },
  },
  http: {
    before: [],
    isBad: (request) => asText(request).includes(`:${BAD.port} `),
    granted: "HTTP/1.1 200 OK\r\n\r\n",
    refusals: {
      "closes": [],
      "closes within its head": "HTTP/1.1 200",
      "answers nonsense": "SSH-2.0-OpenSSH\r\n\r\n",
      "answers 407": "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
      "answers 502": "HTTP/1.1 502 Bad Gateway\r\n\r\n",
    },
  },
} satisfies Record<string, Dialect>;

/** A parent that serves all targets but one. */
function startPicky(
  { before, isBad, granted }: Dialect,
  refusal: Message = [],
  port = 0,
): TestServer {
  return startServer(
    async (conn) => {
      const buffer = new Uint8Array(4096);
      for (const answer of before) {
        if (await conn.read(buffer) === null) return;
        await writeAll(conn, answer);
      }
      const length = await conn.read(buffer);
      if (length === null) return;
      const request = buffer.subarray(0, length);
      if (isBad(request)) return await writeAll(conn, refusal);
      await writeAll(conn, granted);
      await writeAll(conn, await readExactly(conn, 4));
    },
    "127.0.0.1",
    port,
  );
}

/** A proxy that goes through chains of one parent each, and what it says. */
async function startVia(
  urls: readonly string[],
  config: Parameters<typeof startTestProxy>[0] = {},
  method: "first" | "least-connections" = "first",
): Promise<{ proxy: TestProxy; messages: string[] }> {
  const messages: string[] = [];
  const proxy = await startTestProxy({
    ...config,
    parents: { via: urls.map((url) => [parseParent(url)]), method },
    log: (event) => {
      if (event.event === "message") messages.push(event.message);
    },
  });
  return { proxy, messages };
}

/** Says something to the target, and has it back. */
async function ping(proxy: TestProxy): Promise<void> {
  using conn = await within(5_000, openTunnel(proxy, GOOD));
  await writeAll(conn, "ping");
  assertEquals(asText(await within(5_000, readExactly(conn, 4))), "ping");
}

async function refusedFor(proxy: TestProxy): Promise<void> {
  await assertRejects(
    () => within(5_000, openTunnel(proxy, BAD)),
    Error,
    "Refused with ",
  );
}

for (const [scheme, dialect] of Object.entries<Dialect>(DIALECTS)) {
  for (const [what, refusal] of Object.entries(dialect.refusals)) {
    Deno.test(`ParentGroup keeps its only ${scheme} parent, which ${what} for one target`, async () => {
      await using parent = startPicky(dialect, refusal);
      const url = `${scheme}://127.0.0.1:${parent.addr.port}`;
      const { proxy, messages } = await startVia([url]);
      await using _ = proxy;
      for (let n = 0; n <= FALL; n++) await refusedFor(proxy);
      await ping(proxy);
      assertEquals(messages, []);
    });

    Deno.test(`ParentGroup keeps the first of two ${scheme} parents, which ${what} for one target`, async () => {
      await using first = startPicky(dialect, refusal);
      await using second = startPicky(dialect, refusal);
      const [url, other] = [first, second]
        .map(({ addr }) => `${scheme}://127.0.0.1:${addr.port}`);
      const { proxy, messages } = await startVia([url!, other!]);
      await using _ = proxy;
      for (let n = 0; n <= FALL; n++) await refusedFor(proxy);
      await ping(proxy);
      const ended = await proxy.whenEnded(FALL + 2);
      assertEquals(ended.at(-1)!.via, url);
      assertEquals(messages, []);
    });
  }
}

/** What a parent does that fails whatever the target is. */
const FAILURES: Readonly<
  Record<string, (conn: Deno.TcpConn, buffer: Uint8Array) => Promise<unknown>>
> = {
  "closes before the greeting": () => Promise.resolve(),
  "closes after the greeting": (conn, buffer) => conn.read(buffer),
  "refuses all methods": async (conn, buffer) => {
    await conn.read(buffer);
    await writeAll(conn, [5, 255]);
  },
  "refuses the password": async (conn, buffer) => {
    await conn.read(buffer);
    await writeAll(conn, [5, 2]);
    await conn.read(buffer);
    await writeAll(conn, [1, 1]);
  },
  "is silent": async (conn, buffer) => {
    while (await conn.read(buffer) !== null);
  },
};

for (const [what, fail] of Object.entries(FAILURES)) {
  Deno.test(`ParentGroup passes over a parent that ${what}`, async () => {
    await using bad = startServer((conn) => fail(conn, new Uint8Array(4096)));
    await using good = startPicky(DIALECTS.socks5);
    const url = `socks5://127.0.0.1:${bad.addr.port}`;
    const { proxy, messages } = await startVia([
      url.replace("//", "//alice:secret@"),
      `socks5://127.0.0.1:${good.addr.port}`,
    ], { timeouts: { connect: 200 } });
    await using _ = proxy;
    for (let n = 0; n < FALL + 2; n++) await ping(proxy);
    assertEquals(bad.accepted, FALL);
    assertEquals(messages.length, 1);
    assert(messages[0]!.startsWith(`Parent ${url} is down: `), messages[0]);
  });
}

Deno.test("ParentGroup refuses the client when its only parent is silent", async () => {
  await using silent = startServer((conn) =>
    FAILURES["is silent"]!(conn, new Uint8Array(4096))
  );
  const url = `socks5://127.0.0.1:${silent.addr.port}`;
  const { proxy } = await startVia([url], { timeouts: { connect: 50 } });
  await using _ = proxy;
  for (let n = 0; n <= FALL; n++) {
    await assertRejects(() => openTunnel(proxy, GOOD), Error, "with 6");
  }
  assertEquals(silent.accepted, FALL + 1);
});

Deno.test("ParentGroup goes through its only parent as soon as that is back", async () => {
  const port = closedPort();
  const { proxy, messages } = await startVia([`http://127.0.0.1:${port}`]);
  await using _ = proxy;
  for (let n = 0; n <= FALL; n++) {
    await assertRejects(() => openTunnel(proxy, GOOD), Error, "with 1");
  }
  await using back = startPicky(DIALECTS.http, [], port);
  await ping(proxy);
  assertEquals(back.accepted, 1);
  assertEquals(messages.map((text) => / is (down: |up again)/.exec(text)![1]), [
    "down: ",
    "up again",
  ]);
});

Deno.test("ParentGroup goes to the chain with the fewest open connections", async () => {
  await using first = startPicky(DIALECTS.socks5);
  await using second = startPicky(DIALECTS.http);
  const chains = [
    `socks5://127.0.0.1:${first.addr.port}`,
    `http://127.0.0.1:${second.addr.port}`,
  ];
  const { proxy } = await startVia(chains, {}, "least-connections");
  await using _ = proxy;
  const ways = async (count: number) =>
    (await proxy.whenEnded(count)).map(({ via }) => chains.indexOf(via!));
  const a = await openTunnel(proxy, GOOD);
  const b = await openTunnel(proxy, GOOD);
  a[Symbol.dispose]();
  const [free] = await ways(1);
  for (const taken of [1, 2, 3]) {
    (await openTunnel(proxy, GOOD))[Symbol.dispose]();
    assertEquals((await ways(taken + 1)).at(-1), free);
  }
  b[Symbol.dispose]();
  assertEquals((await ways(5)).at(-1), 1 - free!);
});
