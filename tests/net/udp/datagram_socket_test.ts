import { assertEquals, assertThrows } from "@std/assert";
import { DialError } from "../../../lib/net/dial_error.ts";
import { openUdp } from "../../../lib/net/udp/datagram_socket.ts";
import { UdpSender } from "../../../lib/net/udp/sender.ts";
import { placeOf, receiveFrom, udpSocket } from "../../support/udp.ts";

Deno.test("openUdp() fails when every port of its range is taken", () => {
  using taken = udpSocket();
  const { port } = placeOf(taken);
  const error = assertThrows(
    () => openUdp("127.0.0.1", [port, port]),
    DialError,
    `no port from ${port} to ${port} is free`,
  );
  assertEquals(error.kind, "failed");
});

Deno.test("openUdp() fails immediately when the address is not of this machine", () => {
  const error = assertThrows(
    () => openUdp("192.0.2.1", [20_000, 60_000]),
    DialError,
  );
  assertEquals(error.kind, "network unreachable");
});

Deno.test("UdpSender.send() keeps the order when nothing is awaited", async () => {
  using from = udpSocket();
  using to = udpSocket();
  const sender = new UdpSender(from);
  const sends = Array.from(
    { length: 50 },
    (_, n) => sender.send(Uint8Array.of(n), placeOf(to)),
  );
  await Promise.all(sends);
  for (let n = 0; n < 50; n++) {
    assertEquals((await receiveFrom(to))[0][0], n);
  }
});
