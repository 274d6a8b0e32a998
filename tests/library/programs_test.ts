/**
 * Small programs that use the library as their authors would: by its published
 * names alone.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { toText } from "@std/streams";
import {
  type ConnectionEvent,
  startEcho,
  startForward,
  startHub,
  startProxy,
} from "@sluice/sluice";
import { decide, parseRules } from "@sluice/sluice/rules";
import { httpConnect, socksConnect } from "@sluice/sluice/socks";
import {
  SocketReadable,
  SocketWritable,
  type StreamPair,
  tunnel,
} from "@sluice/sluice/streams";

const LOOPBACK = { listen: "127.0.0.1:0" };

/** Says something on a connection, ends it, and gives the answer. */
async function say({ readable, writable }: StreamPair, text: string) {
  const [answer] = await Promise.all([
    toText(readable),
    ReadableStream.from([new TextEncoder().encode(text)]).pipeTo(writable),
  ]);
  return answer;
}

/** A `Deno.Conn` with streams that end separately. */
function streamsOf(conn: Deno.TcpConn): StreamPair {
  return {
    readable: new SocketReadable(conn),
    writable: new SocketWritable(conn),
  };
}

Deno.test("program: a proxy inside of a Deno test", async () => {
  await using echo = await startEcho(LOOPBACK);
  await using proxy = await startProxy(LOOPBACK);
  using socks = await socksConnect(`socks5h://${proxy.addr}`, echo.addr);
  assertEquals(await say(socks, "by SOCKS"), "by SOCKS");
  using http = await httpConnect(`http://${proxy.addr}`, echo.addr);
  assertEquals(await say(http, "by CONNECT"), "by CONNECT");
});

Deno.test("program: a policy in TypeScript", async () => {
  await using echo = await startEcho(LOOPBACK);
  const asked: string[] = [];
  await using proxy = await startProxy({
    ...LOOPBACK,
    user: ["alice:a", "bob:b"],
    async authorize({ user, port }) {
      asked.push(`${user} ${port}`);
      await Promise.resolve();
      return user === "alice";
    },
  });
  const as = (login: string) =>
    socksConnect(`socks5h://${login}@${proxy.addr}`, echo.addr);
  using allowed = await as("alice:a");
  assertEquals(await say(allowed, "hello"), "hello");
  const error = await assertRejects(() => as("bob:b"), Error, "forbids");
  assertEquals((error as { kind?: string }).kind, "forbidden");
  assertEquals(asked, [`alice ${echo.port}`, `bob ${echo.port}`]);
});

Deno.test("program: a fetch through SOCKS", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("fetched"),
  );
  const { promise, resolve } = Promise.withResolvers<ConnectionEvent>();
  await using proxy = await startProxy({ ...LOOPBACK, onEnd: resolve });
  {
    using client = Deno.createHttpClient({
      proxy: { url: `socks5h://${proxy.addr}` },
    });
    const url = `http://127.0.0.1:${server.addr.port}/`;
    const answer = await fetch(url, { client });
    assertEquals(await answer.text(), "fetched");
  }
  const { protocol, target } = await promise;
  assertEquals(protocol, "socks5");
  assertEquals(target, `127.0.0.1:${server.addr.port}`);
});

Deno.test("program: a port forward in ten lines", async () => {
  await using echo = await startEcho(LOOPBACK);
  await using relay = await startForward({
    ...LOOPBACK,
    upstreams: [`127.0.0.1:${echo.port}`],
  });
  using conn = await Deno.connect({ port: relay.port });
  assertEquals(await say(streamsOf(conn), "relayed"), "relayed");
});

Deno.test("program: a report of what leaves, by target", async () => {
  await using one = await startEcho(LOOPBACK);
  await using other = await startEcho(LOOPBACK);
  const report = new Map<string, number>();
  const ended = Promise.withResolvers<void>();
  await using proxy = await startProxy({
    ...LOOPBACK,
    onEnd({ target = "none", sent }) {
      report.set(target, (report.get(target) ?? 0) + sent);
      if (report.get(one.addr) === 6 && report.has(other.addr)) ended.resolve();
    },
  });
  const url = `socks5h://${proxy.addr}`;
  for (const target of [one.addr, one.addr, other.addr]) {
    using conn = await socksConnect(url, target);
    await say(conn, "abc");
  }
  await ended.promise;
  assertEquals(Object.fromEntries(report), { [one.addr]: 6, [other.addr]: 3 });
});

