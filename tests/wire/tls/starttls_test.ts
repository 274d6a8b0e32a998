import { assertEquals } from "@std/assert";
import {
  greetingProtocols,
  recogniseInnerTls,
} from "../../../lib/wire/tls/starttls.ts";
import { ascii } from "../../support/der.ts";

/** First bytes of clients, and their protocol. */
const BEGINNINGS: readonly (readonly [
  what: string,
  bytes: readonly number[] | string,
  protocol: string | undefined,
])[] = [
  ["SSLRequest", [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f], "PostgreSQL"],
  ["GSSENCRequest", [0, 0, 0, 8, 4, 0xd2, 0x16, 0x30], "PostgreSQL"],
  ["StartupMessage", [0, 0, 0, 0x54, 0, 3, 0, 0], "PostgreSQL"],
  ["a message that is too short", [0, 0, 0, 7, 4, 0xd2], undefined],
  ["only zeros", [0, 0, 0, 0, 0], undefined],
  ["StartTLS", [0x30, 0x1d, 2, 1, 1, 0x77], "LDAP"],
  ["a long length", [0x30, 0x84, 0, 0, 0, 0x1d], "LDAP"],
  ["Connection Request", [3, 0, 0, 0x13, 0x0e, 0xe0], "RDP"],
  ["PRELOGIN", [0x12, 1, 0, 0x2f, 0], "SQL Server (TDS)"],
  ["SMTP", "EHLO example.test\r\n", "SMTP"],
  ["SMTP in lower case", "helo example.test\r\n", "SMTP"],
  ["LMTP", "LHLO example.test\r\n", "SMTP"],
  ["POP3", "STLS\r\n", "POP3"],
  ["POP3's capabilities", "CAPA\r\n", "POP3"],
  ["FTP", "AUTH TLS\r\n", "FTP"],
  ["FTP's features", "FEAT\r\n", "FTP"],
  ["IMAP", "a001 STARTTLS\r\n", "IMAP"],
  ["IMAP with a tag of digits", "1 CAPABILITY\r\n", "IMAP"],
  ["IMAP with a long tag", "A00001 STARTTLS\r\n", "IMAP"],
  ["NNTP", "CAPABILITIES\r\n", "NNTP"],
  ["IRC", "CAP LS 302\r\n", "IRC"],
  ["old IRC", "NICK alice\r\n", "IRC"],
  ["a bare STARTTLS", "STARTTLS\r\n", "a protocol with STARTTLS"],
  ["XMPP", "<?xml version='1.0'?>", "XMPP"],
  ["XMPP without a declaration", "<stream:stream xmlns", "XMPP"],
  ["SSH", "SSH-2.0-OpenSSH_9.2\r\n", "SSH"],
  ["HTTP", "GET / HTTP/1.1\r\n", undefined],
  ["HTTP CONNECT", "CONNECT a:1 HTTP/1.1\r\n", undefined],
  ["HTTP/2", "PRI * HTTP/2.0\r\n", undefined],
  ["a PROXY header", "PROXY TCP4 127.0.0.1", undefined],
  ["SOCKS5", [5, 1, 0, 5, 1], undefined],
  ["SOCKS4", [4, 1, 0, 80, 127], undefined],
  ["TLS", [22, 3, 1, 0, 200], undefined],
];

Deno.test("recogniseInnerTls() recognises protocols by their first five bytes", () => {
  for (const [what, bytes, protocol] of BEGINNINGS) {
    const all = typeof bytes === "string"
      ? ascii(bytes)
      : Uint8Array.from(bytes);
    assertEquals(recogniseInnerTls(all.subarray(0, 5)), protocol, what);
  }
});

Deno.test("recogniseInnerTls() never mistakes TLS for another protocol", () => {
  for (let second = 0; second < 256; second++) {
    const start = Uint8Array.of(22, second, 1, 2, 3);
    assertEquals(recogniseInnerTls(start), undefined);
  }
});

Deno.test("greetingProtocols() names the protocol of a port, or the most common ones", () => {
  assertEquals(greetingProtocols(587), "SMTP");
  assertEquals(greetingProtocols(3306), "MySQL");
  assertEquals(greetingProtocols(8443), "SMTP, IMAP, POP3, FTP or MySQL");
});
