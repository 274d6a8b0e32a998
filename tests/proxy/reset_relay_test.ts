import { assertEquals } from "@std/assert";
import tls from "node:tls";
import { openTls } from "../../lib/serve/tls/open.ts";
import { openUpstreamTls } from "../../lib/serve/tls/open_upstream.ts";
import { TlsAcceptor } from "../../lib/net/tls/accept.ts";
import type { Connection } from "../../lib/net/connection.ts";
import { startTls } from "../../lib/net/tls/start.ts";
import type { End } from "../../lib/net/tunnel.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import { parseParent } from "../../lib/wire/parent_url.ts";
import {
  sharedAuthority,
  type TestAuthority,
} from "../support/certificates.ts";
import { pattern, sha256 } from "../support/dialogue.ts";
import { pooled, startTestForward, upstreamAt } from "../support/forward.ts";
import { connectRequest, greet, readReply } from "../support/proxy.ts";
import { startTestProxy } from "../support/proxy.ts";
import { HAS_RESETS, receive, resetAndClose } from "../support/reset_ends.ts";
import { readExactly, within, writeAll } from "../support/sockets.ts";
import { serverTls } from "../support/tls_proxy.ts";

// Outside of all tests: what it loads stays loaded.
tls.createSecureContext();

const authority = await sharedAuthority();

/** Resets for each way and each side. */
const RESETS = 10;

/** At once. */
const AT_ONCE = 5;

/** The longest of what is said before a reset. */
const MOST_SAID = 300_000;

/** A Sluice under test. */
interface Server extends AsyncDisposable {
  readonly addr: Deno.NetAddr;
  readonly ended: readonly ConnectionEvent[];
  whenEnded(count: number): Promise<unknown>;
}

/** A way from a client to a target. */
interface Way {
  /** Whether the client speaks TLS with Sluice. */
  isTls?: boolean;
  /** Whether Sluice speaks TLS with the target. */
  isTlsTarget?: boolean;
  start(target: Deno.NetAddr, authority: TestAuthority): Promise<Server>;
  /** What a client says first. */
  ask?(conn: Connection, target: Deno.NetAddr): Promise<void>;
}

async function askSocks5(
  conn: Connection,
  { hostname, port }: Deno.NetAddr,
): Promise<void> {
  await greet(conn as Deno.TcpConn);
  await writeAll(conn, connectRequest(hostname, port));
  assertEquals((await readReply(conn as Deno.TcpConn)).reply, 0);
}

async function askConnect(
  conn: Connection,
  { hostname, port }: Deno.NetAddr,
): Promise<void> {
  const at = `${hostname}:${port}`;
  await writeAll(conn, `CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n\r\n`);
  for (let head = ""; !head.endsWith("\r\n\r\n");) {
    head += String.fromCharCode((await readExactly(conn, 1))[0]!);
  }
}

async function listenerTls(authority: TestAuthority) {
  return (await openTls(serverTls(authority), { log: () => {} })).tls;
}

async function upstreamTls(authority: TestAuthority) {
  const authorities = authority.path("ca.crt");
  const settings = { certificates: [], authorities };
  return (await openUpstreamTls(settings, () => {})).start;
}

/** A proxy in front of another one. */
async function startChain(scheme: "socks5" | "http" | "https", {
  authority,
}: { authority: TestAuthority }): Promise<Server> {
  const isTls = scheme === "https";
  const parent = await startTestProxy(
    isTls ? { tls: await listenerTls(authority) } : {},
  );
  const host = isTls ? "localhost" : "127.0.0.1";
  const via = [[parseParent(`${scheme}://${host}:${parent.addr.port}`)]];
  const proxy = await startTestProxy({
    parents: { via },
    ...isTls ? { startTls: await upstreamTls(authority) } : {},
  });
  return {
    addr: proxy.addr,
    ended: proxy.ended,
    whenEnded: (count) => proxy.whenEnded(count),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await parent[Symbol.asyncDispose]();
    },
  };
}

const WAYS: Readonly<Record<string, Way>> = {
  "SOCKS5": { start: () => startTestProxy(), ask: askSocks5 },
  "CONNECT": { start: () => startTestProxy(), ask: askConnect },
  "SOCKS5 inside of TLS": {
    isTls: true,
    async start(_target, authority) {
      return await startTestProxy({ tls: await listenerTls(authority) });
    },
    ask: askSocks5,
  },
  "a SOCKS5 parent": {
    start: (_target, authority) => startChain("socks5", { authority }),
    ask: askSocks5,
  },
  "an HTTP parent": {
    start: (_target, authority) => startChain("http", { authority }),
    ask: askConnect,
  },
  "an HTTPS parent": {
    start: (_target, authority) => startChain("https", { authority }),
    ask: askSocks5,
  },
  "forward": { start: (target) => startTestForward([upstreamAt(target)]) },
  "forward --pool ahead": {
    start: (target) =>
      startTestForward([upstreamAt(target)], pooled("ahead", 2)),
  },
  "forward --pool reuse": {
    start: (target) =>
      startTestForward([upstreamAt(target)], pooled("reuse", 2)),
  },
  "forward from TLS to TLS": {
    isTls: true,
    isTlsTarget: true,
    start: async (target, authority) =>
      await startTestForward(
        [upstreamAt({ ...target, hostname: "localhost" }, { isTls: true })],
        {
          tls: await listenerTls(authority),
          startTls: await upstreamTls(authority),
        },
      ),
  },
};

