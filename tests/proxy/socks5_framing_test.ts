import { assertEquals } from "@std/assert";
import {
  assertBytes,
  assertServedAlone,
  type Bytes,
  credentials,
  HAS_IPV6,
  join,
  nameRequest,
  readToEof,
  roundTrip,
} from "../support/dialogue.ts";
import {
  connectRequest,
  GREETING,
  readReply,
  startTestProxy,
  type TestProxy,
} from "../support/proxy.ts";
import {
  readExactly,
  startEcho,
  type TestServer,
  within,
  writeAll,
} from "../support/sockets.ts";

const USER = { name: "alice", password: "secret" };

interface Form {
  name: string;
  /** Where the target listens. */
  hostname: string;
  users?: [typeof USER];
  /** What the client says before the payload. */
  say: (port: number) => Bytes;
  /** What the proxy says before its reply. */
  hear: number[];
}

const FORMS: Form[] = [
  {
    name: "IPv4",
    hostname: "127.0.0.1",
    say: (port) => join(GREETING, connectRequest("127.0.0.1", port)),
    hear: [5, 0],
  },
  {
    name: "a name",
    hostname: "127.0.0.1",
    say: (port) => join([5, 3, 1, 0, 2], nameRequest("localhost", port)),
    hear: [5, 0],
  },
  {
    name: "user and password",
    hostname: "127.0.0.1",
    users: [USER],
    say: (port) =>
      join(
        [5, 1, 2],
        credentials(USER.name, USER.password),
        connectRequest("127.0.0.1", port),
      ),
    hear: [5, 2, 1, 0],
  },
  {
    name: "IPv6",
    hostname: "::1",
    say: (port) => join(GREETING, connectRequest("::1", port)),
    hear: [5, 0],
  },
];

for (const form of FORMS) {
  const ignore = form.hostname === "::1" && !HAS_IPV6;
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `socks5() ${name} with ${form.name}`, ignore, fn });

  test("serves a dialogue sent one byte at a time", async () => {
    await using pair = await start(form);
    const { proxy, echo } = pair;
    await using other = await startTestProxy();
    using conn = await proxy.connect();
    for (const byte of join(form.say(echo.addr.port), PAYLOAD)) {
      await writeAll(conn, [byte]);
      await roundTrip(other, echo);
    }
    await assertTunnel(conn, form);
  });

  test("serves a dialogue cut in two at every boundary", async () => {
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
      for (const client of clients) await assertTunnel(client, form);
    } finally {
      for (const client of clients) client.close();
    }
  });

  test("closes and never dials for a dialogue cut off anywhere", async () => {
    await using pair = await start(form);
    const { proxy, echo } = pair;
    const whole = form.say(echo.addr.port);
    const lengths = whole.keys().toArray();
    await Promise.all(lengths.map(async (length) => {
      using conn = await proxy.connect();
      await writeAll(conn, whole.subarray(0, length));
      await conn.closeWrite();
      const answer = await within(5_000, readToEof(conn));
      const isGreeted = length >= 2 && length >= 2 + whole[1]!;
      const least = isGreeted ? 2 : 0; // The method, and perhaps the status.
      const expected = form.hear.slice(0, Math.max(answer.length, least));
      assertBytes(answer, expected, `after ${length} bytes`);
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
    await assertTunnel(conn, form);
    await conn.closeWrite();
    assertBytes(await readToEof(conn), []);
    const [record] = await proxy.whenEnded(1);
    const { sent, received } = record!;
    assertEquals([sent, received], [PAYLOAD.length, PAYLOAD.length]);
  });
}

Deno.test("socks5() passes on a megabyte sent with the request", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  const payload = new Uint8Array(1_000_000).fill(7);
  const { port } = echo.addr;
  const request = join(GREETING, connectRequest("127.0.0.1", port));
  const bytes = new Uint8Array(request.length + payload.length);
  bytes.set(request);
  bytes.set(payload, request.length);
  const writing = writeAll(conn, bytes).then(() => conn.closeWrite());
  assertBytes(await readExactly(conn, 2), [5, 0]);
  assertEquals((await readReply(conn)).reply, 0);
  assertEquals((await readToEof(conn)).length, payload.length);
  await writing;
});

/** Longer than a request, so that a byte too many or too few shows. */
const PAYLOAD: Bytes = Uint8Array.from({ length: 24 }, (_, n) => 0xff - n);

interface Pair extends AsyncDisposable {
  proxy: TestProxy;
  echo: TestServer;
}

async function start({ hostname, users }: Form): Promise<Pair> {
  const echo = startEcho(hostname);
  const proxy = await startTestProxy(users === undefined ? {} : { users });
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
async function assertTunnel(conn: Deno.Conn, form: Form): Promise<void> {
  const hear = await within(5_000, readExactly(conn, form.hear.length));
  assertBytes(hear, form.hear);
  assertEquals((await within(5_000, readReply(conn))).reply, 0);
  const echoed = await within(5_000, readExactly(conn, PAYLOAD.length));
  assertBytes(echoed, PAYLOAD);
}
