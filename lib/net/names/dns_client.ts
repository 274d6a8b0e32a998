/**
 * One question to one name server (RFC 1035 §4.2, RFC 7766).
 *
 * Deno's own resolver returns no time to live, and does not distinguish a
 * failed server from a name that does not exist.
 *
 * @module
 */

import type { Context } from "../../sync/context.ts";
import { once } from "../../sync/once.ts";
import {
  type DnsHead,
  type DnsQuestion,
  type DnsResponse,
  encodeDnsQuestion,
  parseDnsHead,
  parseDnsResponse,
  RESPONSE_CODE,
} from "../../wire/dns_message.ts";
import { encodeDnsName } from "../../wire/dns_name.ts";
import {
  formatIpAddress,
  parseIpAddress,
  type SocketAddress,
} from "../../wire/ip_address.ts";
import { isSameAddress } from "../../wire/ip_mapped.ts";
import { ByteReader } from "../byte_reader.ts";
import { Duplex } from "../duplex.ts";

/** Servers send at most 512 bytes to a client that does not announce more. */
const LONGEST_DATAGRAM = 4_096;

/** Where a name server is, over UDP and TCP. */
export type NameServer = SocketAddress;

/**
 * Asks over UDP, and again over TCP if the answer does not fit. Each question
 * has its own random port and number, which a forger must guess (RFC 5452).
 * Datagrams that do not match the question are ignored, because anyone can send
 * them. A matching answer without use ends the wait.
 *
 * @param context Stops the attempt when cancelled.
 * @returns The answer to that question.
 * @throws {SyntaxError} If the answer is malformed.
 * @throws {Error} If it carries data without saying for which question.
 * @throws The socket's error, or the reason of the cancellation.
 */
export async function askNameServer(
  server: NameServer,
  query: Omit<DnsQuestion, "id">,
  context: Context,
): Promise<DnsResponse> {
  const [id] = crypto.getRandomValues(new Uint16Array(1));
  const question = { ...query, id: id! };
  try {
    const response = await askByUdp(server, question, context);
    return response.isTruncated
      ? await askByTcp(server, question, context)
      : response;
  } catch (error) {
    context.throwIfCancelled(); // The thrown error is only a consequence.
    throw error;
  }
}

async function askByUdp(
  server: NameServer,
  question: DnsQuestion,
  context: Context,
): Promise<DnsResponse> {
  context.throwIfCancelled();
  const hostname = server.ip.length === 4 ? "0.0.0.0" : "::";
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  const close = once(() => socket.close());
  const unregister = context.onCancel(close);
  try {
    await socket.send(encodeDnsQuestion(question), {
      transport: "udp",
      hostname: formatIpAddress(server.ip),
      port: server.port,
    });
    return await receiveAnswer(socket, server, question);
  } finally {
    unregister();
    close();
  }
}

/** Waits for the server's answer and ignores everything else. */
async function receiveAnswer(
  socket: Deno.DatagramConn,
  server: NameServer,
  question: DnsQuestion,
): Promise<DnsResponse> {
  const buffer = new Uint8Array(LONGEST_DATAGRAM);
  while (true) {
    const [bytes, from] = await socket.receive(buffer);
    if (!isServer(from as Deno.NetAddr, server)) continue;
    const head = headOf(bytes);
    // Otherwise it is a forgery, or a late answer to an earlier question.
    if (head !== undefined && isAnswerTo(head, question)) {
      return readAnswer(bytes, head, question);
    }
  }
}

function headOf(bytes: Uint8Array): DnsHead | undefined {
  try {
    return parseDnsHead(bytes);
  } catch {
    return undefined;
  }
}

function isServer({ hostname, port }: Deno.NetAddr, server: NameServer) {
  const ip = parseIpAddress(hostname);
  return port === server.port && ip !== undefined &&
    isSameAddress(ip, server.ip);
}

/** The number alone is as hard to guess as number and question together. */
function isAnswerTo(head: DnsHead, question: DnsQuestion): boolean {
  const { id, name, type } = head;
  if (id !== question.id) return false;
  return name === undefined ||
    type === question.type && name === encodeDnsName(question.name);
}

/**
 * Some servers omit the question when they refuse it or truncate the answer. In
 * all other answers the question must name what they are about.
 */
function readAnswer(
  bytes: Uint8Array,
  head: DnsHead,
  question: DnsQuestion,
): DnsResponse {
  if (head.name !== undefined) return parseDnsResponse(bytes);
  const { NameError, NoError } = RESPONSE_CODE;
  const isError = head.code !== NoError && head.code !== NameError;
  if (!isError && !head.isTruncated) {
    throw new Error("its answer does not repeat the question");
  }
  const name = encodeDnsName(question.name);
  const { type } = question;
  return { ...head, name, type, records: [], negativeLife: undefined };
}

/** Over TCP, two bytes of length precede each message. */
async function askByTcp(
  server: NameServer,
  question: DnsQuestion,
  context: Context,
): Promise<DnsResponse> {
  using connection = await Deno.connect({
    hostname: formatIpAddress(server.ip),
    port: server.port,
    signal: context.signal,
  });
  const duplex = new Duplex(connection);
  const unregister = context.onCancel(() => duplex.close());
  try {
    const message = encodeDnsQuestion(question);
    const framed = new Uint8Array(2 + message.length);
    new DataView(framed.buffer).setUint16(0, message.length);
    framed.set(message, 2);
    await duplex.write(framed);
    const reader = new ByteReader(duplex);
    const [high, low] = await reader.readExact(2);
    const answer = await reader.readExact(high! << 8 | low!);
    const head = parseDnsHead(answer);
    if (!isAnswerTo(head, question)) {
      throw new SyntaxError("Cannot take answer: it answers another question");
    }
    const response = readAnswer(answer, head, question);
    if (!response.isTruncated) return response;
    throw new SyntaxError("Cannot take answer: it is cut short over TCP too");
  } finally {
    unregister();
    duplex.releaseBuffer();
  }
}
