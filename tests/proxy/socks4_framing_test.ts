import { assertEquals } from "@std/assert";
import {
  assertBytes,
  assertServedAlone,
  type Bytes,
  HAS_IPV6,
  join,
  readToEof,
  roundTrip,
} from "../support/dialogue.ts";
import { startTestProxy, type TestProxy } from "../support/proxy.ts";
import { GRANTED, REJECTED, socks4Request } from "../support/socks4.ts";
import {
  readExactly,
  startEcho,
  type TestServer,
  within,
  writeAll,
} from "../support/sockets.ts";

interface Form {
  name: string;
  /** Where the target listens. */
  hostname: string;
  /** What the client says before the payload. */
  say: (port: number) => Bytes;
}

const FORMS: Form[] = [
  {
    name: "an address",
    hostname: "127.0.0.1",
    say: (port) => socks4Request("127.0.0.1", port, { userId: "fred" }),
  },
  {
    name: "a name",
    hostname: "127.0.0.1",
    say: (port) => socks4Request("localhost", port),
  },
  {
    name: "IPv6 as a name",
    hostname: "::1",
    say: (port) => socks4Request("::1", port, { userId: "fred" }),
  },
];

for (const form of FORMS) {
  const ignore = form.hostname === "::1" && !HAS_IPV6;
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `socks4() ${name} with ${form.name}`, ignore, fn });

  test("serves a request sent one byte at a time", async () => {
    await using pair = await start(form);
    const { proxy, echo } = pair;
    await using other = await startTestProxy();
    using conn = await proxy.connect();
    for (const byte of join(form.say(echo.addr.port), PAYLOAD)) {
      await writeAll(conn, [byte]);
      await roundTrip(other, echo);
    }
    await assertTunnel(conn);
  });

  test("serves a request cut in two at every boundary", async () => {
    await using pair = await start(form);
    const { proxy, echo } = pair;
    await using other = await startTestProxy();
    const whole = join(form.say(echo.addr.port), PAYLOAD);
    const cuts = whole.keys().drop(1).toArray();
    const clients = await Promise.all(cuts.map(() => proxy.connect()));
    try {
      await sendEach(clients, (n) => whole.subarray(0, cuts[n]));
      await roundTrip(other, echo);
      await sendEach(clients, (n) => whole.subarray(cuts[n]));
      for (const client of clients) await assertTunnel(client);
    } finally {
      for (const client of clients) client.close();
    }
  });

  test("closes and never dials for a request cut off anywhere", async () => {
    await using pair = await start(form);
    const { proxy, echo } = pair;
    const whole = form.say(echo.addr.port);
    const lengths = whole.keys().toArray();
    await Promise.all(lengths.map(async (length) => {
      using conn = await proxy.connect();
      await writeAll(conn, whole.subarray(0, length));
      await conn.closeWrite();
      assertBytes(await within(5_000, readToEof(conn)), []);
    }));
    const ended = await proxy.whenEnded(lengths.length);
    for (const { result, target } of ended) {
      assertEquals([result, target], ["dropped", undefined]);
    }
    await using other = await startTestProxy();
    await assertServedAlone(other, echo);
  });

  test("passes on what follows the request in its segment", async () => {
    await using pair = await start(form);
    const { proxy, echo } = pair;
    using conn = await proxy.connect();
    await writeAll(conn, join(form.say(echo.addr.port), PAYLOAD));
    await assertTunnel(conn);
    await conn.closeWrite();
    assertBytes(await within(5_000, readToEof(conn)), []);
    const [record] = await proxy.whenEnded(1);
    const { sent, received } = record!;
    assertEquals([sent, received], [PAYLOAD.length, PAYLOAD.length]);
  });
}

Deno.test("socks4() drops a request that is not over in time", async () => {
  await using proxy = await startTestProxy({ timeouts: { handshake: 100 } });
  using conn = await proxy.connect();
  const request = socks4Request("127.0.0.1", 80, { userId: "fred" });
  await writeAll(conn, request.subarray(0, -1));
  await within(5_000, readToEof(conn).catch(() => {}));
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals(record!.result, "dropped");
});

Deno.test("socks4() refuses a USERID without end at its 256th byte", async () => {
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  await writeAll(conn, [4, 1, 0, 80, 127, 0, 0, 1]);
  await writeAll(conn, new Uint8Array(256).fill(0x61));
  assertBytes(await within(5_000, readToEof(conn)), REJECTED);
});

/** Longer than a request, so that a byte too many or too few shows. */
const PAYLOAD: Bytes = Uint8Array.from({ length: 48 }, (_, n) => 0xff - n);

interface Pair extends AsyncDisposable {
  proxy: TestProxy;
  echo: TestServer;
}

async function start({ hostname }: Form): Promise<Pair> {
  const echo = startEcho(hostname);
  const proxy = await startTestProxy();
  return {
    proxy,
    echo,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await echo[Symbol.asyncDispose]();
    },
  };
}

async function sendEach(
  clients: Deno.TcpConn[],
  part: (index: number) => Uint8Array,
): Promise<void> {
  await Promise.all(clients.map((client, n) => writeAll(client, part(n))));
}

/** Fails unless the tunnel was opened and has echoed the payload. */
async function assertTunnel(conn: Deno.Conn): Promise<void> {
  const { length } = GRANTED;
  assertBytes(await within(5_000, readExactly(conn, length)), GRANTED);
  const echoed = await within(5_000, readExactly(conn, PAYLOAD.length));
  assertBytes(echoed, PAYLOAD);
}
