/**
 * One question to one name server (RFC 1035 §4.2, RFC 7766).
 *
 * Deno's own resolver tells neither the time that an answer holds nor a server
 * that failed from a name that does not exist.
 *
 * @module
 */

import type { Context } from "../../sync/context.ts";
import {
  type AddressType,
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
  type IpAddress,
  parseIpAddress,
} from "../../wire/ip_address.ts";
import { isSameAddress } from "../../wire/ip_mapped.ts";
import { ByteReader } from "../byte_reader.ts";
import { Duplex } from "../duplex.ts";

/** Servers send 512 bytes at most to whoever does not ask for more. */
const LONGEST_DATAGRAM = 4_096;

/** Where a name server is. */
export interface NameServer {
  /** Its address. */
  readonly ip: IpAddress;
  /** Its port, over UDP and TCP. */
  readonly port: number;
}

/** What is asked. */
export interface DnsQuery {
  /** Name as text. */
  name: string;
  /** What is asked for. */
  type: AddressType;
}

/**
 * Asks over UDP, and again over TCP where the answer does not fit. Each question
 * has a socket and a number of its own, both random: whoever wants to answer in
 * the server's place has to guess them (RFC 5452). What does not fit the
 * question is not even an error, for anyone can send it; an answer that fits and
 * is of no use ends the wait.
 *
 * @param server Whom to ask.
 * @param query What to ask.
 * @param context Stops the attempt when cancelled.
 * @returns The answer, which is to that question.
 * @throws {SyntaxError} If the answer is malformed.
 * @throws {Error} If it says something, and not to which question.
 * @throws The socket's error, or the reason of the cancellation.
 */
export async function askNameServer(
  server: NameServer,
  query: DnsQuery,
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
    context.throwIfCancelled(); // What was thrown only follows from that.
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
  let isOpen = true;
  function close(): void {
    if (isOpen) socket.close();
    isOpen = false;
  }
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

/** Waits for the server's answer; whatever else comes is passed over. */
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
    // Otherwise somebody guesses, or it is an answer from before.
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

/** The number alone is as hard to guess as the number with a known question. */
function isAnswerTo(head: DnsHead, question: DnsQuestion): boolean {
  const { id, name, type } = head;
  if (id !== question.id) return false;
  return name === undefined ||
    type === question.type && name === encodeDnsName(question.name);
}

/**
 * Some servers leave the question out where they refuse it, or say that the
 * answer does not fit. Whom an address belongs to, or which name there is not,
 * is said by the question alone.
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

/** A message over TCP has its length in front, in two bytes. */
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
      throw new SyntaxError("Cannot take answer: it is to another question");
    }
    const response = readAnswer(answer, head, question);
    if (!response.isTruncated) return response;
    throw new SyntaxError("Cannot take answer: it is cut short over TCP too");
  } finally {
    unregister();
    duplex.releaseBuffer();
  }
}
