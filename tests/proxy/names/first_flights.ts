/**
 * First flights of clients in tunnels, and what becomes of them.
 *
 * @module
 */

import {
  hello,
  helloMessage,
  type HelloSettings,
  inRecords,
  protocols,
  serverNames,
  versions,
} from "../../support/client_hello.ts";
import { type Bytes, join } from "../../support/dialogue.ts";

/** A row of the table. */
export interface FirstFlightRow {
  /** What it is. */
  readonly what: string;
  /** Name or address that is asked for (default `a.test`). */
  readonly asked?: string;
  /** What the client sends, a piece in each write. */
  readonly pieces: readonly Bytes[];
  /** What would be denied; `undefined` is nothing. A part of the reason. */
  readonly denied?: string;
  /**
   * What the target gets although something is denied later, or in other words:
   * a part of it each (default: every byte as it was sent, or nothing).
   */
  readonly arrives?: readonly string[];
  /** What the client is told by `require` (default: nothing in particular). */
  readonly told?: string;
  /** What `report` would deny, if that is less (default `denied`). */
  readonly reported?: string | null;
}

const encoder = new TextEncoder();

function bytes(text: string): Bytes {
  return encoder.encode(text) as Bytes;
}

function tls(name: string, settings: HelloSettings = {}): Bytes {
  const { extensions = [], ...rest } = settings;
  return hello({ ...rest, extensions: [serverNames(name), ...extensions] });
}

function cut(whole: Bytes, ...ends: number[]): Bytes[] {
  return [0, ...ends].map((start, index) => whole.slice(start, ends[index]));
}

function get(host: string, path = "/", more = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
}

