import { assert, assertEquals } from "@std/assert";
import {
  assertBytes,
  type Bytes,
  HAS_IPV6,
  join,
  pattern,
} from "../../support/dialogue.ts";
import { startTestProxy } from "../../support/proxy.ts";
import { closedPort } from "../../support/sockets.ts";
import {
  endAssociation,
  MOST_HELD,
  openAssociation,
  placeOf,
  receiveFrom,
  startUdp,
  udpSocket,
  wrap,
} from "../../support/udp.ts";

const PING: Bytes = Uint8Array.of(112, 105, 110, 103);

for (const size of [0, 1, 512, 1_472, 9_000, 65_000]) {
  Deno.test(`associate() carries a payload of ${size} bytes whole both ways`, async () => {
    await using echo = startUdp();
    await using proxy = await startTestProxy();
    using client = await openAssociation(proxy);
    await client.send(pattern(size), echo.addr);
    const { origin, payload } = await client.receive();
    assertEquals(origin, `127.0.0.1 ${echo.addr.port}`);
    assertBytes(payload, pattern(size));
    const { sent, received, datagrams } = await endAssociation(proxy, client);
    assertEquals([sent, received], [size, size]);
    assertEquals(datagrams, { sent: 1, received: 1, dropped: 0 });
  });
}

Deno.test({
  name: "associate() reaches IPv6 targets",
  ignore: !HAS_IPV6,
  async fn() {
    await using echo = startUdp("::1");
    await using proxy = await startTestProxy();
    using client = await openAssociation(proxy);
    await client.send(PING, echo.addr);
    const { origin, payload } = await client.receive();
    assertEquals(origin, `::1 ${echo.addr.port}`);
    assertBytes(payload, PING);
  },
});

Deno.test({
  name: "associate() serves a client that came over IPv6",
  ignore: !HAS_IPV6,
  async fn() {
    await using echo = startUdp();
    const listen = [{ host: "::1", port: 0 }];
    await using proxy = await startTestProxy({ listen });
    using client = await openAssociation(proxy);
    assertEquals(client.relay.hostname, "::1");
    await client.send(PING, echo.addr);
    assertBytes((await client.receive()).payload, PING);
  },
});

Deno.test({
  name: "associate() serves a client that came to [::] over IPv4",
  ignore: !HAS_IPV6,
  async fn() {
    await using echo = startUdp();
    await using proxy = await startTestProxy({
      listen: [{ host: "::", port: 0 }],
      open: true,
      allowPrivate: true,
    });
    const { port } = proxy.addr;
    const control = await Deno.connect({ hostname: "127.0.0.1", port });
    const socket = udpSocket();
    // Announced as it is: its own address is not taken for another's.
    const announced = placeOf(socket);
    using client = await openAssociation(proxy, { announced, control, socket });
    assertEquals(client.relay.hostname, "127.0.0.1");
    using early = udpSocket();
    await early.send(wrap(Uint8Array.of(1), echo.addr), client.relay);
    await client.send(PING, echo.addr);
    const { origin, payload } = await client.receive();
    assertEquals(origin, `127.0.0.1 ${echo.addr.port}`);
    assertBytes(payload, PING);
    const { datagrams } = await endAssociation(proxy, client);
    assertEquals(datagrams, { sent: 1, received: 1, dropped: 1 });
  },
});

Deno.test("associate() reaches an IPv4 target in mapped form, and labels it as IPv4", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  const { port } = echo.addr;
  await client.send(PING, { hostname: "::ffff:127.0.0.1", port });
  assertEquals((await client.receive()).origin, `127.0.0.1 ${port}`);
});

Deno.test("associate() resolves names, and labels answers with the address", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  const { port } = echo.addr;
  for (const hostname of ["localhost", "LOCALHOST", "localhost", "127.0.0.1"]) {
    await client.send(PING, { hostname, port });
    assertEquals((await client.receive()).origin, `127.0.0.1 ${port}`);
  }
});

Deno.test("associate() keeps the order of datagrams that wait for a name", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  const target = { hostname: "localhost", port: echo.addr.port };
  for (let n = 0; n < 50; n++) await client.send(Uint8Array.of(n), target);
  for (let n = 0; n < 50; n++) {
    assertBytes((await client.receive()).payload, [n]);
  }
});

Deno.test("associate() counts datagrams for a name that does not exist", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  await client.send(PING, { hostname: "x.invalid", port: 9 });
  await client.send(PING, { hostname: "x.invalid", port: 9 });
  await client.send(PING, echo.addr);
  await client.receive();
  const { datagrams } = await endAssociation(proxy, client);
  assertEquals(datagrams, { sent: 1, received: 1, dropped: 2 });
});

