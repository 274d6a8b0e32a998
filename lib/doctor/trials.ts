/**
 * The doctor's trials: a proxy on loopback, with the doctor as client and
 * target.
 *
 * @module
 */

import { defaultSettings } from "../cli/settings.ts";
import { describeError } from "../observe/describe_error.ts";
import { ByteReader } from "../net/byte_reader.ts";
import { Duplex } from "../net/duplex.ts";
import { canReset, resetSocket } from "../net/system/reset_socket.ts";
import { openUdp } from "../net/udp/datagram_socket.ts";
import { setDeadline } from "../sync/deadline.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import { COMMAND, REPLY } from "../wire/socks/v5.ts";
import { encodeRequest, type Request } from "../wire/socks/v5_request.ts";
import { encodeUdpHeader, parseUdpHeader } from "../wire/socks/v5_udp.ts";
import type { Finding } from "./finding.ts";
import { PROXY_OPTIONS } from "../proxy/options.ts";
import { type Proxy, startProxy } from "../proxy/start.ts";

const HOST = "127.0.0.1";

/** Milliseconds for each trial. */
const PATIENCE = 1_500;

/** Bytes of a greeting without credentials, of the answer, and of a reply. */
const GREETING = Uint8Array.of(5, 1, 0);
const METHOD_LENGTH = 2;
const REPLY_LENGTH = 10;

/** Datagrams of a burst, and their size: what Linux queues by default. */
const BURST = 64;
const DATAGRAM = 1_400;

/**
 * Tries a tunnel whose client ends before the target answers, one whose target
 * resets, and a burst of datagrams.
 */
export async function examineTrials(): Promise<Finding[]> {
  let proxy: Proxy;
  try {
    proxy = await startProxy({
      ...defaultSettings(PROXY_OPTIONS),
      ...{ listen: [{ host: HOST, port: 0 }], grace: 0 },
    });
  } catch (error) {
    const message = `no proxy on ${HOST}: ${describeError(error)}`;
    const remedy = "look at the findings above";
    return [{ level: "problem", check: "trial", message, remedy }];
  }
  try {
    return await Promise.all([
      tried("half-close", halfClose(proxy)),
      tried("reset", reset(proxy)),
      tried("udp", burst(proxy)),
    ]);
  } finally {
    await proxy.shutdown(0);
  }
}

/** The result of a trial, or its failure. */
async function tried(
  check: string,
  trial: Promise<Omit<Finding, "check">>,
): Promise<Finding> {
  try {
    return { check, ...await trial };
  } catch (error) {
    return {
      level: "problem",
      check,
      message: `it does not work: ${describeError(error)}`,
      remedy:
        "check for a firewall on loopback; Sluice may not know this system",
    };
  }
}

async function halfClose(proxy: Proxy): Promise<Omit<Finding, "check">> {
  await throughTunnel(proxy, answerAtTheEnd, async (client, reader) => {
    await client.write(Uint8Array.of(1, 2, 3));
    await client.closeWrite();
    const [sum] = await reader.readExact(1);
    const isAtEnd = await reader.readSome() === undefined;
    if (sum !== 6 || !isAtEnd) throw new Error("the answer was wrong");
  });
  const message = "a half-closed client still gets its answer";
  return { level: "ok", message };
}

/** A target that adds up all bytes, and answers at their end. */
async function answerAtTheEnd(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(64);
  let sum = 0;
  while (true) {
    const count = await conn.read(buffer);
    if (count === null) break;
    for (const byte of buffer.subarray(0, count)) sum += byte;
  }
  await conn.write(Uint8Array.of(sum));
}

async function reset(proxy: Proxy): Promise<Omit<Finding, "check">> {
  if (!canReset()) {
    const message = "a reset of one side looks to the other like any " +
      "end: a broken download looks complete";
    if (Deno.build.os !== "linux") return { level: "note", message };
    return { level: "note", message, remedy: "give Deno --allow-ffi" };
  }
  await throughTunnel(proxy, resetAtOnce, async (_client, reader) => {
    await reader.readExact(1);
    const end = await reader.readSome().catch((error) => error);
    if (!(end instanceof Deno.errors.ConnectionReset)) {
      throw new Error("the client did not see the reset");
    }
  });
  return { level: "ok", message: "a reset of one side reaches the other" };
}

