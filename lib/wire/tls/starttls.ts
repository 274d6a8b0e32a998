/**
 * Recognises protocols that negotiate TLS in their own words, after an
 * unencrypted start.
 *
 * @module
 */

/** First words of protocols whose clients speak first, in any letter case. */
const BEGINNINGS: readonly (readonly [pattern: RegExp, protocol: string])[] = [
  [/^(?:EHLO|HELO|LHLO)[ \r]/i, "SMTP"],
  [/^STLS\r|^CAPA\r/i, "POP3"],
  [/^AUTH |^FEAT\r/i, "FTP"],
  [/^START/i, "a protocol with STARTTLS"],
  [/^CAPAB/i, "NNTP"],
  [/^CAP L|^NICK /i, "IRC"],
  [/^<\?xml|^<stre/, "XMPP"],
  [/^SSH-/, "SSH"],
  // A tag that the client chooses, with a digit in it (RFC 9051 §2.2.1).
  [/^[A-Z]{0,3}\d+(?: |[\dA-Z]*$)/i, "IMAP"],
];

/** Protocols whose clients wait for a greeting, by port (IANA). */
const GREETERS: ReadonlyMap<number, string> = new Map([
  [21, "FTP"],
  [24, "LMTP"],
  [25, "SMTP"],
  [110, "POP3"],
  [119, "NNTP"],
  [143, "IMAP"],
  [587, "SMTP"],
  [3306, "MySQL"],
  [4190, "ManageSieve"],
]);

/**
 * Recognises the protocol of a client that did not send a ClientHello.
 *
 * @param start The client's first five bytes.
 * @returns The protocol's name; `undefined` if it is not recognised.
 */
export function recogniseInnerTls(start: Uint8Array): string | undefined {
  if (isPostgres(start)) return "PostgreSQL";
  if (isLdap(start)) return "LDAP";
  const [first, second, third] = start;
  if (first === 0x03 && second === 0) return "RDP"; // TPKT (RFC 1006 §6).
  if (first === 0x12 && second === 1 && third === 0) return "SQL Server (TDS)";
  const text = String.fromCharCode(...start.subarray(0, 5));
  return BEGINNINGS.find(([pattern]) => pattern.test(text))?.[1];
}

/**
 * Names the protocols whose clients wait for a greeting before they send
 * anything.
 *
 * @param port Port on which a client has sent nothing.
 * @returns The protocol of that port, or the most common ones.
 */
export function greetingProtocols(port: number): string {
  return GREETERS.get(port) ?? "SMTP, IMAP, POP3, FTP or MySQL";
}

/**
 * A message without a type, which starts with its length and a version: 3.0, or
 * 1234 in requests for encryption and in cancel requests (PostgreSQL's
 * protocol, "Message Formats": SSLRequest is `00 00 00 08 04 d2 16 2f`).
 */
function isPostgres([first, second, third, fourth, fifth]: Uint8Array) {
  const isShort = first === 0 && second === 0;
  const length = third! << 8 | fourth!;
  return isShort && length >= 8 && (fifth === 0x04 || fifth === 0x00);
}

/** A BER sequence that starts with a number (RFC 4511 §4.1.1). */
function isLdap([first, second, third]: Uint8Array): boolean {
  return first === 0x30 && (second === 0x84 || third === 0x02);
}
