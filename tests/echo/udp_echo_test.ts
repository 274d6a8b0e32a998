import { assert, assertEquals, assertGreater } from "@std/assert";
import { answerDatagrams, type UdpEcho } from "../../lib/echo/udp_echo.ts";
import type { UdpEchoSettings } from "../../lib/echo/udp_echo.ts";
import { chargenBlock } from "../../lib/echo/chargen.ts";
import { within } from "../support/sockets.ts";
import { placeOf, receiveFrom, udpSocket } from "../support/udp.ts";

interface Running extends AsyncDisposable {
  echo: UdpEcho;
  addr: Deno.NetAddr;
}

function start(settings: Partial<UdpEchoSettings> = {}): Running {
  const socket = udpSocket();
  const addr = placeOf(socket);
  const echo = answerDatagrams(socket, { mode: "echo", delay: 0, ...settings });
  return {
    echo,
    addr,
    [Symbol.asyncDispose]: () => echo.shutdown(0),
  };
}

Deno.test("answerDatagrams() returns each datagram of any length", async () => {
  await using running = start();
  using client = udpSocket();
  for (const length of [0, 1, 1_400, 5_000, 65_507]) {
    const bytes = new Uint8Array(length).map((_, n) => n * 7);
    await client.send(bytes, running.addr);
    const [back, from] = await receiveFrom(client);
    assertEquals(back, bytes);
    assertEquals(from.port, running.addr.port);
  }
  assertEquals(running.echo.counts, { received: 5, answered: 5, dropped: 0 });
});

Deno.test("answerDatagrams() keeps the order, with and without a delay", async () => {
  for (const delay of [0, 100]) {
    await using running = start({ delay });
    using client = udpSocket();
    const began = performance.now();
    for (let n = 0; n < 20; n++) {
      await client.send(Uint8Array.of(n), running.addr);
    }
    for (let n = 0; n < 20; n++) {
      assertEquals((await receiveFrom(client))[0][0], n);
    }
    assertGreater(performance.now() - began, delay - 2);
  }
});

Deno.test("answerDatagrams() never sends more text than it received", async () => {
  await using running = start({ mode: "chargen" });
  using client = udpSocket();
  for (const length of [0, 10, 512, 5_000]) {
    await client.send(new Uint8Array(length), running.addr);
    const [back] = await receiveFrom(client);
    assertEquals(back, chargenBlock().slice(0, Math.min(length, 512)));
  }
});

Deno.test("answerDatagrams() answers nothing in discard mode", async () => {
  await using running = start({ mode: "discard" });
  using client = udpSocket();
  await client.send(Uint8Array.of(1), running.addr);
  await within(5_000, running.echo.shutdown(10_000));
  assertEquals(running.echo.counts, { received: 1, answered: 0, dropped: 0 });
});

Deno.test(
  "answerDatagrams() ignores the ports of services, which could answer back",
  {
    ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
  },
  async () => {
    await using running = start();
    using service = udpSocket("127.0.0.1", 1019);
    using client = udpSocket();
    await service.send(Uint8Array.of(1), running.addr);
    await client.send(Uint8Array.of(2), running.addr);
    assertEquals((await receiveFrom(client))[0], Uint8Array.of(2));
    assertEquals(running.echo.counts, { received: 2, answered: 1, dropped: 1 });
  },
);

Deno.test("answerDatagrams() ignores another server on the same port", async () => {
  await using running = start();
  using other = udpSocket("127.0.0.2", running.addr.port);
  using client = udpSocket();
  await other.send(Uint8Array.of(1), running.addr);
  await client.send(Uint8Array.of(2), running.addr);
  await receiveFrom(client);
  assertEquals(running.echo.counts.dropped, 1);
});

Deno.test("answerDatagrams() drops datagrams when the delay line is full", async () => {
  await using running = start({ delay: 600_000 });
  using client = udpSocket();
  for (let n = 0; n < 100; n++) {
    await client.send(new Uint8Array(60_000), running.addr);
    while (running.echo.counts.received <= n) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  assertGreater(running.echo.counts.dropped, 29);
  assert(running.echo.counts.dropped < 32);
});

Deno.test("UdpEcho.shutdown() first sends delayed datagrams", async () => {
  await using running = start({ delay: 500 });
  using client = udpSocket();
  await client.send(Uint8Array.of(1), running.addr);
  const stopped = running.echo.shutdown(30_000);
  assertEquals((await receiveFrom(client))[0], Uint8Array.of(1));
  await within(5_000, stopped);
});
