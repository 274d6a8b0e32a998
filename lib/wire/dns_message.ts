/**
 * Questions to a name server and its answers (RFC 1035 §4), as far as names
 * have to become addresses.
 *
 * This is own code because `dns-packet` 5.6.1 fails six of its tests, and the
 * checks around it would need this parser. It ignores RDLENGTH of addresses and
 * aliases, makes `192.0.2.undefined` of an address that is cut short, takes the
 * label `a.b` for two labels, makes one name of all that are not UTF-8, fails on
 * records that nobody looks at and on an answer that did not fit, and allocates
 * what a header announces, 2 MB for 12 bytes.
 *
 * @module
 */

import { DnsCursor, dnsFault } from "./dns_cursor.ts";
import { encodeDnsName } from "./dns_name.ts";
import type { IpAddress } from "./ip_address.ts";

/** Types of records (RFC 1035 §3.2.2; AAAA: RFC 3596 §2.1). */
export const RECORD_TYPE = {
  A: 1,
  CNAME: 5,
  SOA: 6,
  AAAA: 28,
} as const;

/** Types that can be asked for. */
export type AddressType = typeof RECORD_TYPE["A"] | typeof RECORD_TYPE["AAAA"];

/** Codes of answers, as far as anyone acts on them (RFC 1035 §4.1.1). */
export const RESPONSE_CODE = {
  NoError: 0,
  NameError: 3,
} as const;

/** The class of everything on the Internet. */
const CLASS_IN = 1;

/** The flag of a question that the server is to find out by itself. */
const RECURSION_DESIRED = 0x0100;

const HEADER_LENGTH = 12;

/** A question with its number. */
export interface DnsQuestion {
  /** Number that the answer repeats, 16 bits. */
  id: number;
  /** Name as text. */
  name: string;
  /** What is asked for. */
  type: AddressType;
}

/** A record that leads to an address. */
export interface DnsRecord {
  /** Whose it is, in the form of `encodeDnsName`. */
  owner: string;
  /** Seconds that it may be kept. */
  life: number;
  /** The address, or the name that the owner is another one for. */
  value: IpAddress | string;
}

/** What an answer says before its records. */
export interface DnsHead {
  /** Number of the question. */
  id: number;
  /**
   * The name that was asked for, in the form of `encodeDnsName`; `undefined`
   * where the answer does not repeat the question.
   */
  name: string | undefined;
  /** The type that was asked for, `undefined` with the name. */
  type: number | undefined;
  /** Code of the answer, one of {@linkcode RESPONSE_CODE} or another. */
  code: number;
  /** Whether it did not fit, so that there are no records here. */
  isTruncated: boolean;
  /** Whether the server finds out by itself, or knows the name of its own. */
  isCompetent: boolean;
}

/** An answer. */
export interface DnsResponse extends DnsHead {
  /** The name that was asked for, in the form of `encodeDnsName`. */
  name: string;
  /** The type that was asked for. */
  type: number;
  /** Addresses and other names, in the server's order. */
  records: DnsRecord[];
  /**
   * Seconds for which it may be remembered that there is nothing (RFC 2308 §5);
   * `undefined` where the server did not say.
   */
  negativeLife: number | undefined;
}

/**
 * Encodes a question:
 *
 * ```text
 * +----+-------+----+----+----+----+------+------+-------+
 * | ID | FLAGS |  1 |  0 |  0 |  0 | NAME | TYPE | CLASS |
 * +----+-------+----+----+----+----+------+------+-------+
 * |  2 |   2   |  2 |  2 |  2 |  2 | Var. |  2   |   2   |
 * +----+-------+----+----+----+----+------+------+-------+
 * ```
 *
 * @param question What to ask.
 * @returns The message.
 * @throws {SyntaxError} If the name is none.
 */
