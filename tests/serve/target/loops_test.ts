import { assertEquals, assertMatch } from "@std/assert";
import type { RunningRelay } from "../../../lib/forward/start.ts";
import type { ConnectionEvent } from "../../../lib/observe/log_event.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import { type Parent, parseParent } from "../../../lib/wire/parent_url.ts";
import {
  assertBytes,
  dialogue,
  exchange,
  HAS_IPV6,
  join,
  nameRequest,
  NO_AUTHENTICATION,
  readToEof,
  refusal,
  roundTrip,
} from "../../support/dialogue.ts";
import {
  pooled,
  type SomeForwardConfig,
  startForward,
  startTestForward,
  upstreamAt,
} from "../../support/forward.ts";
import { makeFolder } from "../../support/programs.ts";
import {
  connectRequest,
  greet,
  GREETING,
  openTunnel,
  readReply,
  startTestProxy,
  type TestProxy,
} from "../../support/proxy.ts";
import { REJECTED, socks4Request } from "../../support/socks4.ts";
import {
  closedPort,
  startEcho,
  within,
  writeAll,
} from "../../support/sockets.ts";

const HOST = "127.0.0.1";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Parents that are on this machine, one chain of one each. */
function via(...addrs: { port: number }[]): { via: Parent[][] } {
  return {
    via: addrs.map(({ port }) => [parseParent(`socks5://${HOST}:${port}`)]),
  };
}

/** A relay whose listeners are to lead to one another. */
async function startRing(
  ports: readonly number[],
  config: SomeForwardConfig = {},
): Promise<RunningRelay & { ended: ConnectionEvent[] } & AsyncDisposable> {
  const ended: ConnectionEvent[] = [];
  const relay = await startForward({
    routes: ports.map((port, index) => ({
      listen: { host: HOST, port },
      upstreams: [
        upstreamAt({ host: HOST, port: ports[(index + 1) % ports.length]! }),
      ],
    })),
    ...config,
    log: (event) => event.event === "connection" && void ended.push(event),
  });
  return Object.assign(Object.create(relay), {
    ended,
    [Symbol.asyncDispose]: () => relay.shutdown(0),
  });
}

/** Connects so often at once, and waits until all have been ended. */
async function crowd(port: number, count: number, words = ""): Promise<void> {
  await Promise.all(Array.from({ length: count }, async () => {
    using conn = await Deno.connect({ hostname: HOST, port });
    if (words !== "") await writeAll(conn, words);
    await within(20_000, readToEof(conn).catch(() => {}));
  }));
}

/** How many connections ended how, each listener for itself. */
function countEnds(
  ports: readonly number[],
  ended: readonly ConnectionEvent[],
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { listener, reason, result } of ended) {
    const place = ports.findIndex((port) => listener.endsWith(`:${port}`));
    const kind = reason.startsWith("loop: ") ? "loop" : "other";
    const what = `${place} ${result} ${kind}`;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}

const FORMS = [
  HOST,
  "localhost",
  `::ffff:${HOST}`,
  "0.0.0.0",
  ...HAS_IPV6 ? ["::"] : [],
];

for (const host of FORMS) {
  Deno.test(`a proxy that is asked for its own listener as ${host} refuses, and dials nothing`, async () => {
    await using proxy = await startTestProxy({
      listen: [{ host: host === "::" ? "::" : HOST, port: 0 }],
      open: true,
      allowPrivate: true,
    });
    const { port } = proxy.addr;
    const request = parseIpAddress(host) === undefined
      ? nameRequest(host, port)
      : connectRequest(host, port);
    const answer = await exchange(proxy, join(GREETING, request));
    assertBytes(answer, join(NO_AUTHENTICATION, refusal(2)));
    const at = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    for (const words of [`CONNECT ${at}`, `GET http://${at}/`]) {
      const head = `${words} HTTP/1.1\r\nHost: ${at}\r\n\r\n`;
      const page = await exchange(proxy, new TextEncoder().encode(head));
      assertMatch(text(page), /^HTTP\/1\.1 403 [^]*\nloop: /);
    }
    // SOCKS4a has names behind 0.0.0.x.
    const isSocks4 = !host.includes(":") && host !== "0.0.0.0";
    if (isSocks4) {
      const request = socks4Request(host, port);
      assertBytes(await exchange(proxy, request), REJECTED);
    }
    const count = isSocks4 ? 4 : 3;
    const ended = await within(5_000, proxy.whenEnded(count));
    assertEquals(ended.length, count);
    for (const { address, reason, result } of ended) {
      assertEquals([result, address], ["refused", undefined]);
      assertMatch(reason, /^loop: /);
    }
  });
}

Deno.test("a proxy whose parent is itself refuses, and tries the next parent", async () => {
  const port = closedPort();
  const listen = [{ host: HOST, port }];
  await using self = await startTestProxy({ listen, parents: via({ port }) });
  for (let count = 1; count <= 5; count++) {
    const answer = await exchange(self, dialogue(HOST, closedPort()));
    assertBytes(answer, join(NO_AUTHENTICATION, refusal(2)));
    const ended = await within(5_000, self.whenEnded(count));
    assertEquals(ended.length, count);
    assertMatch(ended[count - 1]!.reason, /^loop: /);
  }
  await using echo = startEcho();
  await using other = await startTestProxy();
  const mine = closedPort();
  await using both = await startTestProxy({
    listen: [{ host: HOST, port: mine }],
    parents: via({ port: mine }, other.addr),
  });
  await roundTrip(both, echo);
});