function upgrade(protocol: string): string {
  return `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
}

const NAME = tls("a.test");
const MESSAGE = helloMessage({ extensions: [serverNames("a.test")] });
const ADDRESS = "127.0.0.1";

/** A GREASE value (RFC 8701), and `encrypted_client_hello` (RFC 9849). */
const GREASE = [0x0a0a, [0]] as const;
const ECH = [0xfe0d, [0, 0, 1, 0, 1, 7, 0, 4, 1, 2, 3, 4, 0, 2, 5, 6]] as const;

const NO_NAME = "the ClientHello names no server";
const HIDDEN = "which shows no name";
const OTHER = "the server name is b.test, but a.test was asked for";
const BROKEN = "Cannot parse ClientHello";
const OFF_HOST = "Host is b.test, but a.test was asked for";

/** A name over and over, until the ClientHello has so many bytes. */
function padded(length: number): Bytes {
  return hello({
    extensions: [serverNames("a.test"), [21, new Uint8Array(length)]],
  });
}

/** The rows. */
export const FIRST_FLIGHTS: readonly FirstFlightRow[] = [
  // Names that fit.
  { what: "TLS with the name", pieces: [NAME] },
  { what: "TLS with the name in upper case", pieces: [tls("A.TEST")] },
  { what: "TLS with a trailing dot", pieces: [tls("a.test.")] },
  { what: "TLS, asked in upper case", asked: "A.Test", pieces: [NAME] },
  { what: "TLS, asked with a trailing dot", asked: "a.test.", pieces: [NAME] },
  {
    what: "TLS with an IDNA name",
    asked: "xn--bcher-kva.test",
    pieces: [tls("xn--bcher-kva.test")],
  },
  {
    what: "TLS with an IDNA name in upper case",
    asked: "xn--bcher-kva.test",
    pieces: [tls("XN--BCHER-KVA.test")],
  },
  {
    what: "TLS with the name and ALPN",
    pieces: [tls("a.test", { extensions: [protocols("h2", "http/1.1")] })],
  },
  {
    what: "TLS with the name and GREASE",
    pieces: [tls("a.test", { extensions: [GREASE] })],
  },
  {
    what: "TLS with the name and ECH",
    pieces: [tls("a.test", { extensions: [ECH] })],
  },
  {
    what: "TLS 1.0 with the name",
    pieces: [tls("a.test", { version: 0x0301 })],
  },
  {
    what: "TLS 1.1 with the name",
    pieces: [tls("a.test", { version: 0x0302 })],
  },
  {
    what: "TLS 1.2 with the name",
    pieces: [tls("a.test", { version: 0x0303 })],
  },
  {
    what: "TLS 1.3 with the name",
    pieces: [tls("a.test", { extensions: [versions(0x0304)] })],
  },
  {
    what: "TLS 1.3 with the name and early data behind it",
    pieces: [join(NAME, [23, 3, 3, 0, 3, 1, 2, 3])],
  },
  // Cut in pieces.
  {
    what: "TLS, a record for each byte",
    pieces: [inRecords(MESSAGE, 1)],
  },
  { what: "TLS in records of 7 bytes", pieces: [inRecords(MESSAGE, 7)] },
  ...[1, 2, 3, 4, 5, 6, 9, 43, 44, NAME.length - 7, NAME.length - 1].map((
    n,
  ) => ({
    what: `TLS, cut before byte ${n}`,
    pieces: cut(NAME, n),
  })),
  {
    what: "TLS, every byte alone",
    pieces: cut(
      NAME,
      ...Array.from({ length: NAME.length - 1 }, (_, n) => n + 1),
    ),
  },
  { what: "TLS of 15 KiB", pieces: [padded(15_000)] },
  {
    what: "TLS of 15 KiB in small records",
    pieces: [
      inRecords(
        helloMessage({
          extensions: [serverNames("a.test"), [21, new Uint8Array(15_000)]],
        }),
        1_000,
      ),
    ],
  },
  // Names that do not fit.
  { what: "TLS with another name", pieces: [tls("b.test")], denied: OTHER },
  {
    what: "TLS with another name in upper case",
    pieces: [tls("B.TEST")],
    denied: OTHER,
  },
  {
    what: "TLS with a name below",
    pieces: [tls("x.a.test")],
    denied: "the server name is x.a.test, but a.test was asked for",
  },
  {
    what: "TLS with the name above",
    asked: "x.a.test",
    pieces: [NAME],
    denied: "the server name is a.test, but x.a.test was asked for",
  },
  {
    what: "TLS with a name that begins alike",
    pieces: [tls("a.test.evil.test")],
    denied: "the server name is a.test.evil.test",
  },
  {
    what: "TLS with another name and ECH",
    pieces: [tls("b.test", { extensions: [ECH] })],
    denied: OTHER,
  },
  {
    what: "TLS with another name and GREASE",
    pieces: [tls("b.test", { extensions: [GREASE] })],
    denied: OTHER,
  },
  {
    what: "TLS with another IDNA name",
    asked: "xn--bcher-kva.test",
    pieces: [tls("bucher.test")],
    denied: "the server name is bucher.test",
  },
  {
    what: "TLS 1.0 with another name",
    pieces: [tls("b.test", { version: 0x0301 })],
    denied: OTHER,
  },
  {
    what: "TLS with another name, a record for each byte",
    pieces: [
      inRecords(helloMessage({ extensions: [serverNames("b.test")] }), 1),
    ],
    denied: OTHER,
  },
  {
    what: "TLS with another name, cut in the middle of it",
    pieces: cut(tls("b.test"), NAME.length - 3),
    denied: OTHER,
  },
  // None, several, and what cannot be read.
  { what: "TLS without a name", pieces: [hello()], denied: NO_NAME },
  {
    what: "TLS without extensions",
    pieces: [hello({ end: [] })],
    denied: NO_NAME,
  },
  {
    what: "TLS with ECH and no name",
    pieces: [hello({ extensions: [ECH] })],
    denied: NO_NAME,
  },
  {
    what: "TLS with an empty list of names",
    pieces: [hello({ extensions: [[0, [0, 0]]] })],
    denied: BROKEN,
  },
  {
    what: "TLS with two names",
    pieces: [hello({ extensions: [serverNames("a.test", "b.test")] })],
    denied: "it names two servers",
  },
  {
    what: "TLS with the name twice",
    pieces: [hello({ extensions: [serverNames("a.test", "a.test")] })],
    denied: "it names two servers",
  },
  {
    what: "TLS with two extensions of names",
    pieces: [
      hello({ extensions: [serverNames("a.test"), serverNames("b.test")] }),
    ],
    denied: "extension 0 comes twice",
  },
  {
    what: "TLS with an IPv4 literal for a name",
    pieces: [tls("127.0.0.1")],
    denied: NO_NAME,
  },
  {
    what: "TLS with a name in UTF-8",
    pieces: [tls("bücher.test")],
    denied: "the server's name is not a valid name",
  },
  {
    what: "TLS with NUL in the name",
    pieces: [tls("a.test\0.evil.test")],
    denied: "the server's name is not a valid name",
  },
  {
    what: "TLS with a space in the name",
    pieces: [tls("a.test evil.test")],
    denied: "the server's name is not a valid name",
  },
  { what: "TLS over the bound", pieces: [padded(17_000)], denied: BROKEN },
  {
    what: "TLS with a record over its bound",
    pieces: [Uint8Array.of(22, 3, 1, 0x40, 0x01)],
    denied: "a record has 16385 bytes",
  },
  {
    what: "TLS with an empty record before",
    pieces: [join([22, 3, 1, 0, 0], NAME)],
    denied: "a record has 0 bytes",
  },
  {
    what: "TLS with an alert before",
    pieces: [join([21, 3, 1, 0, 2, 1, 0], NAME)],
    denied: HIDDEN,
  },
  {
    what: "TLS with another message in the record",
    pieces: [inRecords(join(MESSAGE, [14, 0, 0, 0]))],
    denied: "something follows in its record",
  },
  {
    what: "TLS that breaks off",
    pieces: [NAME.slice(0, NAME.length - 1)],
    denied: "break off",
  },
  {
    what: "TLS that begins with a ServerHello",
    pieces: [inRecords(join([2], MESSAGE.slice(1)))],
    denied: "its type is 2",
  },
  // An address was asked for.
  {
    what: "TLS by address with a name that is there",
    asked: ADDRESS,
    pieces: [NAME],
  },
  {
    what: "TLS by address with a name that is elsewhere",
    asked: ADDRESS,
    pieces: [tls("far.test")],
    denied: "which does not resolve to 127.0.0.1",
  },
  {
    what: "TLS by address with a name that is nowhere",
    asked: ADDRESS,
    pieces: [tls("gone.test")],
    denied: "name does not exist",
  },
  {
    what: "TLS by address with a name that a rule denies",
    asked: ADDRESS,
    pieces: [tls("denied.test")],
    denied: "Denied by rule x",
  },
  {
    what: "TLS by address without a name",
    asked: ADDRESS,
    pieces: [hello()],
    denied: NO_NAME,
  },
  {
    what: "TLS by address with the address for a name",
    asked: ADDRESS,
    pieces: [tls(ADDRESS)],
    denied: NO_NAME,
  },
  // Other protocols.
  {
    what: "QUIC",
    pieces: [join([0xc3, 0, 0, 0, 1, 8], new Uint8Array(40))],
    denied: HIDDEN,
  },
  {
    what: "SSH",
    pieces: [bytes("SSH-2.0-OpenSSH_9.6\r\n")],
    denied: "speaks SSH",
  },
  { what: "SMTP", pieces: [bytes("EHLO a.test\r\n")], denied: "speaks SMTP" },
  {
    what: "PostgreSQL's request for TLS",
    pieces: [Uint8Array.of(0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f)],
    denied: "speaks PostgreSQL",
  },
  {
    what: "SSL 2.0's ClientHello",
    pieces: [Uint8Array.of(0x80, 0x2e, 1, 3, 1, 0, 3, 0, 0, 0, 16)],
    denied: HIDDEN,
  },
  {
    what: "HTTP/2 with prior knowledge",
    pieces: [bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
    denied: "speaks HTTP/2",
  },
  { what: "HTTP/0.9", pieces: [bytes("GET /\r\n")], denied: HIDDEN },
  { what: "nothing at all", pieces: [] },
  {
    what: "bytes that mean nothing",
    pieces: [bytes("\x01\x02\x03")],
    denied: HIDDEN,
  },
  // HTTP/1.
  {
    what: "HTTP with the host",
    pieces: [bytes(get("a.test"))],
    arrives: ["GET / HTTP/1.1", "Host: a.test"],
    told: "HTTP/1.1 200",
  },
  {
    what: "HTTP with the host, its port and upper case",
    pieces: [bytes(get("A.TEST:8080"))],
    arrives: ["Host: A.TEST:8080"],
    told: "HTTP/1.1 200",
  },
  {
    what: "HTTP, every byte alone",
    pieces: cut(
      bytes(get("a.test")),
      ...Array.from({ length: get("a.test").length - 1 }, (_, n) => n + 1),
    ),
    arrives: ["Host: a.test"],
    told: "HTTP/1.1 200",
  },
  {
    what: "HTTP with an absolute URI",
    pieces: [bytes(get("b.test", "http://a.test/x"))],
    arrives: ["GET /x HTTP/1.1", "Host: a.test"],
    told: "HTTP/1.1 200",
  },
  {
    what: "HTTP with another host",
    pieces: [bytes(get("b.test"))],
    denied: OFF_HOST,
    told: "HTTP/1.1 403",
  },
  {
    what: "HTTP with another host in an absolute URI",
    pieces: [bytes(get("a.test", "http://b.test/"))],
    denied: OFF_HOST,
    told: "HTTP/1.1 403",
  },
  {
    what: "HTTP with an address for a host",
    pieces: [bytes(get(ADDRESS))],
    denied: "Host is 127.0.0.1, but a.test was asked for",
    told: "HTTP/1.1 403",
  },
  {
    what: "HTTP by address with the address",
    asked: ADDRESS,
    pieces: [bytes(get(ADDRESS))],
    arrives: ["Host: 127.0.0.1"],
    told: "HTTP/1.1 200",
  },
  {
    what: "HTTP by address with a name that is there",
    asked: ADDRESS,
    pieces: [bytes(get("a.test"))],
    arrives: ["Host: a.test"],
    told: "HTTP/1.1 200",
  },
  {
    what: "HTTP by address with a name that is elsewhere",
    asked: ADDRESS,
    pieces: [bytes(get("far.test"))],
    denied: "which does not resolve to 127.0.0.1",
    told: "HTTP/1.1 403",
  },
  {
    what: "HTTP without a host",
    pieces: [bytes("GET / HTTP/1.0\r\n\r\n")],
    denied: "Host is missing",
    told: "HTTP/1.1 400",
  },
  {
    what: "HTTP with two hosts in one request",
    pieces: [bytes(get("a.test", "/", "Host: b.test\r\n"))],
    denied: "Host is given twice",
    told: "HTTP/1.1 400",
  },
  {
    what: "HTTP, two requests with one host",
    pieces: [bytes(get("a.test", "/1") + get("a.test", "/2"))],
    arrives: ["GET /1 HTTP/1.1", "GET /2 HTTP/1.1"],
    told: "HTTP/1.1 200",
  },
  {
    what: "HTTP, pipelined with two hosts",
    pieces: [bytes(get("a.test", "/1") + get("b.test", "/2"))],
    denied: OFF_HOST,
    reported: null,
    arrives: ["GET /1 HTTP/1.1"],
    told: "HTTP/1.1 403",
  },
  {
    what: "HTTP, another host in what is a body to others",
    pieces: [
      bytes(
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
          get("b.test"),
      ),
    ],
    denied: "Cannot",
    reported: null,
    told: "HTTP/1.1 400",
  },
  {
    what: "CONNECT in a tunnel",
    pieces: [bytes("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n")],
    denied: "Cannot serve CONNECT inside of a tunnel",
    told: "HTTP/1.1 405",
  },
  {
    what: "HTTP that breaks off",
    pieces: [bytes("GET / HTTP/1.1\r\nHost: a.te")],
    denied: "client closed",
    reported: "break off",
  },
  {
    what: "a WebSocket",
    pieces: [bytes(get("a.test", "/", upgrade("websocket")) + "frames")],
    arrives: ["Upgrade: websocket", "frames"],
    told: "HTTP/1.1 101",
  },
  {
    what: "a WebSocket of another host",
    pieces: [bytes(get("b.test", "/", upgrade("websocket")) + "frames")],
    denied: OFF_HOST,
    told: "HTTP/1.1 403",
  },
  {
    what: "HTTP/2 by an upgrade",
    pieces: [bytes(get("a.test", "/", upgrade("h2c")) + "PRI * HTTP/2.0")],
    denied: "h2c shows no names",
    reported: null,
    arrives: ["Upgrade: h2c"],
    told: "HTTP/1.1 403",
  },
];
