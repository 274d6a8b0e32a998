import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { once } from "node:events";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import {
  assertBytes,
  type Bytes,
  exchange,
  join,
  refusal,
} from "../../support/dialogue.ts";
import { whenFree } from "../../support/free_port.ts";
import { GREETING, startTestProxy } from "../../support/proxy.ts";
import { connectResettable } from "../../support/reset.ts";
import { readToEnd, within, writeAll } from "../../support/sockets.ts";
import {
  askAssociation,
  associateRequest,
  boundOf,
  endAssociation,
  openAssociation,
  startUdp,
  udpSocket,
} from "../../support/udp.ts";

const PING: Bytes = Uint8Array.of(112, 105, 110, 103);
const ANYWHERE = { hostname: "0.0.0.0", port: 0 };
const ASK = join(GREETING, associateRequest(ANYWHERE));

/** Fails unless a UDP port is free. */
function assertUdpFree({ hostname, port }: Deno.NetAddr): void {
  whenFree(() => udpSocket(hostname, port)).close();
}

/** A range of two ports that nobody has. */
function freePorts(): [number, number] {
  for (let port = 20_011; port < 60_000; port += 2) {
    try {
      udpSocket("127.0.0.1", port).close();
      udpSocket("127.0.0.1", port + 1).close();
      return [port, port + 1];
    } catch {
      // Taken.
    }
  }
  throw new Error("No free ports");
}

Deno.test("associate() replies with the address that the client reached, and logs its bytes", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  assertEquals(client.relay.hostname, "127.0.0.1");
  await client.send(PING, echo.addr);
  await client.receive();
  const record = await endAssociation(proxy, client);
  const { result, reason, endedFirst, target, sent, received } = record;
  assertEquals({ result, reason, endedFirst, target, sent, received }, {
    result: "ok",
    reason: "client closed first",
    endedFirst: "client",
    target: "udp 0.0.0.0:0",
    sent: 4,
    received: 4,
  });
  assertEquals(record.datagrams, { sent: 1, received: 1, dropped: 0 });
  assertUdpFree(client.relay);
  assertUdpFree({ ...echo.heard[0]!, hostname: "0.0.0.0" });
});

Deno.test("associate() ends when the client resets", async () => {
  await using proxy = await startTestProxy();
  const socket = await connectResettable(proxy.addr);
  socket.write(ASK);
  const replies: Uint8Array[] = [];
  while (replies.reduce((sum, { length }) => sum + length, 0) < 12) {
    replies.push((await once(socket, "data"))[0]);
  }
  socket.resetAndDestroy();
  const [record] = await within(5_000, proxy.whenEnded(1));
  const { result, reason, endedFirst } = record!;
  assertEquals([result, endedFirst], ["cut", "client"]);
  assertStringIncludes(reason, "connection reset");
  assertUdpFree(boundOf(join(...replies).subarray(2)));
});

Deno.test("associate() ignores what the client sends on its connection, within bounds", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  await writeAll(client.control, new Uint8Array(1000));
  await client.send(PING, echo.addr);
  await client.receive();
  const rest = writeAll(client.control, new Uint8Array(8_000_000));
  await within(5_000, rest.catch(() => {}));
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals(record!.result, "cut");
  assertStringIncludes(record!.reason, "sent data on its control connection");
  assertUdpFree(client.relay);
});

Deno.test("associate() ends when no datagram has come for the idle time", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy({ udp: { idleTimeout: 400 } });
  using client = await openAssociation(proxy);
  await client.send(PING, echo.addr);
  await client.receive();
  assertBytes(await within(5_000, readToEnd(client.control)), []);
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals(record!.result, "cut");
  assertEquals(record!.reason, "Idle time of 0.4 s has passed");
  assertUdpFree(client.relay);
});

Deno.test("associate() ends when the drain time has passed, and starts none in a drain", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using client = await openAssociation(proxy);
  using late = await proxy.connect();
  await writeAll(late, GREETING);
  assertBytes(await within(5_000, firstBytes(late, 2)), [5, 0]);
  const stopping = proxy.proxy.shutdown(1_000);
  await writeAll(late, associateRequest(ANYWHERE));
  assertBytes(await within(5_000, readToEnd(late)), refusal(1));
  late.close();
  await client.send(PING, echo.addr);
  await client.receive();
  assertEquals(await within(5_000, stopping), 1);
  const record = proxy.ended.at(-1)!;
  assertEquals([record.result, record.sent], ["cut", 4]);
  assertStringIncludes(record.reason, "Drain time");
  assertUdpFree(client.relay);
});