export function encodeDnsQuestion(
  { id, name, type }: DnsQuestion,
): Uint8Array<ArrayBuffer> {
  const encoded = encodeDnsName(name);
  const bytes = new Uint8Array(HEADER_LENGTH + encoded.length + 4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(2, RECURSION_DESIRED);
  view.setUint16(4, 1);
  for (let n = 0; n < encoded.length; n++) {
    bytes[HEADER_LENGTH + n] = encoded.charCodeAt(n);
  }
  view.setUint16(bytes.length - 4, type);
  view.setUint16(bytes.length - 2, CLASS_IN);
  return bytes;
}

/**
 * Parses what comes before the records of an answer: the header and the
 * question it repeats. A server that could make nothing of the question may
 * leave it out.
 *
 * @param bytes The message.
 * @returns What it says.
 * @throws {SyntaxError} If it is no answer to one question, or malformed.
 */
export function parseDnsHead(bytes: Uint8Array): DnsHead {
  return readMessageHead(new DnsCursor(bytes)).head;
}

/**
 * Parses an answer: the header, the question it repeats, then records. Those
 * of other types and classes are passed over, and what comes behind the
 * authority is not looked at.
 *
 * @param bytes The message.
 * @returns What it says.
 * @throws {SyntaxError} If it is no answer to one question, or malformed.
 */
export function parseDnsResponse(bytes: Uint8Array): DnsResponse {
  const cursor = new DnsCursor(bytes);
  const { head, answers, authorities } = readMessageHead(cursor);
  const { name, type } = head;
  if (name === undefined || type === undefined) throw dnsFault("QDCOUNT is 0");
  const response = {
    ...head,
    name,
    type,
    records: [],
    negativeLife: undefined,
  };
  // What did not fit may have been cut in the middle of a record.
  if (response.isTruncated) return response;
  for (let n = 0; n < answers; n++) readRecord(cursor, response);
  for (let n = 0; n < authorities; n++) readAuthority(cursor, response);
  return response;
}

function readMessageHead(
  cursor: DnsCursor,
): { head: DnsHead; answers: number; authorities: number } {
  const id = cursor.uint16();
  const flags = cursor.uint16();
  const questions = cursor.uint16();
  const answers = cursor.uint16();
  const authorities = cursor.uint16();
  cursor.uint16(); // How many records there are that nobody looks at.
  if ((flags & 0x8000) === 0) throw dnsFault("it is a question");
  if ((flags & 0x7800) !== 0) throw dnsFault("OPCODE is not 0");
  if (questions > 1) throw dnsFault(`QDCOUNT is ${questions}`);
  const asked = questions === 0 ? undefined : readQuestion(cursor);
  const head = {
    id,
    name: asked?.name,
    type: asked?.type,
    code: flags & 0x000f,
    isTruncated: (flags & 0x0200) !== 0,
    isCompetent: (flags & 0x0480) !== 0,
  };
  return { head, answers, authorities };
}

function readQuestion(cursor: DnsCursor): { name: string; type: number } {
  const name = cursor.name();
  const type = cursor.uint16();
  const questionClass = cursor.uint16();
  if (questionClass !== CLASS_IN) throw dnsFault(`QCLASS is ${questionClass}`);
  return { name, type };
}

interface RecordHead {
  owner: string;
  type: number;
  life: number;
  /** Where the next record begins. */
  end: number;
}

/**
 * ```text
 * +------+------+-------+-----+----------+----------+
 * | NAME | TYPE | CLASS | TTL | RDLENGTH |  RDATA   |
 * +------+------+-------+-----+----------+----------+
 * | Var. |  2   |   2   |  4  |    2     | RDLENGTH |
 * +------+------+-------+-----+----------+----------+
 * ```
 */
function readHead(cursor: DnsCursor): RecordHead {
  const owner = cursor.name();
  const type = cursor.uint16();
  const recordClass = cursor.uint16();
  const life = readLife(cursor);
  const end = cursor.sectionEnd(cursor.uint16());
  return { owner, type: recordClass === CLASS_IN ? type : 0, life, end };
}

/** With the highest bit set it is no time at all (RFC 2181 §8). */
function readLife(cursor: DnsCursor): number {
  const seconds = cursor.uint32();
  return seconds > 0x7fffffff ? 0 : seconds;
}

function readRecord(cursor: DnsCursor, { records }: DnsResponse): void {
  const { owner, type, life, end } = readHead(cursor);
  if (type === RECORD_TYPE.CNAME) {
    records.push({ owner, life, value: cursor.name() });
  } else if (type === RECORD_TYPE.A) {
    records.push({ owner, life, value: cursor.bytes(4) });
  } else if (type === RECORD_TYPE.AAAA) {
    records.push({ owner, life, value: cursor.bytes(16) });
  } else {
    cursor.skipTo(end);
  }
  cursor.requireEnd(end);
}

function readAuthority(cursor: DnsCursor, response: DnsResponse): void {
  const { type, life, end } = readHead(cursor);
  if (type === RECORD_TYPE.SOA) {
    cursor.name(); // The primary server,
    cursor.name(); // and who is responsible.
    cursor.bytes(16); // The serial number and three times.
    response.negativeLife = Math.min(life, readLife(cursor));
  } else {
    cursor.skipTo(end);
  }
  cursor.requireEnd(end);
}
