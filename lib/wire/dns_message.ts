/**
 * DNS queries and responses (RFC 1035 §4), limited to resolving names to
 * addresses.
 *
 * This is own code because `dns-packet` 5.6.1 fails six of its tests, and the
 * checks around it would need this parser. It ignores RDLENGTH of addresses and
 * aliases, turns a truncated address into `192.0.2.undefined`, reads the label
 * `a.b` as two labels, maps all names that are not UTF-8 to one name, fails on
 * irrelevant records and on truncated responses, and allocates what a header
 * announces, 2 MB for 12 bytes.
 *
 * @module
 */

import { DnsCursor, dnsFault } from "./dns_cursor.ts";
import { encodeDnsName } from "./dns_name.ts";
import type { IpAddress } from "./ip_address.ts";

/** Record types (RFC 1035 §3.2.2; AAAA: RFC 3596 §2.1). */
export const RECORD_TYPE = {
  A: 1,
  CNAME: 5,
  SOA: 6,
  AAAA: 28,
} as const;

/** Record types that a query can ask for. */
export type AddressType = typeof RECORD_TYPE["A"] | typeof RECORD_TYPE["AAAA"];

/** The response codes that Sluice acts on (RFC 1035 §4.1.1). */
export const RESPONSE_CODE = {
  NoError: 0,
  NameError: 3,
} as const;

/** The class of all Internet records. */
const CLASS_IN = 1;

/** The flag that asks the server to resolve the name recursively. */
const RECURSION_DESIRED = 0x0100;

const HEADER_LENGTH = 12;

/** A query. */
export interface DnsQuestion {
  /** Identifier that the response repeats, 16 bits. */
  id: number;
  /** Name as text. */
  name: string;
  /** The requested record type. */
  type: AddressType;
}

/** A record on the way to an address. */
export interface DnsRecord {
  /** Owner name, in the form of `encodeDnsName`. */
  owner: string;
  /** Time to live in seconds. */
  life: number;
  /** The address, or the name that the owner is an alias of. */
  value: IpAddress | string;
}

/** The part of a response before its records. */
export interface DnsHead {
  /** Identifier of the query. */
  id: number;
  /**
   * The requested name, in the form of `encodeDnsName`; `undefined` if the
   * response does not repeat the question.
   */
  name: string | undefined;
  /** The requested type; `undefined` if the name is. */
  type: number | undefined;
  /** Response code, one of {@linkcode RESPONSE_CODE} or another. */
  code: number;
  /** Whether the server truncated the response; it then has no records here. */
  isTruncated: boolean;
  /** Whether the server offers recursion or is authoritative for the name. */
  isCompetent: boolean;
}

/** A response. */
export interface DnsResponse extends DnsHead {
  /** The requested name, in the form of `encodeDnsName`. */
  name: string;
  /** The requested type. */
  type: number;
  /** Addresses and aliases, in the server's order. */
  records: DnsRecord[];
  /**
   * Seconds for which the absence of records may be cached (RFC 2308 §5);
   * `undefined` if the server gave none.
   */
  negativeLife: number | undefined;
}

/**
 * Encodes a query:
 *
 * ```text
 * +----+-------+----+----+----+----+------+------+-------+
 * | ID | FLAGS |  1 |  0 |  0 |  0 | NAME | TYPE | CLASS |
 * +----+-------+----+----+----+----+------+------+-------+
 * |  2 |   2   |  2 |  2 |  2 |  2 | Var. |  2   |   2   |
 * +----+-------+----+----+----+----+------+------+-------+
 * ```
 *
 * @param question Identifier, name and type.
 * @throws {SyntaxError} If the name is invalid.
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
 * Parses the part of a response before its records: the header and the repeated
 * question. A server that could not parse the question may leave it out.
 *
 * @param bytes The message.
 * @throws {SyntaxError} If it is malformed or does not answer exactly one
 *   question.
 */
export function parseDnsHead(bytes: Uint8Array): DnsHead {
  return readMessageHead(new DnsCursor(bytes)).head;
}

/**
 * Parses a response: the header, the repeated question, then records. It skips
 * records of other types and classes, and ignores everything after the
 * authority section.
 *
 * @param bytes The message.
 * @throws {SyntaxError} If it is malformed or does not answer exactly one
 *   question.
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
  // A truncated response may end in the middle of a record.
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
  cursor.uint16(); // Count of additional records, which are ignored.
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
  /** Offset of the next record. */
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

/** A set highest bit makes it 0 (RFC 2181 §8). */
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
    cursor.name(); // Primary server.
    cursor.name(); // Mailbox of the administrator.
    cursor.bytes(16); // Serial number and three times.
    response.negativeLife = Math.min(life, readLife(cursor));
  } else {
    cursor.skipTo(end);
  }
  cursor.requireEnd(end);
}