for (
  const { name, udp } of [
    { name: "in all", udp: { associations: 2 } },
    { name: "of one client", udp: { perClient: 2 } },
  ]
) {
  Deno.test(`associate() refuses with 1 over the limit of associations ${name}, and serves when a place is free`, async () => {
    await using proxy = await startTestProxy({ udp });
    using _first = await openAssociation(proxy);
    const second = await openAssociation(proxy);
    assertBytes(await exchange(proxy, ASK), join([5, 0], refusal(1)));
    const [record] = await within(5_000, proxy.whenEnded(1));
    assertEquals([record!.result, record!.datagrams], ["refused", undefined]);
    assertStringIncludes(record!.reason, "Limit of 2");
    second[Symbol.dispose]();
    await within(5_000, proxy.whenEnded(2));
    using _third = await openAssociation(proxy);
  });
}

Deno.test("associate() advertises the configured address", async () => {
  await using proxy = await startTestProxy({
    udp: { advertise: parseIpAddress("203.0.113.7") },
  });
  using control = await proxy.connect();
  const { reply, bytes } = await askAssociation(control);
  assertEquals([reply, boundOf(bytes).hostname], [0, "203.0.113.7"]);
  assert(boundOf(bytes).port > 0);
});

Deno.test("associate() keeps to its range of ports, and refuses with 1 when all are taken", async () => {
  const ports = freePorts();
  await using proxy = await startTestProxy({ udp: { ports } });
  using first = await openAssociation(proxy);
  const second = await openAssociation(proxy);
  const used = [first.relay.port, second.relay.port].sort();
  assertEquals(used, ports);
  assertBytes(await exchange(proxy, ASK), join([5, 0], refusal(1)));
  await within(5_000, proxy.whenEnded(1));
  second[Symbol.dispose]();
  await within(5_000, proxy.whenEnded(2));
  using third = await openAssociation(proxy);
  assertEquals(third.relay.port, second.relay.port);
});

Deno.test("associate() guards each target on a public listener", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy({
    listen: [{ host: "0.0.0.0", port: 0 }],
    open: true,
    // What is dropped does not count: no answer, but the end comes after it.
    udp: { idleTimeout: 1_000 },
  });
  using client = await openAssociation(proxy);
  assertEquals(client.relay.hostname, "127.0.0.1");
  const { port } = echo.addr;
  const hosts = ["127.0.0.1", "::ffff:127.0.0.1", "::1", "10.0.0.1"];
  hosts.push("169.254.169.254", "localhost", "LocalHost");
  for (const hostname of hosts) await client.send(PING, { hostname, port });
  const [record] = await within(5_000, proxy.whenEnded(1));
  const { datagrams } = record!;
  assertEquals(datagrams, { sent: 0, received: 0, dropped: hosts.length });
  assertEquals(echo.heard.length, 0);
});

Deno.test("associate() serves 50 separate associations at the same time", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  using stack = new DisposableStack();
  const clients = await Promise.all(
    Array.from({ length: 50 }, () => openAssociation(proxy)),
  );
  for (const client of clients) stack.use(client);
  for (let round = 0; round < 4; round++) {
    await Promise.all(clients.map(async (client, n) => {
      await client.send(Uint8Array.of(n, round), echo.addr);
      assertBytes((await client.receive()).payload, [n, round]);
    }));
  }
  const relays = clients.map(({ relay }) => relay);
  assertEquals(new Set(relays.map(({ port }) => port)).size, 50);
  stack.dispose();
  await within(5_000, proxy.whenEnded(50));
  for (const { datagrams } of proxy.ended) {
    assertEquals(datagrams, { sent: 4, received: 4, dropped: 0 });
  }
  for (const relay of relays) assertUdpFree(relay);
});

Deno.test("associate() frees everything when clients leave in the middle of bursts", async () => {
  await using echo = startUdp();
  await using proxy = await startTestProxy();
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => openAssociation(proxy)),
  );
  const names = { hostname: "localhost", port: echo.addr.port };
  await Promise.all(clients.map(async (client, n) => {
    using _client = client;
    for (let sent = 0; sent < 20; sent++) {
      await client.send(PING, sent % 2 === 0 ? echo.addr : names);
      if (sent === n) client.control.close();
    }
  }));
  const ended = await within(5_000, proxy.whenEnded(20));
  assert(ended.every(({ result }) => result === "ok"));
  for (const { relay } of clients) assertUdpFree(relay);
});

async function firstBytes(conn: Deno.Conn, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let n = 0; n < count;) n += await conn.read(bytes.subarray(n)) ?? count;
  return bytes;
}
