/**
 * UDP associations and servers for tests.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { prepareCLibrary } from "../../lib/net/system/c_library.ts";
import { openWithLongQueue } from "../../lib/net/system/receive_queue.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "../../lib/wire/ip_address.ts";
import {
  encodeUdpHeader,
  parseUdpHeader,
} from "../../lib/wire/socks/v5_udp.ts";
import { type Bytes, join } from "./dialogue.ts";
import { greet, readReply, socks5Request, type TestProxy } from "./proxy.ts";
import { within, writeAll } from "./sockets.ts";

// Outside of all tests, because the library stays loaded.
prepareCLibrary();

/**
 * Datagrams of 1,400 bytes that a long queue can hold. If the system allows
 * only Linux's default, it is twice the number of a default socket.
 */
export const MOST_HELD: number = longestQueue() < 512 * 1024 ? 150 : 200;

function longestQueue(): number {
  try {
    return Number(Deno.readTextFileSync("/proc/sys/net/core/rmem_max"));
  } catch {
    return 0; // Hidden in a container, or not Linux.
  }
}

/** Source or destination of a datagram. */
export interface Place {
  hostname: string;
  port: number;
}

/** A datagram from the proxy. */
export interface Labelled {
  /** Address in its header, `ADDRESS PORT`. */
  origin: string;
  payload: Bytes;
}

/** A client of one association. */
export interface Association extends Disposable {
  /** The control connection. */
  readonly control: Deno.TcpConn;
  /** Address of the relay, from the reply. */
  readonly relay: Deno.NetAddr;
  /** The client's socket. */
  readonly socket: TestSocket;
  /** Sends a payload to a target. */
  send(payload: Uint8Array, target: Place): Promise<void>;
  /** Sends raw bytes. */
  sendRaw(datagram: Uint8Array): Promise<void>;
  /** Waits for the next datagram. */
  receive(): Promise<Labelled>;
}

/** The announced address (default: any address and port). */
export interface AssociationOptions {
  announced?: Place;
  control?: Deno.TcpConn;
  socket?: TestSocket;
}

/** A socket. Disposing of it closes it if needed. */
export type TestSocket = Deno.DatagramConn & Disposable;

/**
 * Opens a socket for datagrams; port 0 takes a free one. Its queue is as long
 * as the proxy's, so that the test itself loses nothing of a burst.
 */
export function udpSocket(hostname = "127.0.0.1", port = 0): TestSocket {
  const socket = openWithLongQueue(() =>
    Deno.listenDatagram({ transport: "udp", hostname, port })
  );
  return Object.assign(socket, {
    [Symbol.dispose]() {
      try {
        socket.close();
      } catch {
        // The test has closed it.
      }
    },
  });
}

/** Address of a socket. */
export function placeOf(socket: Deno.DatagramConn): Deno.NetAddr {
  return socket.addr as Deno.NetAddr;
}

/** A UDP ASSOCIATE request as bytes. */
export function associateRequest(announced: Place): Uint8Array<ArrayBuffer> {
  return socks5Request(3, announced.hostname, announced.port);
}

/** Requests an association and returns the reply code. */
export async function askAssociation(
  control: Deno.TcpConn,
  announced: Place = { hostname: "0.0.0.0", port: 0 },
): Promise<{ reply: number; bytes: Uint8Array }> {
  await greet(control);
  await writeAll(control, associateRequest(announced));
  return await within(5_000, readReply(control));
}

/** Opens an association. */
export async function openAssociation(
  proxy: Pick<TestProxy, "connect">,
  options: AssociationOptions = {},
): Promise<Association> {
  const control = options.control ?? await proxy.connect();
  const { hostname: local } = control.localAddr as Deno.NetAddr;
  const socket = options.socket ?? udpSocket(local);
  try {
    const { reply, bytes } = await askAssociation(control, options.announced);
    assertEquals(reply, 0);
    return client(control, socket, boundOf(bytes));
  } catch (error) {
    control.close();
    socket.close();
    throw error;
  }
}

/** Reads the address in a reply. */
export function boundOf(reply: Uint8Array): Deno.NetAddr {
  const hostname = formatIpAddress(reply.subarray(4, -2));
  const port = reply.at(-2)! << 8 | reply.at(-1)!;
  return { transport: "udp", hostname, port };
}

/** A datagram with its header. A name is sent as a name. */
export function wrap(payload: Uint8Array, { hostname, port }: Place): Bytes {
  const ip = parseIpAddress(hostname);
  if (ip !== undefined) return join(encodeUdpHeader(ip, port), payload);
  const name = new TextEncoder().encode(hostname);
  const end = [port >> 8, port & 0xff];
  return join([0, 0, 0, 3, name.length], name, end, payload);
}

/** Receives one datagram. */
export async function receiveFrom(
  socket: Deno.DatagramConn,
): Promise<[Bytes, Deno.NetAddr]> {
  const buffer = new Uint8Array(65_535);
  const [bytes, from] = await within(5_000, socket.receive(buffer));
  return [bytes as Bytes, from as Deno.NetAddr];
}

function client(
  control: Deno.TcpConn,
  socket: TestSocket,
  relay: Deno.NetAddr,
): Association {
  async function sendRaw(datagram: Uint8Array): Promise<void> {
    await socket.send(datagram, relay);
  }
  return {
    control,
    relay,
    socket,
    sendRaw,
    send: (payload, target) => sendRaw(wrap(payload, target)),
    async receive() {
      let [datagram, from] = await receiveFrom(socket);
      // Another test may still send to a port that it used a moment ago.
      while (from.hostname !== relay.hostname || from.port !== relay.port) {
        [datagram, from] = await receiveFrom(socket);
      }
      const { host, port, length } = parseUdpHeader(datagram)!;
      return {
        origin: `${formatIpAddress(host as IpAddress)} ${port}`,
        payload: datagram.slice(length),
      };
    },
    [Symbol.dispose]() {
      control[Symbol.dispose]();
      socket[Symbol.dispose]();
    },
  };
}

/** A server that returns each datagram. */
export interface UdpServer extends AsyncDisposable {
  readonly addr: Deno.NetAddr;
  /** Senders, in order. */
  readonly heard: Deno.NetAddr[];
}

/**
 * Starts a server for datagrams.
 *
 * @param answer Creates the answer to a datagram (default: the same).
 */
export function startUdp(
  hostname = "127.0.0.1",
  answer: (datagram: Bytes) => Uint8Array = (bytes) => bytes,
): UdpServer {
  const socket = udpSocket(hostname);
  const heard: Deno.NetAddr[] = [];
  const serving = (async () => {
    const buffer = new Uint8Array(65_535);
    while (true) {
      const [datagram, from] = await socket.receive(buffer);
      heard.push(from as Deno.NetAddr);
      await socket.send(answer(datagram as Bytes), from);
    }
  })().catch(() => {}); // Closed.
  return {
    addr: placeOf(socket),
    heard,
    async [Symbol.asyncDispose]() {
      socket.close();
      await serving;
    },
  };
}

/** Ends an association and returns its log event. */
export async function endAssociation(
  proxy: TestProxy,
  association: Association,
): Promise<ConnectionEvent> {
  association.control.close();
  const ended = await within(5_000, proxy.whenEnded(1));
  return ended.at(-1)!;
}