Deno.test("two proxies that are each other's parents refuse, and the client hears it", async () => {
  const [one, two] = [closedPort(), closedPort()];
  const start = (port: number, parent: number) =>
    startTestProxy({
      listen: [{ host: HOST, port }],
      parents: via({ port: parent }),
    });
  await using first = await start(one, two);
  await using second = await start(two, one);
  const answer = await exchange(first, dialogue(HOST, closedPort()));
  assertBytes(answer, join(NO_AUTHENTICATION, refusal(2)));
  const [record] = await within(5_000, second.whenEnded(1));
  assertEquals(record!.result, "refused");
  assertMatch(record!.reason, /^loop: /);
  await within(5_000, first.whenEnded(1));
  assertEquals([first.ended.length, second.ended.length], [1, 1]);
});

/** Asks for another target inside of a tunnel. */
async function askInside(conn: Deno.Conn, addr: Deno.NetAddr) {
  await greet(conn);
  await writeAll(conn, connectRequest(addr.hostname, addr.port));
  return (await within(5_000, readReply(conn))).reply;
}

Deno.test("a connection may pass through another listener once, and not come back", async () => {
  await using echo = startEcho();
  await using first = await startTestProxy();
  await using second = await startTestProxy();
  using tunnel = await openTunnel(first, second.addr);
  assertEquals(await askInside(tunnel, echo.addr), 0);
  for (const back of [first, second]) {
    using conn = await openTunnel(first, second.addr);
    assertEquals(await askInside(conn, back.addr), 2);
  }
  // Whoever connects by itself is a client like any other.
  await roundTrip(first, echo);
  await roundTrip(second, echo);
});

Deno.test("a relay to a name that turns out to be its own listener refuses every connection", async () => {
  const port = closedPort();
  await using relay = await startTestForward([], {
    routes: [{
      listen: { host: HOST, port },
      upstreams: [upstreamAt({ host: "self.example", port })],
    }],
    names: {
      source: {
        lookup: () =>
          Promise.resolve({
            addresses: [parseIpAddress(HOST)!],
            exists: true,
            life: 60_000,
          }),
      },
    },
  });
  await crowd(port, 50);
  const ended = await relay.whenEnded(50);
  assertEquals(countEnds([port], ended), { "0 refused loop": 50 });
});

Deno.test("two listeners that lead to each other turn no connection around twice, 800 at once", async () => {
  const ports = [closedPort(), closedPort()];
  await using ring = await startRing(ports);
  await crowd(ports[0]!, 800);
  await ring.shutdown(10_000);
  assertEquals(countEnds(ports, ring.ended), {
    "0 ok other": 800,
    "1 refused loop": 800,
  });
});

for (
  const [what, config] of [
    ["connections ready", pooled("ahead", 4)],
    ["connections kept", pooled("reuse", 4)],
    [
      "upstreams that speak first",
      pooled("ahead", 4, { pool: { serverSpeaksFirst: true } }),
    ],
    ["checks", { balance: { checkInterval: 10 } }],
  ] as const
) {
  Deno.test(`three listeners in a ring with ${what} come to an end`, async () => {
    const ports = [closedPort(), closedPort(), closedPort()];
    await using ring = await startRing(ports, config);
    await crowd(ports[0]!, 50, "words");
    const before = ring.ended.length;
    await crowd(ports[1]!, 50, "words");
    await ring.shutdown(10_000);
    const loops = ring.ended.filter(({ reason }) => reason.startsWith("loop:"));
    // Every client, and those that a pool or a check has sent ahead.
    assertEquals(loops.length >= 100, true, `${loops.length} of ${before}`);
    assertEquals(ring.ended.length < 1_500, true, `${ring.ended.length}`);
    assertEquals(ring.connections, 0);
  });
}

Deno.test("Unix sockets that lead to each other come to an end", async () => {
  await using folder = await makeFolder();
  const [one, two] = ["one", "two"].map((name) => `${folder.path}/${name}`);
  const port = closedPort();
  const ended: ConnectionEvent[] = [];
  const relay = await startForward({
    routes: [
      [{ host: HOST, port }, { path: one! }],
      [{ path: one! }, { path: two! }],
      [{ path: two! }, { path: `${folder.path}/./one` }],
    ].map(([listen, upstream]) => ({
      listen: listen!,
      upstreams: [upstreamAt(upstream!)],
    })),
    log: (event) => event.event === "connection" && void ended.push(event),
  });
  await crowd(port, 100);
  await relay.shutdown(10_000);
  const loops = ended.filter(({ reason }) => reason.startsWith("loop:"));
  assertEquals([ended.length, loops.length], [300, 100]);
});

Deno.test("a chain of relays and pools that leads out is served as ever", async () => {
  await using echo = startEcho();
  const config = pooled("reuse", 4);
  await using last = await startTestForward([upstreamAt(echo.addr)], config);
  await using first = await startTestForward([upstreamAt(last.addr)], config);
  await using proxy = await startTestProxy();
  const through: TestProxy = proxy;
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      Array.from({ length: 50 }, () => roundTrip(through, first)),
    );
  }
  await within(5_000, proxy.whenEnded(150));
  const refused = [...last.ended, ...first.ended, ...proxy.ended]
    .filter(({ result }) => result === "refused");
  assertEquals(refused, []);
});