Deno.test("program: a gzip tunnel by pipeThrough", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const text = "again and again ".repeat(1_000);
  async function send() {
    using conn = await Deno.connect({ port: listener.addr.port });
    await ReadableStream.from([new TextEncoder().encode(text)])
      .pipeThrough(new CompressionStream("gzip"))
      .pipeTo(new SocketWritable(conn));
  }
  async function receive() {
    using conn = await listener.accept();
    let onTheWay = 0;
    const counted = new TransformStream<
      Uint8Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>
    >({
      transform(chunk, controller) {
        onTheWay += chunk.length;
        controller.enqueue(chunk);
      },
    });
    const plain = new SocketReadable(conn).pipeThrough(counted)
      .pipeThrough(new DecompressionStream("gzip"));
    return { text: await toText(plain), onTheWay };
  }
  const [received] = await Promise.all([receive(), send()]);
  assertEquals(received.text, text);
  assert(received.onTheWay > 0 && received.onTheWay < text.length / 10);
});

Deno.test("program: a proxy that goes out through another one", async () => {
  await using echo = await startEcho(LOOPBACK);
  await using far = await startProxy({ ...LOOPBACK, user: "alice:secret" });
  await using near = await startProxy({
    ...LOOPBACK,
    dial: ({ host, port, signal }) =>
      socksConnect(`socks5h://alice:secret@${far.addr}`, `${host}:${port}`, {
        signal,
      }),
  });
  using conn = await httpConnect(`http://${near.addr}`, echo.addr);
  assertEquals(await say(conn, "twice"), "twice");
});

Deno.test("program: a target that exists in memory only", async () => {
  await using proxy = await startProxy({
    ...LOOPBACK,
    dial({ host }) {
      if (host !== "memory.example") return undefined;
      return new TransformStream<
        Uint8Array<ArrayBuffer>,
        Uint8Array<ArrayBuffer>
      >();
    },
  });
  const url = `socks5h://${proxy.addr}`;
  using conn = await socksConnect(url, "memory.example:80");
  assertEquals(await say(conn, "no socket at all"), "no socket at all");
});

Deno.test("program: rules without a proxy", async () => {
  const rules = await parseRules(`
    allow name *.example port 443
    inside: deny to 10.0.0.0/8
  `);
  assertEquals(rules.size, 2);
  const www = decide(rules, { host: "www.example", port: 443 });
  assertEquals(www?.rule, "line 2");
  assertEquals(decide(rules, { host: "db.test", port: 5432 }), undefined);
  const address = "10.1.2.3";
  const inside = decide(rules, { host: "db.test", port: 5432, address });
  assertEquals(inside?.isAllowed, false);
});

Deno.test("program: a chat between two clients of a hub", async () => {
  await using hub = await startHub(LOOPBACK);
  using alice = await Deno.connect({ port: hub.port });
  using bob = await Deno.connect({ port: hub.port });
  const buffer = new Uint8Array(64);
  // Each hears the other only once both are in.
  const hello = new TextEncoder().encode("hello\n");
  const heard = bob.read(buffer);
  await alice.write(hello);
  const count = await heard;
  assertEquals(buffer.slice(0, count!), hello);
});

Deno.test("program: a relay of one's own, with tunnel()", async () => {
  await using echo = await startEcho(LOOPBACK);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  async function serveOne() {
    const client = await listener.accept();
    return await tunnel(client, await Deno.connect({ port: echo.port }));
  }
  const served = serveOne();
  using conn = await Deno.connect({ port: listener.addr.port });
  assertEquals(await say(streamsOf(conn), "joined"), "joined");
  const { endedFirst, error, sent, received } = await served;
  assertEquals({ endedFirst, error, sent, received }, {
    endedFirst: "client",
    error: undefined,
    sent: 6,
    received: 6,
  });
});

Deno.test("program: connections that are closed as they come", async () => {
  const clients: string[] = [];
  await using echo = await startEcho({
    ...LOOPBACK,
    onConnection({ client, close }) {
      clients.push(client);
      if (clients.length === 2) close("Only one, please");
    },
  });
  using first = await Deno.connect({ port: echo.port });
  await first.write(new Uint8Array(1));
  assertEquals(await first.read(new Uint8Array(1)), 1);
  using second = await Deno.connect({ port: echo.port });
  assertEquals(await second.read(new Uint8Array(1)).catch(() => null), null);
  assertEquals(
    clients,
    [first, second].map(({ localAddr }) => `127.0.0.1:${localAddr.port}`),
  );
});