Deno.test("associate() serves many targets in one association", async () => {
  await using stack = new AsyncDisposableStack();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  const servers = Array.from({ length: 40 }, () => stack.use(startUdp()));
  for (const [n, { addr }] of servers.entries()) {
    await client.send(Uint8Array.of(n), addr);
  }
  const origins = new Map<string, number>();
  for (const _ of servers) {
    const { origin, payload } = await client.receive();
    origins.set(origin, payload[0]!);
  }
  for (const [n, { addr }] of servers.entries()) {
    assertEquals(origins.get(`127.0.0.1 ${addr.port}`), n);
  }
  const ports = servers.map(({ heard }) => heard[0]!.port);
  assertEquals(new Set(ports).size, 1, "more than one outbound socket");
});

Deno.test("associate() drops malformed datagrams, and continues", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  const good = wrap(PING, echo.addr);
  const name = [...new TextEncoder().encode("local host")];
  const bad = [
    ...Array.from({ length: 10 }, (_, length) => good.slice(0, length)),
    [0, 0, 0, 3, 9, 0x6c, 0x6f, 0x63],
    [0, 0, 0, 3, 0, 0, 53, 1],
    [0, 0, 0, 3, name.length, ...name, 0, 53, 1],
    [0, 0, 0, 1, 127, 0, 0, 1, 0, 0, 1],
    [0, 0, 0, 2, ...good.slice(4)],
    [0, 0, 0, 0, ...good.slice(4)],
    [0, 0, 0, 255, ...good.slice(4)],
    [1, 0, ...good.slice(2)],
    [0, 1, ...good.slice(2)],
    [0, 0, 1, ...good.slice(3)],
    [0, 0, 0x81, ...good.slice(3)],
  ].map((bytes) => Uint8Array.from(bytes));
  for (const bytes of bad) await client.sendRaw(bytes);
  await client.sendRaw(good);
  assertBytes((await client.receive()).payload, PING);
  assertEquals(echo.heard.length, 1);
  const { datagrams } = await endAssociation(proxy, client);
  assertEquals(datagrams, { sent: 1, received: 1, dropped: bad.length });
});

Deno.test("associate() drops datagrams of strangers to the outbound socket", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  await client.send(PING, echo.addr);
  await client.receive();
  const outbound = { ...echo.heard[0]!, hostname: "127.0.0.1" };
  using stranger = udpSocket();
  for (let n = 0; n < 3; n++) await stranger.send(PING, outbound);
  await client.send(Uint8Array.of(2), echo.addr);
  assertBytes((await client.receive()).payload, [2]);
  const { datagrams } = await endAssociation(proxy, client);
  assertEquals(datagrams, { sent: 2, received: 2, dropped: 3 });
});

Deno.test("associate() accepts datagrams only from the sender of the first one", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  await client.send(PING, echo.addr);
  await client.receive();
  using second = udpSocket();
  await second.send(wrap(Uint8Array.of(1), echo.addr), client.relay);
  await client.send(Uint8Array.of(2), echo.addr);
  assertBytes((await client.receive()).payload, [2]);
  assertEquals(echo.heard.length, 2);
  const { datagrams } = await endAssociation(proxy, client);
  assertEquals(datagrams, { sent: 2, received: 2, dropped: 1 });
});

Deno.test("associate() takes datagrams only from the client's address", {
  ignore: Deno.build.os !== "linux", // Others have 127.0.0.1 alone.
}, async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  using other = udpSocket("127.0.0.2");
  await other.send(wrap(Uint8Array.of(1), echo.addr), client.relay);
  await client.send(PING, echo.addr);
  assertBytes((await client.receive()).payload, PING);
  assertEquals(echo.heard.length, 1);
  const { datagrams } = await endAssociation(proxy, client);
  assertEquals(datagrams?.dropped, 1);
});

for (const hostname of ["0.0.0.0", "127.0.0.1", "0"]) {
  Deno.test(`associate() takes datagrams only from the port announced with ${hostname}`, async () => {
    await using echo = startUdp();
    await using proxy = await startTestProxy();
    const socket = udpSocket();
    const announced = { hostname, port: placeOf(socket).port };
    using client = await openAssociation(proxy, { announced, socket });
    using early = udpSocket();
    await early.send(wrap(Uint8Array.of(1), echo.addr), client.relay);
    await client.send(PING, echo.addr);
    assertBytes((await client.receive()).payload, PING);
    assertEquals(echo.heard.length, 1);
  });
}