/** A target that sends one byte and resets. */
async function resetAtOnce(conn: Deno.TcpConn): Promise<void> {
  await conn.write(Uint8Array.of(1));
  await resetSocket(conn, PATIENCE)?.done;
}

/** Opens a tunnel to its own target; both end after the time limit. */
async function throughTunnel(
  proxy: Proxy,
  serve: (conn: Deno.TcpConn) => Promise<void>,
  use: (client: Duplex, reader: ByteReader) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  using conn = await connect(proxy);
  const client = new Duplex(conn);
  const deadline = setDeadline(PATIENCE, () => {
    client.close();
    listener.close();
  });
  async function serveOne(): Promise<void> {
    using conn = await listener.accept();
    await serve(conn);
  }
  try {
    const serving = serveOne();
    serving.catch(() => {}); // Awaited below, unless the trial fails first.
    const reader = new ByteReader(client);
    await request(client, reader, {
      command: COMMAND.Connect,
      port: listener.addr.port,
    });
    await use(client, reader);
    await serving;
  } finally {
    deadline.clear();
  }
}

async function burst(proxy: Proxy): Promise<Omit<Finding, "check">> {
  using conn = await connect(proxy);
  const control = new Duplex(conn);
  const reader = new ByteReader(control);
  const reply = await request(control, reader, {
    command: COMMAND.UdpAssociate,
    port: 0,
  });
  const port = reply[8]! << 8 | reply[9]!;
  const echo = openUdp(HOST);
  const client = openUdp(HOST);
  const stop = () => {
    echo.close();
    client.close();
  };
  const deadline = setDeadline(PATIENCE, stop);
  try {
    const echoing = echoAll(echo);
    const counting = countEchoes(client);
    await sendBurst(client, port, (echo.addr as Deno.NetAddr).port);
    const count = await counting;
    deadline.clear();
    if (count === BURST) stop();
    await echoing;
    const message = `${count} of ${BURST} datagrams sent at once came back`;
    if (count === BURST) return { level: "ok", message };
    const remedy = "lengthen the queues: see rmem_max";
    return { level: count === 0 ? "problem" : "warning", message, remedy };
  } finally {
    deadline.clear();
  }
}

async function sendBurst(
  client: Deno.DatagramConn,
  relay: number,
  target: number,
): Promise<void> {
  const header = encodeUdpHeader(parseIpAddress(HOST)!, target);
  const datagram = new Uint8Array(DATAGRAM);
  datagram.set(header);
  for (let n = 0; n < BURST; n++) {
    await client.send(datagram, {
      transport: "udp",
      hostname: HOST,
      port: relay,
    });
  }
}

/** Echoes datagrams until the socket closes. */
async function echoAll(socket: Deno.DatagramConn): Promise<void> {
  try {
    while (true) {
      const [datagram, from] = await socket.receive();
      await socket.send(datagram, from);
    }
  } catch {
    return; // Closed.
  }
}

/** Counts datagrams until all are back or the socket closes. */
async function countEchoes(socket: Deno.DatagramConn): Promise<number> {
  let count = 0;
  try {
    while (count < BURST) {
      const [datagram] = await socket.receive();
      if (parseUdpHeader(datagram) !== undefined) count++;
    }
  } catch {
    // Closed: all missing datagrams are lost.
  }
  return count;
}

function connect(proxy: Proxy): Promise<Deno.TcpConn> {
  const { port } = proxy.listeners[0]!.addr;
  return Deno.connect({ hostname: HOST, port });
}

/** Sends a SOCKS5 request without credentials (RFC 1928 §3, §4). */
async function request(
  client: Duplex,
  reader: ByteReader,
  target: Pick<Request, "command" | "port">,
): Promise<Uint8Array> {
  await client.write(GREETING);
  await reader.readExact(METHOD_LENGTH);
  const host = parseIpAddress(HOST)!;
  await client.write(encodeRequest({ ...target, host }));
  const reply = await reader.readExact(REPLY_LENGTH);
  if (reply[1] === REPLY.Succeeded) return reply;
  throw new Error(`the proxy answers ${reply[1]}`);
}
