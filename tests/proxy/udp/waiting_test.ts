import { assertEquals } from "@std/assert";
import { UdpRelay } from "../../../lib/proxy/udp/relay.ts";
import {
  type IpAddress,
  parseIpAddress,
} from "../../../lib/wire/ip_address.ts";
import { placeOf, receiveFrom, udpSocket, wrap } from "../../support/udp.ts";

const LOOPBACK = parseIpAddress("127.0.0.1")!;

/** A relay whose resolver answers when it is told to. */
function makeRelay() {
  const { promise, resolve } = Promise.withResolvers<IpAddress[] | undefined>();
  const asked: string[] = [];
  const socket = udpSocket();
  const relay = new UdpRelay(socket, {
    client: LOOPBACK,
    clientPort: 0,
    lookup(name) {
      asked.push(name);
      return promise;
    },
    route: () => "direct",
    outgoing: {},
  });
  return {
    asked,
    place: placeOf(socket),
    relay,
    resolve,
    async [Symbol.asyncDispose]() {
      resolve(undefined);
      await relay.close();
    },
  };
}

for (
  const { what, size, fits } of [
    { what: "count", size: 1, fits: 256 },
    { what: "bytes", size: 50_000, fits: 10 },
  ]
) {
  Deno.test(`UdpRelay keeps ${fits} datagrams of ${size} bytes for a name that is looked up, and counts the others`, async () => {
    await using proxy = makeRelay();
    using client = udpSocket();
    using target = udpSocket();
    // Some targets together: no queue has to hold all that was waiting.
    using stack = new DisposableStack();
    const others = Array.from({ length: 5 }, () => stack.use(udpSocket()));
    const otherOf = (n: number) => others[n % others.length]!;
    const { datagrams } = proxy.relay;
    for (let n = 0; n < fits + 3; n++) {
      const payload = new Uint8Array(size).fill(n);
      const { port } = placeOf(otherOf(n));
      const later = { hostname: "later.test", port };
      await client.send(wrap(payload, later), proxy.place);
      // What goes straight on tells that what came before has been taken.
      await client.send(wrap(Uint8Array.of(n), placeOf(target)), proxy.place);
      assertEquals((await receiveFrom(target))[0].length, 1);
    }
    assertEquals(datagrams.dropped, 3, what);
    proxy.resolve([LOOPBACK]);
    for (let n = 0; n < fits; n++) {
      const [payload] = await receiveFrom(otherOf(n));
      assertEquals([payload.length, payload[0]], [size, n & 0xff]);
    }
    assertEquals(datagrams.dropped, 3);
    // Room again, without a lookup.
    const { port } = placeOf(target);
    const again = { hostname: "later.test", port };
    await client.send(wrap(Uint8Array.of(7), again), proxy.place);
    assertEquals([...(await receiveFrom(target))[0]], [7]);
    assertEquals(proxy.asked, ["later.test"]);
  });
}

Deno.test("UdpRelay drops datagrams for the 17th name with a pending lookup", async () => {
  await using proxy = makeRelay();
  using client = udpSocket();
  using target = udpSocket();
  const { port } = placeOf(target);
  for (let n = 0; n < 20; n++) {
    const later = { hostname: `${n}.test`, port };
    await client.send(wrap(Uint8Array.of(n), later), proxy.place);
  }
  await client.send(wrap(Uint8Array.of(99), placeOf(target)), proxy.place);
  assertEquals([...(await receiveFrom(target))[0]], [99]);
  assertEquals(proxy.relay.datagrams.dropped, 4);
  assertEquals(proxy.asked.length, 16);
  proxy.resolve([LOOPBACK]);
  for (let n = 0; n < 16; n++) {
    assertEquals([...(await receiveFrom(target))[0]], [n]);
  }
});

Deno.test("UdpRelay.close() drops what waits for a name", async () => {
  await using proxy = makeRelay();
  using client = udpSocket();
  using target = udpSocket();
  const { port } = placeOf(target);
  const later = { hostname: "later.test", port };
  await client.send(wrap(Uint8Array.of(1), later), proxy.place);
  await client.send(wrap(Uint8Array.of(2), placeOf(target)), proxy.place);
  await receiveFrom(target);
  await proxy.relay.close();
  proxy.resolve([LOOPBACK]);
  await Promise.resolve(); // Until all that the answer sets off has run:
  await new Promise((resolve) => setTimeout(resolve, 0));
  const { sent, dropped } = proxy.relay.datagrams;
  assertEquals([sent, dropped], [1, 1]);
});
