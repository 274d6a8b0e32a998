import { assertEquals } from "@std/assert";
import type { Connection } from "../../../lib/net/connection.ts";
import type { ConnectionEvent } from "../../../lib/observe/log_event.ts";
import {
  type Bytes,
  eventually,
  pattern,
  sha256,
} from "../../support/dialogue.ts";
import {
  connectRequest,
  GREETING,
  startTestProxy,
  type TestProxy,
} from "../../support/proxy.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";
import {
  mutualTls,
  serverTls,
  startTlsProxy,
} from "../../support/tls_proxy.ts";

/** A proxy that clients reach in one way. */
interface Entrance extends AsyncDisposable {
  proxy: TestProxy;
  connect(): Promise<Connection>;
}

/** Ways to reach a proxy. */
const ENTRANCES: Readonly<Record<string, () => Promise<Entrance>>> = {
  async plain() {
    const proxy = await startTestProxy();
    return {
      proxy,
      connect: () => proxy.connect(),
      [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
    };
  },
  TLS: () => startTlsProxy({ tls: serverTls }),
  "mutual TLS": () => startTlsProxy({ tls: mutualTls }),
};

/** Ways to ask for a tunnel. */
const PROTOCOLS: Readonly<
  Record<string, (client: Connection, to: Deno.NetAddr) => Promise<void>>
> = {
  async SOCKS5(client, { hostname, port }) {
    await writeAll(client, GREETING);
    assertEquals([...await readExactly(client, 2)], [5, 0]);
    await writeAll(client, connectRequest(hostname, port));
    assertEquals((await readExactly(client, 10))[1], 0);
  },
  async HTTP(client, { hostname, port }) {
    const authority = `${hostname}:${port}`;
    await writeAll(
      client,
      `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
    );
    const text = "HTTP/1.1 200 Connection established\r\n\r\n";
    const answer = await readExactly(client, text.length);
    assertEquals(new TextDecoder().decode(answer), text);
  },
};

/** What has to work in a tunnel, however it was opened. */
const BODIES: Readonly<
  Record<string, (open: Open, proxy: TestProxy) => Promise<void>>
> = {
  async "carries data both ways"(open) {
    await using echo = startEcho();
    using client = await open(echo.addr);
    for (const size of [1, 1000, 100_000]) {
      const bytes = pattern(size);
      const [answer] = await Promise.all([
        within(5_000, readExactly(client, size)),
        writeAll(client, bytes),
      ]);
      assertEquals(await sha256(answer), await sha256(bytes));
    }
  },
  async "half-closes in both directions"(open, proxy) {
    const seen = Promise.withResolvers<Bytes>();
    await using target = startServer(async (conn) => {
      seen.resolve(await readToEnd(conn));
      await writeAll(conn, "bye");
      await conn.closeWrite();
    });
    using client = await open(target.addr);
    await writeAll(client, "question");
    await client.closeWrite();
    assertEquals(text(await within(5_000, seen.promise)), "question");
    assertEquals(text(await within(5_000, toCleanEnd(client))), "bye");
    const [event] = await within(5_000, proxy.whenEnded(1));
    assertTunnel(event!, { sent: 8, received: 3, result: "ok" });
  },
  async "carries 10 MB each way at once"(open, proxy) {
    await using echo = startEcho();
    using client = await open(echo.addr);
    const bytes = pattern(10_000_000);
    const [answer] = await Promise.all([
      within(30_000, toCleanEnd(client)),
      writeAll(client, bytes).then(() => client.closeWrite()),
    ]);
    assertEquals(await sha256(answer), await sha256(bytes));
    const [event] = await within(5_000, proxy.whenEnded(1));
    assertTunnel(event!, {
      sent: bytes.length,
      received: bytes.length,
      result: "ok",
    });
  },
  async "is cut by the shutdown"(open, proxy) {
    const gone = Promise.withResolvers<void>();
    await using target = startServer(async (conn) => {
      await writeAll(conn, "x");
      await readToEnd(conn);
      gone.resolve();
    });
    using client = await open(target.addr);
    await readExactly(client, 1);
    assertEquals(await within(5_000, proxy.proxy.shutdown(0)), 1);
    await within(5_000, gone.promise);
    await within(5_000, readToEnd(client));
    const [event] = await within(5_000, proxy.whenEnded(1));
    assertEquals(event!.result, "cut", event!.reason);
  },
  async "ends when its client leaves"(open, proxy) {
    const gone = Promise.withResolvers<void>();
    await using target = startServer(async (conn) => {
      await writeAll(conn, "x");
      await readToEnd(conn);
      gone.resolve();
    });
    const client = await open(target.addr);
    await readExactly(client, 1);
    client.close();
    await within(5_000, gone.promise);
    assertEquals((await within(5_000, proxy.whenEnded(1))).length, 1);
  },
};

type Open = (target: Deno.NetAddr) => Promise<Connection>;

for (const [entrance, start] of Object.entries(ENTRANCES)) {
  for (const [protocol, ask] of Object.entries(PROTOCOLS)) {
    for (const [what, body] of Object.entries(BODIES)) {
      Deno.test(`overTls() ${what}: ${protocol} over ${entrance}`, async () => {
        await using proxy = await start();
        await body(async (target) => {
          const client = await within(5_000, proxy.connect());
          await within(5_000, ask(client, target));
          return client;
        }, proxy.proxy);
        assertEquals(
          await eventually(() => proxy.proxy.proxy.connections === 0),
          true,
        );
      });
    }
  }
}

/** Reads to the end that the peer has sent; a cut connection fails. */
async function toCleanEnd(client: Connection): Promise<Bytes> {
  const chunks: Bytes[] = [];
  const buffer = new Uint8Array(64 * 1024);
  while (true) {
    const count = await client.read(buffer);
    if (count === null) break;
    chunks.push(buffer.slice(0, count));
  }
  return await new Blob(chunks).bytes();
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function assertTunnel(
  { sent, received, result, reason }: ConnectionEvent,
  expected: Pick<ConnectionEvent, "sent" | "received" | "result">,
): void {
  assertEquals({ sent, received, result }, expected, reason);
}
