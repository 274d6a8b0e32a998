import { assertEquals } from "@std/assert";
import { DatagramConnection } from "../../../lib/net/udp/datagram_connection.ts";
import { within } from "../../support/sockets.ts";
import { placeOf, receiveFrom, udpSocket } from "../../support/udp.ts";

/** Both ends; the near one is wrapped. */
function pair(options: { linger?: number; isLines?: boolean } = {}) {
  const far = udpSocket();
  const socket = udpSocket();
  const near = new DatagramConnection(socket, placeOf(far), {
    ...{ linger: 50, isLines: false },
    ...options,
  });
  return { near, far, at: placeOf(socket) };
}

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("DatagramConnection.write() sends 1,400 bytes at most", async () => {
  const { near, far } = pair();
  using _near = near;
  using _far = far;
  assertEquals(await near.write(new Uint8Array()), 0);
  assertEquals(await near.write(encode("a\nb\n")), 4);
  assertEquals(decode((await receiveFrom(far))[0]), "a\nb\n");
  assertEquals(await near.write(new Uint8Array(5_000)), 1_400);
  assertEquals((await receiveFrom(far))[0].length, 1_400);
});

Deno.test("DatagramConnection.write() sends each line as its own datagram in line mode", async () => {
  const { near, far } = pair({ isLines: true });
  using _near = near;
  using _far = far;
  const line = "x".repeat(2_000) + "\n";
  assertEquals(await near.write(encode(line + "b\n")), 2_001);
  assertEquals(decode((await receiveFrom(far))[0]), line);
});

Deno.test("DatagramConnection.read() gives datagrams of the peer alone, in pieces", async () => {
  for (const isLines of [false, true]) {
    const { near, far, at } = pair({ isLines });
    using _near = near;
    using _far = far;
    using stranger = udpSocket();
    await stranger.send(encode("no"), at);
    await far.send(new Uint8Array(), at);
    await far.send(encode("abc"), at);
    const buffer = new Uint8Array(2);
    let text = "";
    while (text.length < (isLines ? 5 : 3)) {
      const count = await within(5_000, near.read(buffer));
      text += decode(buffer.subarray(0, count!));
    }
    assertEquals(text, isLines ? "\nabc\n" : "abc");
  }
});

Deno.test("DatagramConnection.read() ends a while after the last answer", async () => {
  const { near, far, at } = pair({ linger: 200 });
  using _near = near;
  using _far = far;
  await near.closeWrite();
  const buffer = new Uint8Array(10);
  await far.send(encode("abc"), at);
  assertEquals(await within(5_000, near.read(buffer)), 3);
  assertEquals(await within(5_000, near.read(buffer)), null);
  assertEquals(await near.read(buffer), null);
});

Deno.test("DatagramConnection.write() keeps a part of a line until the rest comes", async () => {
  const { near, far } = pair({ isLines: true });
  using _near = near;
  using _far = far;
  const line = "x".repeat(1_500) + "\n";
  assertEquals(await near.write(encode(line.slice(0, 1_024))), 1_024);
  assertEquals(await near.write(encode(line.slice(1_024) + "b")), 477);
  assertEquals(decode((await receiveFrom(far))[0]), line);
  assertEquals(await near.write(encode("b")), 1);
  await near.closeWrite();
  assertEquals(decode((await receiveFrom(far))[0]), "b");
});