/** Both ends of one connection through Sluice. */
type Pair = Record<End, Connection>;

/** Opens connections through Sluice, and finds their other ends. */
class Opener implements Disposable {
  readonly #way: Way;
  readonly #authority: TestAuthority;
  readonly #acceptor: TlsAcceptor | undefined;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #targets = new Map<number, PromiseWithResolvers<Connection>>();
  readonly #open = new Set<Connection>();
  #last = 0;

  constructor(way: Way, authority: TestAuthority) {
    this.#way = way;
    this.#authority = authority;
    const { certificate, key } = authority.server;
    if (way.isTlsTarget) this.#acceptor = new TlsAcceptor({ certificate, key });
    void this.#acceptAll();
  }

  get addr(): Deno.NetAddr {
    return this.#listener.addr;
  }

  async open(server: Server): Promise<Pair> {
    const id = ++this.#last;
    const { promise, ...resolvers } = Promise.withResolvers<Connection>();
    this.#targets.set(id, { promise, ...resolvers });
    const client = await this.#connect(server.addr);
    await this.#way.ask?.(client, this.addr);
    await writeAll(client, [id]);
    const target = await promise;
    for (const conn of [client, target]) this.#open.add(conn);
    return { client, target };
  }

  async #connect({ port }: Deno.NetAddr): Promise<Connection> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    if (!this.#way.isTls) return conn;
    return await startTls(conn, {
      host: "localhost",
      verify: () => Promise.resolve(),
      authorities: this.#authority.authority.certificate,
    });
  }

  async #acceptAll(): Promise<void> {
    for await (const conn of this.#listener) void this.#accept(conn);
  }

  /** A pool connects before it is asked to: each says whose it is. */
  async #accept(conn: Deno.TcpConn): Promise<void> {
    this.#open.add(conn);
    try {
      const accepted = await this.#acceptor?.accept(conn, conn);
      const inside = accepted?.connection ?? conn;
      const [id] = await readExactly(inside, 1);
      this.#targets.get(id!)!.resolve(inside);
    } catch {
      conn[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const conn of this.#open) conn[Symbol.dispose]();
  }
}

/** Both sides speak, and one resets behind what it said. */
async function resetOne(
  opener: Opener,
  server: Server,
  end: End,
): Promise<void> {
  const pair = await opener.open(server);
  const [near, far] = end === "client"
    ? [pair.client, pair.target]
    : [pair.target, pair.client];
  const bytes = pattern(Math.floor(Math.random() ** 3 * MOST_SAID));
  const receiving = receive(far);
  await writeAll(far, "This may be lost");
  await writeAll(near, bytes);
  await resetAndClose(near);
  const received = await within(10_000, receiving);
  assertEquals(received.bytes.length, bytes.length);
  assertEquals(await sha256(received.bytes), await sha256(bytes));
  assertEquals(received.end, "RST");
  far.close();
}

for (const [name, way] of Object.entries(WAYS)) {
  for (const end of ["client", "target"] as const) {
    Deno.test({
      name: `A reset of the ${end} reaches the other end through ${name}`,
      ignore: !HAS_RESETS,
      async fn() {
        using opener = new Opener(way, authority);
        await using server = await way.start(opener.addr, authority);
        for (let n = 0; n < RESETS; n += AT_ONCE) {
          await Promise.all(
            Array.from(
              { length: AT_ONCE },
              () => resetOne(opener, server, end),
            ),
          );
        }
        await within(10_000, server.whenEnded(RESETS));
        for (const { result, reason, endedFirst } of server.ended) {
          assertEquals([result, endedFirst], ["cut", end]);
          assertEquals(reason, `${end}: connection reset`);
        }
      },
    });
  }
}

for (const resetRelay of ["on", "all", "off"] as const) {
  for (const isTls of [false, true]) {
    const way = WAYS[isTls ? "SOCKS5 inside of TLS" : "SOCKS5"]!;
    Deno.test({
      name: `A shutdown with resets ${resetRelay} ends tunnels ${
        isTls ? "inside of TLS" : "in the open"
      }`,
      ignore: !HAS_RESETS,
      async fn() {
        using opener = new Opener(way, authority);
        await using server = await startTestProxy({
          resetRelay,
          ...isTls ? { tls: await listenerTls(authority) } : {},
        });
        const { client, target } = await opener.open(server);
        const receiving = [receive(client), receive(target)];
        await writeAll(client, [1, 2, 3]);
        assertEquals(await server.proxy.shutdown(0), 1);
        const want = resetRelay === "all" ? "RST" : "FIN";
        for (const one of receiving) {
          assertEquals((await within(5_000, one)).end, want);
        }
        const [record] = server.ended;
        assertEquals(record!.reason, "Cut by the shutdown");
      },
    });
  }
}