for (
  const hostname of [
    "localhost",
    "target.example",
    "00",
    "a..b",
    `${"a".repeat(64)}.example`,
    "no name",
    "",
  ]
) {
  const name = JSON.stringify(hostname);
  Deno.test(`associate() takes no port for the client's that is announced with ${name}`, async () => {
    await using echo = startUdp();
    await using proxy = await startTestProxy();
    // As clients do that announce whom they write to.
    const announced = { hostname, port: echo.addr.port };
    using client = await openAssociation(proxy, { announced });
    await client.send(PING, echo.addr);
    assertBytes((await client.receive()).payload, PING);
    using late = udpSocket();
    await late.send(wrap(Uint8Array.of(1), echo.addr), client.relay);
    await client.send(PING, echo.addr);
    assertBytes((await client.receive()).payload, PING);
    const { datagrams } = await endAssociation(proxy, client);
    assertEquals(datagrams, { sent: 2, received: 2, dropped: 1 });
  });
}

Deno.test(
  "associate() serves a client behind NAT, which announces an address that is not its own",
  {
    ignore: Deno.build.os !== "linux", // Others have 127.0.0.1 alone.
  },
  async () => {
    await using echo = startUdp();
    await using proxy = await startTestProxy();
    using announced = udpSocket("127.0.0.2");
    using client = await openAssociation(proxy, {
      announced: placeOf(announced),
    });
    await announced.send(wrap(Uint8Array.of(1), echo.addr), client.relay);
    await client.send(PING, echo.addr);
    assertBytes((await client.receive()).payload, PING);
    assertEquals(echo.heard.length, 1);
    const { datagrams, result } = await endAssociation(proxy, client);
    assertEquals(datagrams, { sent: 1, received: 1, dropped: 1 });
    assertEquals(result, "ok");
  },
);

Deno.test("associate() goes on when a target is gone or can't be sent to", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  const places = [
    { hostname: "127.0.0.1", port: closedPort() },
    { hostname: "240.0.0.1", port: 9 },
    { hostname: "ff0f::1", port: 9 },
  ];
  for (let n = 0; n < 5; n++) {
    for (const place of places) await client.send(PING, place);
  }
  await client.send(PING, echo.addr);
  assertBytes((await client.receive()).payload, PING);
});

Deno.test("associate() forgets the target that was silent longest", async () => {
  using first = udpSocket();
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  await client.send(PING, placeOf(first));
  const [, outbound] = await receiveFrom(first);
  // So many others that there is no room for the first one any more.
  for (let n = 0; n < 256; n++) {
    const hostname = `127.1.${n >> 4}.${1 + (n & 15)}`;
    await client.send(PING, { hostname, port: 9 });
    if (n % 32 !== 31) continue;
    await client.send(PING, echo.addr);
    await client.receive();
  }
  await first.send(PING, { ...outbound, hostname: "127.0.0.1" });
  await client.send(Uint8Array.of(2), echo.addr);
  assertBytes((await client.receive()).payload, [2]);
  const { datagrams } = await endAssociation(proxy, client);
  assert(datagrams!.dropped >= 1);
});

for (
  const [count, size] of [[200, 16], [200, 512], [MOST_HELD, 1_400]] as const
) {
  Deno.test(`associate() loses none of ${count} datagrams of ${size} bytes at once, in order`, async () => {
    await using echo = startUdp();
    await using proxy = await startTestProxy();
    using client = await openAssociation(proxy);
    const rest = pattern(size - 1);
    const sending = (async () => {
      for (let n = 0; n < count; n++) {
        await client.send(join([n], rest), echo.addr);
      }
    })();
    for (let n = 0; n < count; n++) {
      assertEquals((await client.receive()).payload[0], n);
    }
    await sending;
    const { datagrams } = await endAssociation(proxy, client);
    assertEquals(datagrams, { sent: count, received: count, dropped: 0 });
  });
}

Deno.test("associate() answers a question to a DNS server", async () => {
  // The same question with the flag QR, and one A record (RFC 1035 §4.1).
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7];
  await using dns = startUdp("127.0.0.1", (question) => {
    const answer = join(question, record);
    answer.set([0x81, 0x80], 2);
    answer[7] = 1;
    return answer;
  });
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  const name = [7, ...new TextEncoder().encode("example"), 0];
  const question = join(
    [0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0],
    name,
    [0, 1, 0, 1],
  );
  await client.send(question, { hostname: "localhost", port: dns.addr.port });
  const { payload } = await client.receive();
  assertBytes(payload.slice(0, 4), [0xab, 0xcd, 0x81, 0x80]);
  assertBytes(payload.slice(-4), [192, 0, 2, 7]);
});
