/**
 * A name server on loopback with answers from the test.
 *
 * @module
 */

import type { NameServer } from "../../lib/net/names/dns_client.ts";
import type { NameAnswer, NameSource } from "../../lib/net/names/answer.ts";
import { Context } from "../../lib/sync/context.ts";
import { encodeDnsName } from "../../lib/wire/dns_name.ts";
import { parseIpAddress } from "../../lib/wire/ip_address.ts";
import { readExactly, writeAll } from "./sockets.ts";

/** A received question. */
export interface Asked {
  name: string;
  type: number;
  transport: "udp" | "tcp";
}

/** A record of a response. */
export interface TestRecord {
  name: string;
  type: number;
  life: number;
  data: readonly number[];
}

/** A response. Omitted values are as in a valid one. */
export interface Answer {
  code?: number;
  answers?: TestRecord[];
  authorities?: TestRecord[];
  /** Whether the response claims to be truncated. */
  truncated?: boolean;
  /** Whether the server offers recursion (default true). */
  recursive?: boolean;
  /** Whether to omit the question. */
  isBare?: boolean;
  /** Difference to the identifier of the question. */
  idShift?: number;
  /** Name instead of the requested one. */
  name?: string;
}

/** Messages of a server: responses, raw bytes, or nothing. */
export type Said = (Answer | Uint8Array<ArrayBuffer>)[];

/** Decides what to send, possibly later. */
export type Respond = (asked: Asked) => Said | Promise<Said>;

/** A running name server. Disposing of it waits for its answers. */
export interface TestNameServer extends AsyncDisposable {
  readonly server: NameServer;
  /** All questions, in order. */
  readonly asked: Asked[];
}

/** Record types by name. */
export const TYPE = { a: 1, ns: 2, cname: 5, soa: 6, aaaa: 28 } as const;

/** An address record of the matching type. */
export function address(name: string, ip: string, life = 300): TestRecord {
  const bytes = parseIpAddress(ip)!;
  const type = bytes.length === 4 ? TYPE.a : TYPE.aaaa;
  return { name, type, life, data: [...bytes] };
}

/** An alias record. */
export function alias(name: string, real: string, life = 300): TestRecord {
  return { name, type: TYPE.cname, life, data: nameBytes(real) };
}

/** An SOA record: its time to live, and that of negative answers. */
export function authority(life: number, minimum: number): TestRecord {
  const numbers = [1, 2, 3, 4, minimum].flatMap(uint32);
  const data = [...nameBytes("ns.test"), ...nameBytes("root.test"), ...numbers];
  return { name: "test", type: TYPE.soa, life, data };
}

/** Answers a question from a list of records. */
export function among(records: TestRecord[]): Respond {
  return ({ name, type }) => {
    const own = records.filter((record) => record.name === name);
    if (own.length === 0) return [{ code: 3 }];
    return [{ answers: own.filter((record) => record.type === type) }];
  };
}

/** Encodes the response to a question. */
export function encodeAnswer(
  { name, type }: Pick<Asked, "name" | "type">,
  id: number,
  answer: Answer = {},
): Uint8Array<ArrayBuffer> {
  const { answers = [], authorities = [], code = 0, idShift = 0 } = answer;
  const flags = 0x8100 | (answer.recursive === false ? 0 : 0x80) |
    (answer.truncated ? 0x200 : 0) | code;
  const question = answer.isBare
    ? []
    : [...nameBytes(answer.name ?? name), ...uint16(type), ...uint16(1)];
  return Uint8Array.from([
    ...uint16(id + idShift & 0xffff),
    ...uint16(flags),
    ...uint16(question.length === 0 ? 0 : 1),
    ...uint16(answers.length),
    ...uint16(authorities.length),
    ...uint16(0),
    ...question,
    ...[...answers, ...authorities].flatMap(recordBytes),
  ]);
}

/** Looks a name up, and waits for late answers too. */
export async function lookUpWhole(
  source: NameSource,
  name: string,
): Promise<NameAnswer> {
  const answer = await source.lookup(name, new Context());
  return await answer.late ?? answer;
}

/** Starts a name server on a loopback address, for UDP and TCP. */
export function startNameServer(
  respond: Respond,
  hostname = "127.0.0.1",
): TestNameServer {
  const [listener, socket] = openBoth(hostname);
  const { port } = listener.addr as Deno.NetAddr;
  const asked: Asked[] = [];
  const work = new Set<Promise<void>>();
  let isClosed = false;

  async function answer(
    bytes: Uint8Array,
    transport: "udp" | "tcp",
    send: (bytes: Uint8Array) => Promise<unknown>,
  ): Promise<void> {
    const question = { ...parseQuestion(bytes), transport };
    asked.push(question);
    const id = bytes[0]! << 8 | bytes[1]!;
    for (const answer of await respond(question)) {
      const isRaw = answer instanceof Uint8Array;
      const message = isRaw ? answer : encodeAnswer(question, id, answer);
      if (!isClosed) await send(message);
    }
  }

  function track(task: Promise<void>): void {
    const tracked = task.catch(() => {}).finally(() => work.delete(tracked));
    work.add(tracked);
  }

  async function serveDatagrams(): Promise<void> {
    for await (const [bytes, from] of socket) {
      track(answer(bytes, "udp", (message) => socket.send(message, from)));
    }
  }

  async function serveConnection(conn: Deno.TcpConn): Promise<void> {
    using _closing = conn;
    const [high, low] = await readExactly(conn, 2);
    const question = await readExactly(conn, high! << 8 | low!);
    await answer(
      question,
      "tcp",
      (message) => writeAll(conn, [...uint16(message.length), ...message]),
    );
  }

  async function serveConnections(): Promise<void> {
    for await (const conn of listener) track(serveConnection(conn));
  }

  const serving = Promise.all([serveDatagrams(), serveConnections()]);
  return {
    server: { ip: parseIpAddress(hostname)!, port },
    asked,
    async [Symbol.asyncDispose]() {
      isClosed = true;
      listener.close();
      socket.close();
      await serving;
      await Promise.all(work);
    },
  };
}

/**
 * Another program may use the UDP port of a free TCP port; then it tries
 * another.
 */
function openBoth(hostname: string): [Deno.TcpListener, Deno.DatagramConn] {
  for (let left = 20;; left--) {
    const listener = Deno.listen({ hostname, port: 0 });
    const { port } = listener.addr;
    try {
      const transport = "udp" as const;
      return [listener, Deno.listenDatagram({ transport, hostname, port })];
    } catch (error) {
      listener.close();
      if (left === 0) throw error;
    }
  }
}

function parseQuestion(bytes: Uint8Array): { name: string; type: number } {
  const labels: string[] = [];
  let offset = 12;
  while (bytes[offset] !== 0) {
    const end = offset + 1 + bytes[offset]!;
    labels.push(new TextDecoder().decode(bytes.subarray(offset + 1, end)));
    offset = end;
  }
  return {
    name: labels.join("."),
    type: bytes[offset + 1]! << 8 | bytes[offset + 2]!,
  };
}

function recordBytes({ name, type, life, data }: TestRecord): number[] {
  return [
    ...nameBytes(name),
    ...uint16(type),
    ...uint16(1),
    ...uint32(life),
    ...uint16(data.length),
    ...data,
  ];
}

function nameBytes(name: string): number[] {
  return [...encodeDnsName(name)].map((character) => character.charCodeAt(0));
}

function uint16(value: number): number[] {
  return [value >> 8 & 0xff, value & 0xff];
}

function uint32(value: number): number[] {
  return [...uint16(value >>> 16), ...uint16(value)];
}
